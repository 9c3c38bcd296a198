"""Rows that are trained on, or validated on, together with what goes with each."""

from typing import NamedTuple

import numpy as np

from kerasweep.estimators._row_sources import take_rows


class Fold(NamedTuple):
    """Rows with their encoded targets and their weights in the loss."""

    X: np.ndarray
    target: np.ndarray
    sample_weight: np.ndarray | None

    def take(self, rows: np.ndarray) -> "Fold":
        """Return the rows of these numbers."""
        weight = self.sample_weight
        return Fold(
            take_rows(self.X, rows),
            take_rows(self.target, rows),
            None if weight is None else weight[rows],
        )

    def with_mean_weight_one(self) -> "Fold":
        """Scale the weights so that the loss, a mean over rows, is a weighted mean.

        A row of weight 0 then counts as little as one that is not there, and weights
        in other units give the same network.
        """
        if self.sample_weight is None:
            return self
        most = self.sample_weight.max()
        # In double precision, and by the largest first: weights may be of any size.
        weight = self.sample_weight.astype(np.float64) / float(most)
        return self._replace(sample_weight=(weight / weight.mean()).astype("f4"))
