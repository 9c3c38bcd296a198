"""What tracking a sweep in MLflow costs.

Runs the same searches with and without ``MlflowTracking``, in turn:

- a small sweep of 12 networks and the refit, each long enough (several seconds) to be a
  fair stand-in for real ones: the median of the ratios of wall times;
- many tiny fits: what tracking adds to the processor's time, per fit, and what MLflow's
  own client takes for the same runs with three calls each;
- the first tracked search of this process, which imports MLflow.

    python -m benchmarks.tracking [--repeats 5] [--fits 100]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from benchmarks._machine import describe_machine
from kerasweep import DenseClassifier, MlflowTracking, PixelScaler, holdout, load_mnist

_MAKE_STORE = """
import sys
from mlflow import MlflowClient
MlflowClient(tracking_uri=sys.argv[1]).search_experiments()
"""


def fit_search(search: GridSearchCV, X: Any, y: Any, tracking: Any) -> None:
    """Fit a search, tracked or not."""
    scoring = "accuracy" if tracking is None else tracking.scoring("accuracy")
    search.set_params(scoring=scoring)
    if tracking is not None:
        search.set_callbacks(tracking)
    search.fit(X, y)


def sweep(X: Any, y: Any, tracking: Any, epochs: int) -> None:
    """Fit 12 networks and the winner."""
    network = DenseClassifier(
        (500, 300), optimizer="sgd", learning_rate=0.1, batch_size=128, epochs=epochs
    )
    search = GridSearchCV(
        Pipeline([("scale", PixelScaler()), ("net", network)]),
        {"net__l2": [1e-6, 1e-5, 1e-4, 1e-3], "net__random_state": [0, 1, 2]},
        cv=holdout(X, y, test_size=1 / 6),
    )
    fit_search(search, X, y, tracking)


def tiny_fits(n: int, tracking: Any) -> None:
    """Fit `n` networks whose training takes milliseconds."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:400], y[:400]
    search = GridSearchCV(
        DenseClassifier((16,), epochs=5, random_state=0),
        {"l2": list(np.geomspace(1e-6, 1e-2, n))},
        cv=holdout(X, y, test_size=1 / 4),
        refit=False,
    )
    fit_search(search, X, y, tracking)


def seconds_of(clock: Callable[[], float], function: Any, *arguments: Any) -> float:
    """Return what a call takes by a clock."""
    start = clock()
    function(*arguments)
    return clock() - start


def write_by_mlflow(uri: str, like: str, n: int) -> None:
    """Write `n` runs like a given one with MLflow's client, three calls each."""
    from mlflow import MlflowClient
    from mlflow.entities import Param, RunTag

    client = MlflowClient(tracking_uri=uri)
    run = client.get_run(like)
    metrics = [
        point
        for key in run.data.metrics
        for point in client.get_metric_history(like, key)
    ]
    params = [Param(key, value) for key, value in run.data.params.items()]
    result = [RunTag("kerasweep.result", run.data.tags.get("kerasweep.result", ""))]
    for _ in range(n):
        made = client.create_run(
            run.info.experiment_id, run.info.start_time, run.data.tags
        ).info.run_id
        client.log_batch(made, metrics, params, result)
        client.set_terminated(made)


def tracked(uri: str) -> MlflowTracking:
    """Return a new tracking object."""
    return MlflowTracking("cost", tracking_uri=uri, log_model=False)


def a_child_of(tracking: MlflowTracking, uri: str) -> str:
    """Return the id of one of a search's runs."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_run(str(tracking.run_id)).info.experiment_id
    query = f"tags.`mlflow.parentRunId` = '{tracking.run_id}'"
    return client.search_runs([experiment], query, max_results=1)[0].info.run_id


def print_first_search(uri: str) -> None:
    """Print what the first tracked search of this process takes more."""
    wall, processor = [], []
    for _ in range(2):
        start = time.perf_counter()
        processor.append(seconds_of(time.process_time, tiny_fits, 2, tracked(uri)))
        wall.append(time.perf_counter() - start)
    print(
        f"the first tracked search takes {wall[0] - wall[1]:.1f} s longer than the "
        f"next, {processor[0] - processor[1]:.1f} s of a processor"
    )


def print_ratio(uri: str, args: argparse.Namespace) -> None:
    """Print what the sweep takes with and without tracking."""
    X, y = load_mnist(return_X_y=True)
    X, y = X[: args.rows], y[: args.rows]
    sweep(X, y, None, 1)  # imports and compilation
    clock, plain, with_it = time.perf_counter, [], []
    for _ in range(args.repeats):
        plain.append(seconds_of(clock, sweep, X, y, None, args.epochs))
        with_it.append(seconds_of(clock, sweep, X, y, tracked(uri), args.epochs))
    ratios = [t / p for t, p in zip(with_it, plain, strict=True)]
    print(
        f"13 fits of 784-500-300-10, {args.epochs} epochs of {args.rows:,} rows, "
        f"{args.repeats} alternated repeats, SQLite store"
    )
    print(f"without tracking: {statistics.median(plain):.2f} s (median)")
    print(f"with tracking:    {statistics.median(with_it):.2f} s (median)")
    print(
        f"ratio:            {statistics.median(ratios):.3f} (median; "
        f"{min(ratios):.3f} to {max(ratios):.3f})"
    )


def print_cost_of_a_fit(uri: str, n: int, repeats: int) -> None:
    """Print the processor's time that a tracked fit takes more, and MLflow's own."""
    clock, more, mlflow_alone = time.process_time, [], []
    for _ in range(repeats):
        plain = seconds_of(clock, tiny_fits, n, None)
        tracking = tracked(uri)
        more.append((seconds_of(clock, tiny_fits, n, tracking) - plain) / n)
        like = a_child_of(tracking, uri)
        mlflow_alone.append(seconds_of(clock, write_by_mlflow, uri, like, n) / n)
    for what, values in (
        ("a tracked fit takes more", more),
        ("the same run by MLflow's client", mlflow_alone),
    ):
        low, mid, high = (1000 * pick(values) for pick in (min, statistics.median, max))
        print(f"{what}: {mid:.1f} ms of a processor (median; {low:.1f} to {high:.1f})")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--fits", type=int, default=100)
    args = parser.parse_args()
    print(describe_machine("kerasweep", "scikit-learn", "keras", "mlflow"))
    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{folder}/mlflow.db"
        subprocess.run([sys.executable, "-c", _MAKE_STORE, uri], check=True)
        os.chdir(folder)
        for _ in range(2):
            tiny_fits(2, None)  # imports and compilation
        print_first_search(uri)
        print_cost_of_a_fit(uri, args.fits, args.repeats)
        print_ratio(uri, args)


if __name__ == "__main__":
    main()
