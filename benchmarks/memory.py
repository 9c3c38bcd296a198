"""Memory and start of many fits in one process: ``python -m benchmarks.memory``.

Fits one architecture again and again with other penalties and seeds, and prints by how
much the process has grown a fit, and how long a fit of a known architecture takes to
its first epoch's end.
"""

import argparse
import gc
import os
import time
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import psutil

from benchmarks._machine import describe_machine
from kerasweep import DenseClassifier


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--fits", type=int, default=200)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    X = rng.random((256, 64), dtype=np.float32)
    y = rng.integers(10, size=256)
    process = psutil.Process()
    seconds: list[float] = []

    def fit(seed: int) -> None:
        net = DenseClassifier(
            (64, 64), l2=1e-6 * (1 + seed), batch_size=128, epochs=1, random_state=seed
        )
        start = time.perf_counter()
        net.fit(X, y)
        seconds.append(time.perf_counter() - start)

    for seed in range(40):  # until the allocator and the caches have settled
        fit(seed)
    gc.collect()
    seconds.clear()
    before = process.memory_info().rss
    for seed in range(args.fits):
        fit(seed)
    gc.collect()
    grown = (process.memory_info().rss - before) / 2**20 / args.fits
    print(describe_machine("keras", "tensorflow", "jax"))
    print(f"growth over {args.fits} fits: {grown:.4f} MB a fit")
    print(
        f"a whole fit of a known architecture, one epoch of 256 rows: "
        f"{1000 * median(seconds):.1f} ms (median)"
    )


if __name__ == "__main__":
    main()
