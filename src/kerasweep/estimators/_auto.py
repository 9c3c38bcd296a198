"""Lengths of a fit that are chosen by the number of rows.

The numbers were chosen on validation rows within the training folds of 30 tables; what
decided is in the documentation.
"""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _num_samples

_COUNT: list[Any] = [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})]
AUTO_CONSTRAINTS: dict[str, list[Any]] = {
    "batch_size": _COUNT,
    "epochs": _COUNT,
    "early_stopping": ["boolean", None],
}

_UPDATES_AN_EPOCH, _LEAST_BATCH, _MOST_BATCH = 128, 32, 128
# Fewer rows than this leave too few of them for validation.
_LEAST_TO_STOP = 100
_MOST_EPOCHS = 200
# Without early stopping: enough updates to learn with few rows, and enough passes over
# many.
_UPDATES, _LEAST_EPOCHS = 500, 20


def resolve_auto(
    estimator: Any, n_rows: int, *, one_epoch: bool, validates: bool
) -> None:
    """Set what `batch_size`, `epochs` and `early_stopping` mean for so many rows.

    Parameters
    ----------
    estimator : estimator
        Gets `batch_size_`, `epochs_` and `early_stopping_`.
    n_rows : int
    one_epoch : bool
        Whether a single epoch is trained, as ``partial_fit`` does.
    validates : bool
        Whether rows to validate on are given.
    """
    batch_size, epochs = estimator.batch_size, estimator.epochs
    stops = estimator.early_stopping
    if batch_size == "auto":
        batch_size = _LEAST_BATCH
        while batch_size < _MOST_BATCH and n_rows > _UPDATES_AN_EPOCH * batch_size:
            batch_size *= 2
    if stops is None:
        # A schedule has to end where it was to end.
        stops = (
            epochs == "auto"
            and estimator.learning_rate_schedule == "constant"
            and (validates or n_rows >= _LEAST_TO_STOP)
        )
    if one_epoch:
        epochs, stops = 1, False
    elif epochs == "auto":
        n_updates = -(-n_rows // int(batch_size))
        enough = max(_LEAST_EPOCHS, -(-_UPDATES // n_updates))
        epochs = _MOST_EPOCHS if stops else min(_MOST_EPOCHS, enough)
    estimator.batch_size_ = int(batch_size)
    estimator.epochs_ = int(epochs)
    estimator.early_stopping_ = bool(stops)


def in_force(estimator: Any, name: str) -> Any:
    """Return what a parameter was resolved to, or itself where it never is "auto"."""
    return vars(estimator).get(f"{name}_", getattr(estimator, name))


def count_rows(X: Any, sample_weight: Any) -> int:
    """Count rows that have not been checked, without those of weight 0.

    Rows that can't be counted, which the check will refuse, count as one.
    """
    try:
        if sample_weight is None:
            return max(1, int(_num_samples(X)))
        return max(1, int(np.count_nonzero(np.asarray(sample_weight) > 0)))
    except (TypeError, ValueError):
        return 1
