"""What a fit costs beside its training, by the number of candidates.

Searches over a tiny network (64-16-10, 5 epochs of 300 rows), whose training takes
milliseconds, so that what is left is the cost of the way: one by one, in a fleet, and
on a Dask cluster of two workers on this machine, each with and without
`MlflowTracking` (SQLite). Every way is warmed up; the ways take turns.

    python -m benchmarks.scaling [--candidates 10 100 500 2000]
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import nullcontext
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import numpy as np
from distributed import LocalCluster
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, ShuffleSplit

from benchmarks._machine import describe_machine
from kerasweep import DenseClassifier, MlflowTracking, fleet
from kerasweep.distributed import cluster
from kerasweep.tracking import check_tracking

NETWORK = DenseClassifier((16,), epochs=5, batch_size=32, random_state=0)
SPLIT = ShuffleSplit(1, train_size=300, test_size=100, random_state=0)
WAYS = ("one by one", "fleet", "Dask")


def search_seconds(way: str, n: int, uri: str | None, address: str) -> float:
    """Return the wall time of a search without its refit."""
    X, y = load_digits(return_X_y=True)
    tracking = None
    scoring: Any = "accuracy"
    if uri is not None:
        tracking = MlflowTracking("scaling", tracking_uri=uri, log_model=False)
        scoring = tracking.scoring("accuracy")
    search = GridSearchCV(
        NETWORK,
        {"l2": np.logspace(-6, -2, n).tolist()},
        cv=SPLIT,
        scoring=scoring,
        refit=False,
    )
    if tracking is not None:
        search.set_callbacks(tracking)
    company: Any = nullcontext()
    if way == "fleet":
        company = fleet()
    elif way == "Dask":
        company = cluster(address)
    with company:
        start = time.perf_counter()
        search.fit((X / 16).astype("float32"), y)
        return time.perf_counter() - start


def training_seconds(n: int) -> float:
    """Return the time of `n` fits and scores outside any search."""
    X, y = load_digits(return_X_y=True)
    train, test = next(SPLIT.split(X))
    X = (X / 16).astype("float32")
    start = time.perf_counter()
    for l2 in np.logspace(-6, -2, n):
        clone(NETWORK).set_params(l2=l2).fit(X[train], y[train]).score(X[test], y[test])
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "--candidates", type=int, nargs="+", default=[10, 100, 500, 2000]
    )
    args = parser.parse_args()
    print(describe_machine("kerasweep", "scikit-learn", "mlflow", "distributed"))
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as workers,
        tempfile.TemporaryDirectory() as folder,
    ):
        address = workers.scheduler_address
        os.chdir(folder)
        uri = f"sqlite:///{folder}/mlflow.db"
        check_tracking(uri)
        training_seconds(20)
        for way in WAYS:  # compiles every width, and measures which way is faster
            for _ in range(3):
                search_seconds(way, 100, None, address)
        alone = 1000 * training_seconds(100) / 100
        print(f"\ntraining and scoring one such network by itself: {alone:.1f} ms\n")
        print("| milliseconds a fit | tracked |", end="")
        print("".join(f" {n:,} candidates |" for n in args.candidates))
        print("| --- | --- |" + " ---: |" * len(args.candidates))
        rows: dict[tuple[str, bool], list[float]] = {}
        for n in args.candidates:
            for way in WAYS:
                for tracked in (False, True):
                    seconds = search_seconds(way, n, uri if tracked else None, address)
                    rows.setdefault((way, tracked), []).append(1000 * seconds / n)
                    print(f"{way}, {tracked}, {n}: {seconds:.1f} s", file=sys.stderr)
        for (way, tracked), times in rows.items():
            cells = "".join(f" {t:.1f} |" for t in times)
            print(f"| {way} | {'yes' if tracked else 'no'} |{cells}")


if __name__ == "__main__":
    main()
