"""Compare a grid search on digits with scikeras': ``python -m benchmarks.grid``.

20 candidates x 5 folds of a 64-64 network, 20 epochs, and the refit. Each side is a
process of its own, timed as a whole, imports and compilation included; the sides take
turns, and the median of each counts.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from statistics import median
from typing import Any

from benchmarks._machine import describe_machine

EPOCHS = 20
BATCH = 32
SIDES = ("ours, in a fleet", "ours, one by one", "scikeras")


def search_of(side: str, n_features: int) -> Any:
    """Return the search as a side's user would write it."""
    from sklearn.model_selection import GridSearchCV

    l2, seeds = [1e-5, 1e-4, 1e-3, 1e-2], [0, 1, 2, 3, 4]
    if side == "scikeras":
        import keras
        from scikeras.wrappers import KerasClassifier

        def build(l2: float) -> Any:
            penalty = keras.regularizers.L2(l2)
            return keras.Sequential(
                [
                    keras.Input((n_features,)),
                    keras.layers.Dense(64, "relu", kernel_regularizer=penalty),
                    keras.layers.Dense(64, "relu", kernel_regularizer=penalty),
                    keras.layers.Dense(10, "softmax", kernel_regularizer=penalty),
                ]
            )

        net = KerasClassifier(
            build,
            loss="sparse_categorical_crossentropy",
            optimizer="adam",
            model__l2=1e-5,
            epochs=EPOCHS,
            batch_size=BATCH,
            verbose=0,
        )
        return GridSearchCV(net, {"model__l2": l2, "random_state": seeds}, cv=5)
    from kerasweep import DenseClassifier

    net = DenseClassifier((64, 64), epochs=EPOCHS, batch_size=BATCH)
    return GridSearchCV(net, {"l2": l2, "random_state": seeds}, cv=5)


def run_side(side: str) -> None:
    """Search, and print the best score."""
    from contextlib import nullcontext

    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype("float32")
    search = search_of(side, X.shape[1])
    company: Any = nullcontext()
    if side == "ours, in a fleet":
        from kerasweep import fleet

        company = fleet()
    with company:
        search.fit(X, y)
    print(json.dumps(float(search.best_score_)))


def measure(side: str) -> tuple[float, float]:
    """Return seconds and best score of one process."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.grid", "--side", side],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return time.perf_counter() - start, json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        run_side(args.side)
        return
    runs: dict[str, list[tuple[float, float]]] = {side: [] for side in SIDES}
    for _ in range(args.repeats):
        for side in SIDES:
            runs[side].append(measure(side))
    seconds = {side: median(s for s, _ in runs[side]) for side in SIDES}
    print(describe_machine("keras", "tensorflow", "scikit-learn", "scikeras"), "\n")
    print(
        "| whole process | median s | all | times faster than scikeras | best score |"
    )
    print("| --- | ---: | --- | ---: | ---: |")
    for side in SIDES:
        every = ", ".join(f"{s:.1f}" for s, _ in runs[side])
        ratio = seconds["scikeras"] / seconds[side]
        print(
            f"| {side} | {seconds[side]:.1f} | {every} | {ratio:.1f} | "
            f"{runs[side][-1][1]:.4f} |"
        )


if __name__ == "__main__":
    main()
