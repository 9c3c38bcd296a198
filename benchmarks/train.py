"""Compare the training engine with its peers: ``python -m benchmarks.train``.

Prints Markdown. Every side trains the same network on the same rows of MNIST with
the same batch size, optimizer and number of epochs, in a process of its own; the
repeats alternate between the sides, and the median of each side counts.
"""

import argparse
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from statistics import median
from typing import Any

from benchmarks._machine import describe_machine
from benchmarks._networks import SHAPES, sgemm_floor
from benchmarks._sides import SIDES

_PACKAGES = "keras tensorflow jax scikit-learn numpy torch skorch".split()


class _Side:
    """A process that trains when told to."""

    def __init__(self, side: str, network: str, n_rows: int):
        env = {**os.environ, "KERAS_BACKEND": SIDES[side][0]}
        env["TF_CPP_MIN_LOG_LEVEL"] = "3"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._sides", side, network, str(n_rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env,
        )
        if self._read().strip() != "ready":
            raise RuntimeError(f"The side {side!r} did not start.")

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def measure(self) -> tuple[float, float]:
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        seconds, accuracy = json.loads(self._read())
        return seconds, accuracy

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def compare(network: str, n_rows: int, repeats: int, names: list[str]) -> str:
    """Measure every side on a network, and give a Markdown table."""
    sides: dict[str, _Side] = {}
    for name in names:
        if SIDES[name][2] == "sklearn" and SHAPES[network] is None:
            continue
        try:
            sides[name] = _Side(name, network, n_rows)
        except RuntimeError as error:
            print(error, file=sys.stderr)
    measured: dict[str, list[Any]] = {name: [] for name in sides}
    floors = []
    for _ in range(repeats):
        floors.append(sgemm_floor(network, n_rows))
        for name, side in sides.items():
            measured[name].append(side.measure())
    for side in sides.values():
        side.close()
    base = median(s for s, _ in measured["Keras on TensorFlow"])
    floor = median(floors)
    lines = [
        f"### {network}, {n_rows:,} rows, seconds a network-epoch",
        "",
        "| | median s | all repeats | times faster than Keras on TensorFlow |"
        " share of the sgemm floor | accuracy |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for name, runs in measured.items():
        seconds = median(s for s, _ in runs)
        every = ", ".join(f"{s:.3f}" for s, _ in runs)
        lines.append(
            f"| {name} | {seconds:.3f} | {every} | {base / seconds:.2f} |"
            f" {floor / seconds:.0%} | {runs[-1][1]:.4f} |"
        )
    lines.append(f"| sgemm floor | {floor:.3f} | | {base / floor:.2f} | 100% | |")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="*", default=list(SHAPES), choices=SHAPES)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sides", nargs="*", default=list(SIDES), choices=SIDES)
    arguments = parser.parse_args()
    present = [s for s in arguments.sides if find_spec(SIDES[s][2]) is not None]
    print(describe_machine(*_PACKAGES), end="\n\n", flush=True)
    for network in arguments.networks:
        print(compare(network, arguments.rows, arguments.repeats, present), "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
