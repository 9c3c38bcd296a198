"""The searches on digits, as a user of each package would write them.

As a process (``python -m benchmarks._searches SIDE WHAT CANDIDATES EPOCHS``) a side
searches once and prints its best score. With ``--warm`` it trains the networks of the
search twice unmeasured, without scoring or refit, and then again for each line on
standard input; the answers are seconds and the mean score.
"""

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from benchmarks._processes import serve

BATCH = 32
FOLDS = StratifiedKFold(5)

# For each side: what its tables call it, and the modules that it needs.
SIDES = {
    "fleet": ("ours, in a fleet", "keras"),
    "alone": ("ours, one by one", "keras"),
    "baseline-fleet": ("the other checkout, in a fleet", "keras"),
    "baseline-alone": ("the other checkout, one by one", "keras"),
    "sklearn": ("scikit-learn", "sklearn"),
    "sklearn-2": ("scikit-learn, n_jobs=2", "sklearn"),
    "skorch": ("skorch", "torch skorch"),
    "torch": ("PyTorch loop", "torch"),
    "scikeras": ("scikeras", "scikeras"),
}
WARM_SIDES = [side for side in SIDES if side not in ("skorch", "torch", "scikeras")]


def candidates(what: str, n: int, turn: int = 0) -> list[dict[str, Any]]:
    """List what a search tries: its hidden layers, `l2` and seed.

    Parameters
    ----------
    what : {"strengths", "shapes"}
        Four strengths of the penalty by `n` / 4 seeds of one network, or `n` networks
        of different hidden layers.
    n : int
    turn : int
        Search in this process: each has other shapes.
    """
    if what == "shapes":
        return [
            {"hidden": (16 + 4 * i, 32 + turn), "l2": 1e-4, "seed": 0} for i in range(n)
        ]
    return [
        {"hidden": (64, 64), "l2": l2, "seed": seed}
        for l2, seed in itertools.product([1e-5, 1e-4, 1e-3, 1e-2], range(n // 4))
    ]


def estimator_of(side: str, n_features: int, epochs: int) -> Any:
    """Return the estimator that a side's user would write."""
    if side == "scikeras":
        return _scikeras(n_features, epochs)
    if side.startswith("sklearn"):
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier(
            batch_size=BATCH, max_iter=epochs, n_iter_no_change=epochs + 1
        )
    if side == "skorch":
        import torch
        from skorch import NeuralNetClassifier

        from benchmarks._torch import Dense

        return NeuralNetClassifier(
            Dense,
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            batch_size=BATCH,
            max_epochs=epochs,
            lr=0.001,
            train_split=None,
            iterator_train__shuffle=True,
            verbose=0,
        )
    from kerasweep import DenseClassifier

    return DenseClassifier(epochs=epochs, batch_size=BATCH)


def parameters_of(
    side: str, candidate: dict[str, Any], n_features: int
) -> dict[str, Any]:
    """Return a candidate as the arguments of a side's estimator."""
    hidden, l2, seed = candidate["hidden"], candidate["l2"], candidate["seed"]
    if side == "scikeras":
        return {"model__hidden": hidden, "model__l2": l2, "random_state": seed}
    if side.startswith("sklearn"):  # its penalty is alpha / (2 * rows of the batch)
        alpha = 2 * BATCH * l2
        return {"hidden_layer_sizes": hidden, "alpha": alpha, "random_state": seed}
    if side == "skorch":
        return {
            "module__sizes": (n_features, *hidden, 10),
            "module__seed": seed,
            "optimizer__weight_decay": 2 * l2,
        }
    return {"hidden_layer_sizes": hidden, "l2": l2, "random_state": seed}


def _scikeras(n_features: int, epochs: int) -> Any:
    import keras
    from scikeras.wrappers import KerasClassifier

    def build(hidden: tuple[int, ...], l2: float) -> Any:
        penalty = keras.regularizers.L2(l2)
        dense = keras.layers.Dense
        layers = [dense(u, "relu", kernel_regularizer=penalty) for u in hidden]
        output = dense(10, "softmax", kernel_regularizer=penalty)
        return keras.Sequential([keras.Input((n_features,)), *layers, output])

    return KerasClassifier(
        build,
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        model__hidden=(64, 64),
        model__l2=1e-5,
        epochs=epochs,
        batch_size=BATCH,
        verbose=0,
    )


def digits(side: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and classes, as a side takes them."""
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype("float32"), y.astype(
        "int64" if side == "skorch" else y.dtype
    )


def search_torch(todo: list[dict[str, Any]], epochs: int) -> float:
    """Search by hand with a PyTorch loop, and return the best mean score."""
    import torch

    from benchmarks._torch import Dense, fit, score

    X, y = digits("torch")

    def trained(candidate: dict[str, Any], rows: Any) -> Any:
        model = Dense((X.shape[1], *candidate["hidden"], 10), candidate["seed"])
        optimizer = torch.optim.Adam(
            model.parameters(), 0.001, weight_decay=2 * candidate["l2"]
        )
        fit(model, optimizer, X[rows], y[rows], epochs, BATCH)
        return model

    scores = [
        np.mean(
            [
                score(trained(candidate, train), X[test], y[test])
                for train, test in FOLDS.split(X, y)
            ]
        )
        for candidate in todo
    ]
    trained(todo[int(np.argmax(scores))], slice(None))
    return float(max(scores))


def search(side: str, todo: list[dict[str, Any]], epochs: int) -> float:
    """Search, refit, and return the best score."""
    if side == "torch":
        return search_torch(todo, epochs)
    X, y = digits(side)
    grid = [
        {name: [value] for name, value in parameters.items()}
        for parameters in (parameters_of(side, c, X.shape[1]) for c in todo)
    ]
    net = estimator_of(side, X.shape[1], epochs)
    n_jobs = 2 if side == "sklearn-2" else None
    with _in_a_fleet(side):
        found = GridSearchCV(net, grid, cv=FOLDS, n_jobs=n_jobs).fit(X, y)
    return float(found.best_score_)


def fits(side: str, todo: list[dict[str, Any]], epochs: int) -> tuple[float, float]:
    """Train a search's networks, and return seconds and their mean score."""
    X, y = digits(side)
    splits = list(FOLDS.split(X, y))
    net = estimator_of(side, X.shape[1], epochs)
    jobs = [
        (
            clone(net).set_params(**parameters_of(side, c, X.shape[1])),
            X[train],
            y[train],
        )
        for c in todo
        for train, _ in splits
    ]
    with _in_a_fleet(side):
        start = time.perf_counter()
        fitted = joblib.Parallel(n_jobs=2 if side == "sklearn-2" else None)(
            joblib.delayed(net.fit)(*rows) for net, *rows in jobs
        )
        seconds = time.perf_counter() - start
    tests = itertools.cycle(test for _, test in splits)
    score = np.mean([f.score(X[t], y[t]) for f, t in zip(fitted, tests, strict=False)])
    return seconds, float(score)


def _in_a_fleet(side: str) -> Any:
    if not side.endswith("fleet"):
        return nullcontext()
    from kerasweep import fleet

    return fleet()


def main() -> None:
    """Search once, or train for each question."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("what", choices=["strengths", "shapes"])
    parser.add_argument("candidates", type=int)
    parser.add_argument("epochs", type=int)
    parser.add_argument("--warm", action="store_true")
    args = parser.parse_args()
    turns: Iterator[int] = itertools.count()

    def todo() -> list[dict[str, Any]]:
        return candidates(args.what, args.candidates, next(turns))

    if not args.warm:
        print(json.dumps(search(args.side, todo(), args.epochs)))
        return
    for _ in range(2):
        fits(args.side, todo(), args.epochs)
    serve(lambda _: fits(args.side, todo(), args.epochs))


if __name__ == "__main__":
    main()
