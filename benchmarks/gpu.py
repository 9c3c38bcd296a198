"""A fleet on an accelerator: ``KERAS_BACKEND=jax python -m benchmarks.gpu``.

Seconds a network-epoch of 784-500-300-10 (60,000 rows, batches of 128) for
``Model.fit``, for one network in a compiled program, and for fleets of 15 and 60; then
the sweep of 15 networks x 40 epochs. The arithmetic floor is that of the device's own
matrix product of 8192 x 8192 float32 matrices.
"""

import argparse
import time
from statistics import median
from typing import Any

import joblib
import numpy as np

from benchmarks._machine import describe_machine
from benchmarks._networks import BATCH, keras_network, mnist, multiply_adds

NETWORK = "784-500-300-10"


def fleet_seconds(x: Any, y: Any, n_networks: int, epochs: int) -> float:
    """Return the wall time of training that many networks together."""
    from kerasweep.training import TrainingJob, fleet, train

    jobs = [
        TrainingJob(keras_network(NETWORK), (x, y, None), epochs, BATCH, seed=seed)
        for seed in range(n_networks)
    ]
    start = time.perf_counter()
    with fleet(size=n_networks):
        joblib.Parallel()(joblib.delayed(train)(job) for job in jobs)
    return time.perf_counter() - start


def floor_seconds(n_rows: int) -> float:
    """Return an epoch's arithmetic at the rate of a large matrix product."""
    import keras

    size = 8192
    a = keras.ops.ones((size, size), "float32")
    times = []
    for _ in range(5):
        start = time.perf_counter()
        np.asarray(keras.ops.sum(keras.ops.matmul(a, a)))
        times.append(time.perf_counter() - start)
    rate = 2 * size**3 / median(times[1:])
    layers = multiply_adds(NETWORK)
    products = 3 * sum(m * k * n for m, k, n in layers) - np.prod(layers[0])
    return float(2 * products * n_rows / BATCH / rate)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    import keras

    x, y = mnist(args.rows)
    print(describe_machine("keras", "jax", "tensorflow"), keras.backend.backend())
    model = keras_network(NETWORK)
    model.fit(x, y, batch_size=BATCH, verbose=0)
    rows: dict[str, list[float]] = {"Model.fit": []}
    for n_networks in (1, 15, 60):
        fleet_seconds(x, y, n_networks, 1)  # compiles
        rows[f"{n_networks} together"] = []
    for _ in range(args.repeats):
        start = time.perf_counter()
        model.fit(x, y, batch_size=BATCH, verbose=0)
        rows["Model.fit"].append(time.perf_counter() - start)
        for n_networks in (1, 15, 60):
            seconds = fleet_seconds(x, y, n_networks, args.epochs)
            rows[f"{n_networks} together"].append(seconds / n_networks / args.epochs)
    base = median(rows["Model.fit"])
    for name, seconds in rows.items():
        print(f"{name}: {median(seconds):.4f} s ({base / median(seconds):.1f} times)")
    print(f"arithmetic floor: {floor_seconds(args.rows):.4f} s")
    print(f"15 networks x 40 epochs: {fleet_seconds(x, y, 15, 40):.1f} s")


if __name__ == "__main__":
    main()
