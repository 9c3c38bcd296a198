"""The networks and the data that every side of a benchmark trains."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

BATCH = 128
SHAPES = {
    "784-64-64-10": (64, 64),
    "784-500-300-10": (500, 300),
    "conv32-pool-conv64-pool-dense64": None,
}


def mnist(n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Give rows of the bundled MNIST, pixels in [0, 1]."""
    from importlib.resources import files

    with np.load(str(files("kerasweep") / "datasets/data/mnist.npz")) as arrays:
        x, y = arrays["x_train"][:n_rows], arrays["y_train"][:n_rows]
    return (x.reshape(len(x), -1) / np.float32(255)).astype(np.float32), y.astype(
        np.int32
    )


def keras_network(name: str, n_features: int = 784) -> Any:
    """Build and compile a network."""
    import keras

    layers: list[Any] = [keras.Input((n_features,))]
    hidden = SHAPES[name]
    if hidden is None:
        layers += [
            keras.layers.Reshape((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
        ]
    layers += [keras.layers.Dense(u, activation="relu") for u in hidden or (64,)]
    model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
    model.compile(
        optimizer=keras.optimizers.SGD(0.1),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def estimator(name: str, epochs: int) -> Any:
    """Return the same network as an estimator of ours."""
    from kerasweep import ConvClassifier, DenseClassifier

    settings: dict[str, Any] = {
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "batch_size": BATCH,
        "epochs": epochs,
    }
    hidden = SHAPES[name]
    if hidden is None:
        return ConvClassifier((32, 64), dense=(64,), **settings)
    return DenseClassifier(hidden, **settings)


def multiply_adds(name: str) -> list[tuple[int, int, int]]:
    """List the matrix products of one batch's forward pass, as (m, k, n)."""
    hidden = SHAPES[name]
    if hidden is None:
        return [
            (BATCH * 26 * 26, 9, 32),
            (BATCH * 11 * 11, 288, 64),
            (BATCH, 1600, 64),
            (BATCH, 64, 10),
        ]
    sizes = (784, *hidden, 10)
    return [(BATCH, a, b) for a, b in itertools.pairwise(sizes)]


def sgemm_floor(name: str, n_rows: int) -> float:
    """Time the bare matrix products of an epoch, in seconds.

    Forward, the weights' gradient, and the inputs' gradient except the first
    layer's, each by NumPy's sgemm.
    """
    total = 0.0
    for layer, (m, k, n) in enumerate(multiply_adds(name)):
        x, w, g = (np.ones(s, np.float32) for s in ((m, k), (k, n), (m, n)))
        products: list[Callable[[], Any]] = [lambda x=x, w=w: x @ w]
        products.append(lambda x=x, g=g: x.T @ g)
        if layer:
            products.append(lambda g=g, w=w: g @ w.T)
        for product in products:
            times = []
            for _ in range(30):
                start = time.perf_counter()
                product()
                times.append(time.perf_counter() - start)
            total += float(np.median(times))
    return total * n_rows / BATCH
