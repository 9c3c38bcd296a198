"""The sides of ``benchmarks.small``: ``python -m benchmarks._small_sides SIDE BATCH``.

Each question is a measure and the index of a point; the answer is milliseconds.
"""

import itertools
import pickle
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._processes import serve

# Hidden layers, rows and features.
POINTS = [
    ((16,), 150, 4),
    ((32, 32), 500, 30),
    ((64, 64), 1_437, 64),
    ((128, 128), 6_000, 128),
    ((256, 256), 20_000, 256),
]
ASKED = 300  # rows of a prediction
MEASURES = {
    "fit": "a fit of one epoch, architecture seen before",
    "predict": f"`predict` of {ASKED} rows",
    "unpickle": "unpickling a fitted network",
    "unpickle and predict": f"unpickling, and its first `predict` of {ASKED} rows",
    "first fit": "a first fit of a new architecture",
}


class Point:
    """A network and its rows, at one size."""

    def __init__(self, side: str, batch: int, point: int):
        self.hidden, n_rows, n_features = POINTS[point]
        self._side, self._batch = side, batch
        rng = np.random.default_rng(0)
        self.X = rng.random((n_rows, n_features), dtype=np.float32)
        self.y = rng.integers(10, size=n_rows)
        self._asked = rng.random((ASKED, n_features), dtype=np.float32)
        self._seeds = itertools.count()
        self._widths = itertools.count(self.hidden[0] + 1)
        self._fit()
        self.fitted = self._fit()
        self.pickled = pickle.dumps(self.fitted)
        self._predict(self.fitted)

    def _network(self, hidden: tuple[int, ...]) -> Any:
        seed = next(self._seeds)
        if self._side == "sklearn":
            from sklearn.neural_network import MLPClassifier

            return MLPClassifier(
                hidden, batch_size=self._batch, max_iter=1, random_state=seed
            )
        from kerasweep import DenseClassifier

        return DenseClassifier(
            hidden, batch_size=self._batch, epochs=1, random_state=seed
        )

    def _fit(self) -> Any:
        return self._network(self.hidden).fit(self.X, self.y)

    def _first_fit(self) -> Any:
        hidden = (next(self._widths), *self.hidden[1:])
        return self._network(hidden).fit(self.X, self.y)

    def _predict(self, network: Any) -> Any:
        return network.predict(self._asked)

    def milliseconds(self, measure: str) -> float:
        """Measure once."""
        todo: dict[str, Callable[[], Any]] = {
            "fit": self._fit,
            "predict": lambda: self._predict(self.fitted),
            "unpickle": lambda: pickle.loads(self.pickled),
            "unpickle and predict": lambda: self._predict(pickle.loads(self.pickled)),
            "first fit": self._first_fit,
        }
        run = todo[measure]
        start = time.perf_counter()
        run()
        return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Answer each question with one measurement."""
    side, batch = sys.argv[1], int(sys.argv[2])
    warnings.simplefilter("ignore")  # one epoch does not converge
    points: dict[int, Point] = {}

    def answer(question: tuple[str, int]) -> float:
        measure, point = question
        if point not in points:
            points[point] = Point(side, batch, point)
        return points[point].milliseconds(measure)

    serve(answer)


if __name__ == "__main__":
    main()
