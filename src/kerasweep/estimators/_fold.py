"""Rows that are trained on, or validated on, together with what goes with each."""

from typing import NamedTuple

import numpy as np


class Fold(NamedTuple):
    """Rows with their encoded targets and their weights in the loss."""

    X: np.ndarray
    target: np.ndarray
    sample_weight: np.ndarray | None

    def take(self, rows: np.ndarray) -> "Fold":
        """Return the rows of these numbers."""
        weight = self.sample_weight
        return Fold(
            self.X[rows], self.target[rows], None if weight is None else weight[rows]
        )

    def with_mean_weight_one(self, owner: str) -> "Fold":
        """Scale the weights so that the loss, a mean over rows, is a weighted mean.

        A row of weight 0 then counts as little as one that is not there, and weights
        in other units give the same network.
        """
        if self.sample_weight is None:
            return self
        mean = self.sample_weight.mean(dtype=np.float64)
        if not mean > 0:
            raise ValueError(
                f"sample_weight of {owner} must have at least one positive value "
                "among the rows of a fit. Got only zeros instead."
            )
        return self._replace(sample_weight=(self.sample_weight / mean).astype("f4"))
