"""The sides of ``benchmarks.train``: each trains the same network its own way.

As a process (``python -m benchmarks._train_sides SIDE NETWORK ROWS EPOCHS``) a side
answers each question with seconds a network-epoch and accuracy.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks._networks import BATCH, SHAPES, estimator, keras_network, mnist
from benchmarks._processes import serve

JOBS = 15
ESTIMATORS = {"784-64-64-10": 15}  # in a fleet; 4 of the larger ones

Measure = Callable[[], tuple[float, float]]


def _keras(name: str, x: np.ndarray, y: np.ndarray, epochs: int) -> Measure:
    model = keras_network(name)
    initial = model.get_weights()
    model.fit(x[:BATCH], y[:BATCH], batch_size=BATCH, verbose=0)

    def run() -> tuple[float, float]:
        model.set_weights(initial)
        start = time.perf_counter()
        history = model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
        seconds = (time.perf_counter() - start) / epochs
        return seconds, history.history["accuracy"][-1]

    return run


def _jobs(name: str, x: np.ndarray, y: np.ndarray, epochs: int, n: int) -> Measure:
    import joblib

    from kerasweep.training import TrainingJob, fleet, train

    def jobs() -> list[TrainingJob]:
        return [
            TrainingJob(
                keras_network(name),
                (x, y, None),
                epochs,
                BATCH,
                seed=s,
                engine="compiled",
            )
            for s in range(n)
        ]

    def run() -> tuple[float, float]:
        todo = jobs()
        start = time.perf_counter()
        if n == 1:
            results = [train(todo[0])]
        else:
            with fleet(size=n):
                results = joblib.Parallel()(joblib.delayed(train)(j) for j in todo)
        seconds = (time.perf_counter() - start) / epochs / n
        return seconds, float(np.mean([r.history["accuracy"][-1] for r in results]))

    return _warmed_up(run)


def _estimators(
    name: str, x: np.ndarray, y: np.ndarray, epochs: int, together: bool
) -> Measure:
    import joblib
    from sklearn.base import clone

    from kerasweep import fleet

    net = estimator(name, epochs)
    n = ESTIMATORS.get(name, 4) if together else 1

    def run() -> tuple[float, float]:
        start = time.perf_counter()
        if together:
            with fleet():
                nets = joblib.Parallel()(
                    joblib.delayed(clone(net).set_params(random_state=seed).fit)(x, y)
                    for seed in range(n)
                )
        else:
            nets = [clone(net).set_params(random_state=0).fit(x, y)]
        seconds = (time.perf_counter() - start) / epochs / n
        return seconds, float(np.mean([net.history_["accuracy"][-1] for net in nets]))

    return _warmed_up(run)


def _warmed_up(run: Measure) -> Measure:
    run()
    run()  # A fleet measures both of its ways before it settles on one.
    return run


def _sklearn(name: str, x: np.ndarray, y: np.ndarray, epochs: int) -> Measure:
    from sklearn.neural_network import MLPClassifier

    def run() -> tuple[float, float]:
        model = MLPClassifier(
            SHAPES[name] or (),
            solver="sgd",
            learning_rate_init=0.1,
            momentum=0.0,
            alpha=0.0,
            batch_size=BATCH,
            max_iter=epochs,
        )
        start = time.perf_counter()
        model.fit(x, y)
        return (time.perf_counter() - start) / epochs, model.score(x, y)

    return run


def _torch_network(name: str) -> Any:
    from benchmarks._torch import Dense, convolutional

    hidden = SHAPES[name]
    return convolutional() if hidden is None else Dense((784, *hidden, 10))


def _torch(name: str, x: np.ndarray, y: np.ndarray, epochs: int) -> Measure:
    import torch

    from benchmarks._torch import fit

    device = "cuda" if torch.cuda.is_available() else "cpu"

    def run() -> tuple[float, float]:
        model = _torch_network(name).to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        start = time.perf_counter()
        accuracy = fit(model, optimizer, x, y, epochs, BATCH)
        return (time.perf_counter() - start) / epochs, accuracy

    return run


def _skorch(name: str, x: np.ndarray, y: np.ndarray, epochs: int) -> Measure:
    import torch
    from skorch import NeuralNetClassifier

    labels = y.astype("int64")

    def run() -> tuple[float, float]:
        model = NeuralNetClassifier(
            _torch_network(name),
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.SGD,
            lr=0.1,
            batch_size=BATCH,
            max_epochs=epochs,
            train_split=None,
            iterator_train__shuffle=True,
            verbose=0,
        )
        start = time.perf_counter()
        model.fit(x, labels)
        seconds = (time.perf_counter() - start) / epochs
        return seconds, float((model.predict(x) == labels).mean())

    return run


@dataclass(frozen=True)
class Way:
    """How a side trains, the backend of Keras there, the modules it needs, epochs."""

    train: Callable[..., Measure]
    needs: str = "keras"
    backend: str = "tensorflow"
    epochs: int = 5


SIDES = {
    "ours, alone": Way(partial(_jobs, n=1)),
    "ours, fleet of 15": Way(partial(_jobs, n=JOBS)),
    "our estimator, alone": Way(partial(_estimators, together=False), epochs=2),
    "our estimators, fleet": Way(partial(_estimators, together=True), epochs=2),
    "ours on JAX, alone": Way(partial(_jobs, n=1), "jax", "jax"),
    "Keras on TensorFlow": Way(_keras),
    "Keras on JAX": Way(_keras, "jax", "jax"),
    "scikit-learn": Way(_sklearn, "sklearn"),
    "PyTorch loop": Way(_torch, "torch"),
    "skorch": Way(_skorch, "torch skorch"),
}


def main() -> None:
    """Answer each question with one measurement."""
    side, name, n_rows, epochs = sys.argv[1:]
    run = SIDES[side].train(name, *mnist(int(n_rows)), int(epochs))
    serve(lambda _: run())


if __name__ == "__main__":
    main()
