"""Fleets on an accelerator: ``KERAS_BACKEND=jax python -m benchmarks.gpu --out FILE``.

Seconds a network-epoch of 784-500-300-10 and of 784-64-64-10 (60,000 rows, batches of
128): ``Model.fit``, a PyTorch loop, the engine's jobs alone and in fleets of 15 and 60,
and ``DenseClassifier.fit`` alone and in fleets, the sweep of 15 networks x 40 epochs
among them. The ways take turns. Each is first called once unmeasured, which compiles;
that call's seconds are in the table, too. The arithmetic floor is that of the device's
own product of two large matrices of float32 numbers.

Needs no TensorFlow on JAX. FILE.md and FILE.json are written anew after each
measurement, so that what was measured is kept where the time runs out; a way that fails
is reported, and the others go on. Each network has an equal share of ``--minutes``,
and nothing of it is begun after that.
"""

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import joblib
import numpy as np

from benchmarks._machine import describe_machine
from benchmarks._networks import BATCH, estimator, keras_network, mnist, multiply_adds
from benchmarks._processes import Side, is_installed, markdown

NETWORKS = ("784-500-300-10", "784-64-64-10")
FLEETS = (1, 15, 60)
PACKAGES = "keras jax scikit-learn numpy torch".split()


@dataclass
class Way:
    """One way to train networks, and what it took.

    Attributes
    ----------
    network, name : str
    n_networks, epochs : int
        What a call trains.
    first : float
        Seconds of the first call, compilation included.
    seconds : list of float
        Of each further call.
    accuracy : float
        Over the last epoch's batches, mean of the networks.
    error : str
        Why the way was given up.
    """

    network: str
    name: str
    n_networks: int
    epochs: int
    first: float | None = None
    seconds: list[float] = field(default_factory=list)
    accuracy: float | None = None
    error: str = ""

    def __str__(self) -> str:
        return f"{self.network}, {self.name}, {self.n_networks} x {self.epochs} epochs"

    @property
    def each(self) -> list[float]:
        """Seconds a network-epoch."""
        return [s / self.n_networks / self.epochs for s in self.seconds]


Run = Callable[[], tuple[float, float]]


def run_jobs(way: Way, x: np.ndarray, y: np.ndarray) -> Run:
    """Hand finished jobs to the engine."""
    from kerasweep.training import TrainingJob, fleet, train

    def run() -> tuple[float, float]:
        jobs = [
            TrainingJob(
                keras_network(way.network), (x, y, None), way.epochs, BATCH, seed=seed
            )
            for seed in range(way.n_networks)
        ]
        start = time.perf_counter()
        with fleet(size=way.n_networks):
            done = joblib.Parallel()(joblib.delayed(train)(job) for job in jobs)
        seconds = time.perf_counter() - start
        return seconds, float(np.mean([r.history["accuracy"][-1] for r in done]))

    return run


def run_estimators(way: Way, x: np.ndarray, y: np.ndarray) -> Run:
    """Fit estimators, as users do."""
    from sklearn.base import clone

    from kerasweep import fleet

    net = estimator(way.network, way.epochs)

    def run() -> tuple[float, float]:
        start = time.perf_counter()
        with fleet(size=way.n_networks):
            nets = joblib.Parallel()(
                joblib.delayed(clone(net).set_params(random_state=seed).fit)(x, y)
                for seed in range(way.n_networks)
            )
        seconds = time.perf_counter() - start
        return seconds, float(np.mean([n.history_["accuracy"][-1] for n in nets]))

    return run


def run_keras(way: Way, x: np.ndarray, y: np.ndarray) -> Run:
    """Train by ``Model.fit``."""
    model = keras_network(way.network)

    def run() -> tuple[float, float]:
        start = time.perf_counter()
        done = model.fit(x, y, batch_size=BATCH, epochs=way.epochs, verbose=0)
        return time.perf_counter() - start, done.history["accuracy"][-1]

    return run


def run_torch(way: Way, x: np.ndarray, y: np.ndarray) -> Run:
    """Train by a PyTorch loop, in a process of its own."""
    command = ("PyTorch loop", way.network, str(len(x)), str(way.epochs))
    side = Side("benchmarks._train_sides", *command, backend="jax")

    def run() -> tuple[float, float]:
        each, accuracy = side.ask()
        return each * way.epochs, accuracy

    return run


def ways_of(
    network: str, epochs: int, sweep: int
) -> Iterator[tuple[Way, Callable[..., Run]]]:
    """List the ways to train a network, and what trains them."""
    yield Way(network, "Model.fit", 1, 1), run_keras
    if is_installed("torch"):
        yield Way(network, "PyTorch loop", 1, 2), run_torch
    for name, make in (
        ("jobs", run_jobs),
        ("DenseClassifier.fit", run_estimators),
    ):
        for n in FLEETS:
            yield Way(network, name, n, epochs), make
        yield Way(network, name, 15, sweep), make


def product_rate(size: int) -> float:
    """Return the operations a second of a product of float32 matrices."""
    import keras

    a = keras.random.normal((size, size), seed=0)
    times = []
    for _ in range(10):
        start = time.perf_counter()
        np.asarray(keras.ops.sum(keras.ops.matmul(a, a)))
        times.append(time.perf_counter() - start)
    return float(2 * size**3 / median(times[2:]))


def floor_seconds(network: str, n_rows: int, rate: float) -> float:
    """Return an epoch's arithmetic at a rate of operations a second."""
    layers = multiply_adds(network)
    products = 3 * sum(m * k * n for m, k, n in layers) - np.prod(layers[0])
    return float(2 * products * n_rows / BATCH / rate)


def device() -> str:
    """Name what Keras computes on."""
    import keras

    if keras.backend.backend() != "jax":
        return keras.backend.backend()
    import jax

    return f"jax, {', '.join(d.device_kind for d in jax.devices())}"


def report(machine: str, ways: list[Way], floors: dict[str, float]) -> str:
    """Return the Markdown of what was measured so far."""
    rows = []
    for way in ways:
        peer = next(w for w in ways if w.network == way.network)
        base = median(peer.each) if peer.each else None
        each = median(way.each) if way.each else None
        floor = floors.get(way.network)
        rows.append(
            [
                f"{way.network}, {way.name}",
                f"{way.n_networks} x {way.epochs}",
                "" if way.first is None else f"{way.first:.1f}",
                way.error or ", ".join(f"{s:.2f}" for s in way.seconds),
                f"{1000 * each:.2f}" if each else "",
                f"{base / each:.1f}" if base and each else "",
                f"{floor / each:.1%}" if floor and each else "",
                "" if way.accuracy is None else f"{way.accuracy:.4f}",
            ]
        )
    header = [
        "",
        "networks x epochs",
        "first call, s",
        "calls, s",
        "ms a network-epoch",
        "times faster than Model.fit",
        "share of the floor",
        "accuracy",
    ]
    lines = [
        f"floor of {n}: {1000 * f:.2f} ms a network-epoch" for n, f in floors.items()
    ]
    return "\n".join([machine, "", markdown(header, rows), "", *lines, ""])


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--sweep", type=int, default=40, help="epochs of the sweep")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--product", type=int, default=8192, help="its matrices' side")
    parser.add_argument("--networks", nargs="+", default=NETWORKS, choices=NETWORKS)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--out", type=Path, help="file to write, without its suffix")
    args = parser.parse_args()
    share = 60 * args.minutes / len(args.networks)
    deadline = 0.0
    x, y = mnist(args.rows)
    machine = f"{describe_machine(*PACKAGES)}; {device()}"
    print(machine, flush=True)
    ways: list[Way] = []
    floors: dict[str, float] = {}

    def save() -> None:
        if args.out is not None:
            found = {
                "machine": machine,
                "floors": floors,
                "ways": list(map(asdict, ways)),
            }
            args.out.with_suffix(".json").write_text(json.dumps(found, indent=1))
            args.out.with_suffix(".md").write_text(report(machine, ways, floors))

    def call(way: Way, run: Run) -> float | None:
        if way.error or time.monotonic() > deadline:
            return None
        try:
            seconds, way.accuracy = run()
        except Exception as error:
            traceback.print_exc()
            way.error = f"{type(error).__name__}: {error}".splitlines()[0]
            return None
        print(f"{way}: {seconds:.2f} s, accuracy {way.accuracy:.4f}", flush=True)
        return seconds

    rate = product_rate(args.product)
    print(f"product of matrices: {rate / 1e12:.1f} TFLOP/s", flush=True)
    for network in args.networks:
        deadline = time.monotonic() + share
        floors[network] = floor_seconds(network, args.rows, rate)
        runs: list[tuple[Way, Run]] = []
        for way, make in ways_of(network, args.epochs, args.sweep):
            ways.append(way)
            try:
                runs.append((way, make(way, x, y)))
            except Exception as error:
                traceback.print_exc()
                way.error = f"{type(error).__name__}: {error}".splitlines()[0]
                continue
            way.first = call(*runs[-1])
            save()
        for _ in range(args.repeats):
            for way, run in runs:
                seconds = call(way, run)
                if seconds is not None:
                    way.seconds.append(seconds)
                    save()
    save()
    print(report(machine, ways, floors))
    if any(way.error for way in ways):
        sys.exit("Some ways failed; see above.")


if __name__ == "__main__":
    main()
