"""What tracking a sweep in MLflow costs.

Runs the same search with and without ``MlflowTracking``, in turn, and prints the
median of the ratios. The search is a small sweep: 12 networks and the refit, each long
enough (several seconds) to be a fair stand-in for real ones.

    python -m benchmarks.tracking [--repeats 5]
"""

import argparse
import os
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from benchmarks._machine import describe_machine
from kerasweep import DenseClassifier, MlflowTracking, PixelScaler, holdout, load_mnist
from kerasweep.tracking import check_tracking


def search_seconds(X, y, tracking: MlflowTracking | None, epochs: int) -> float:
    """Return the wall time of one search."""
    network = DenseClassifier(
        (500, 300), optimizer="sgd", learning_rate=0.1, batch_size=128, epochs=epochs
    )
    search = GridSearchCV(
        Pipeline([("scale", PixelScaler()), ("net", network)]),
        {"net__l2": [1e-6, 1e-5, 1e-4, 1e-3], "net__random_state": [0, 1, 2]},
        cv=holdout(X, y, test_size=1 / 6),
        scoring="accuracy" if tracking is None else tracking.scoring("accuracy"),
    )
    if tracking is not None:
        search.set_callbacks(tracking)
    start = time.perf_counter()
    search.fit(X, y)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rows", type=int, default=12_000)
    args = parser.parse_args()
    X, y = load_mnist(return_X_y=True)
    X, y = X[: args.rows], y[: args.rows]
    with tempfile.TemporaryDirectory() as folder:
        uri = f"sqlite:///{folder}/mlflow.db"
        check_tracking(uri)
        os.chdir(folder)
        search_seconds(X, y, None, 1)  # imports and compilation
        plain, tracked = [], []
        for _ in range(args.repeats):
            plain.append(search_seconds(X, y, None, args.epochs))
            tracking = MlflowTracking("cost", tracking_uri=uri, log_model=False)
            tracked.append(search_seconds(X, y, tracking, args.epochs))
    ratios = [t / p for t, p in zip(tracked, plain, strict=True)]
    print(describe_machine("kerasweep", "scikit-learn", "keras", "mlflow"))
    print(
        f"13 fits of 784-500-300-10, {args.epochs} epochs of {args.rows:,} rows, "
        f"{args.repeats} alternated repeats, SQLite store"
    )
    print(f"without tracking: {statistics.median(plain):.2f} s (median)")
    print(f"with tracking:    {statistics.median(tracked):.2f} s (median)")
    print(
        f"ratio:            {statistics.median(ratios):.3f} (median; "
        f"{min(ratios):.3f} to {max(ratios):.3f})"
    )


if __name__ == "__main__":
    main()
