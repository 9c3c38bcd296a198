"""The sides of the benchmark: each trains the same network its own way.

A side runs in a process of its own (``python -m benchmarks._sides SIDE NETWORK
ROWS``), reads one line for each repeat, and answers with seconds and accuracy.
"""

import itertools
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._networks import BATCH, SHAPES, keras_network, mnist

EPOCHS = 5
NETWORKS = 15


def _keras(name: str, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    model = keras_network(name)
    initial = model.get_weights()
    model.fit(x[:BATCH], y[:BATCH], batch_size=BATCH, verbose=0)

    def run() -> Any:
        model.set_weights(initial)
        start = time.perf_counter()
        history = model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        seconds = (time.perf_counter() - start) / EPOCHS
        return seconds, history.history["accuracy"][-1]

    return run


def _ours(name: str, x: np.ndarray, y: np.ndarray, n: int) -> Callable[[], Any]:
    import joblib

    from kerasweep.training import TrainingJob, fleet, train

    def jobs() -> list[TrainingJob]:
        return [
            TrainingJob(
                keras_network(name),
                (x, y, None),
                EPOCHS,
                BATCH,
                seed=s,
                engine="compiled",
            )
            for s in range(n)
        ]

    def run() -> Any:
        todo = jobs()
        start = time.perf_counter()
        if n == 1:
            results = [train(todo[0])]
        else:
            with fleet(size=n):
                results = joblib.Parallel()(joblib.delayed(train)(j) for j in todo)
        seconds = (time.perf_counter() - start) / EPOCHS / n
        return seconds, float(np.mean([r.history["accuracy"][-1] for r in results]))

    run()
    if n > 1:
        run()  # The fleet measures both of its ways before it settles on one.
    return run


def _sklearn(name: str, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    import warnings

    from sklearn.neural_network import MLPClassifier

    def run() -> Any:
        model = MLPClassifier(
            SHAPES[name] or (),
            solver="sgd",
            learning_rate_init=0.1,
            momentum=0.0,
            alpha=0.0,
            batch_size=BATCH,
            max_iter=EPOCHS,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            start = time.perf_counter()
            model.fit(x, y)
        return (time.perf_counter() - start) / EPOCHS, model.score(x, y)

    return run


def _torch_network(name: str) -> Any:
    from torch import nn

    hidden = SHAPES[name]
    if hidden is None:
        return nn.Sequential(
            nn.Unflatten(1, (1, 28, 28)),
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(1600, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )
    sizes = (784, *hidden)
    layers = [
        layer
        for a, b in itertools.pairwise(sizes)
        for layer in (nn.Linear(a, b), nn.ReLU())
    ]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


def _torch(name: str, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    import torch

    rows, labels = torch.from_numpy(x), torch.from_numpy(y.astype("int64"))

    def run() -> Any:
        model = _torch_network(name)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        loss_of = torch.nn.CrossEntropyLoss()
        start = time.perf_counter()
        for _ in range(EPOCHS):
            right = 0
            for index in torch.randperm(len(rows)).split(BATCH):
                optimizer.zero_grad()
                output = model(rows[index])
                loss_of(output, labels[index]).backward()
                optimizer.step()
                right += int((output.argmax(1) == labels[index]).sum())
        return (time.perf_counter() - start) / EPOCHS, right / len(rows)

    return run


def _skorch(name: str, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    import torch
    from skorch import NeuralNetClassifier

    labels = y.astype("int64")

    def run() -> Any:
        model = NeuralNetClassifier(
            _torch_network(name),
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.SGD,
            lr=0.1,
            batch_size=BATCH,
            max_epochs=EPOCHS,
            train_split=None,
            iterator_train__shuffle=True,
            verbose=0,
        )
        start = time.perf_counter()
        model.fit(x, labels)
        seconds = (time.perf_counter() - start) / EPOCHS
        return seconds, float((model.predict(x) == labels).mean())

    return run


SIDES: dict[str, tuple[str, Callable[..., Callable[[], Any]], str]] = {
    "ours, alone": ("tensorflow", lambda *a: _ours(*a, 1), "keras"),
    "ours, fleet of 15": ("tensorflow", lambda *a: _ours(*a, NETWORKS), "keras"),
    "ours on JAX, alone": ("jax", lambda *a: _ours(*a, 1), "jax"),
    "Keras on TensorFlow": ("tensorflow", _keras, "keras"),
    "Keras on JAX": ("jax", _keras, "jax"),
    "scikit-learn": ("tensorflow", _sklearn, "sklearn"),
    "PyTorch loop": ("tensorflow", _torch, "torch"),
    "skorch": ("tensorflow", _skorch, "skorch"),
}


def main() -> None:
    """Answer each line on standard input with one measurement."""
    side, name, n_rows = sys.argv[1:4]
    run = SIDES[side][1](name, *mnist(int(n_rows)))
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(run()), flush=True)


if __name__ == "__main__":
    main()
