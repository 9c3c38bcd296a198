"""Several labels per row: targets of 0 and 1 with a column for each label."""

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array

from kerasweep.preprocessing._numbers import refuse_disguised

# Fewer rows than this of one set of labels share a stratum with other such sets.
_LEAST_OF_A_STRATUM = 20


def has_label_columns(y: Any) -> bool:
    """Tell whether targets have several columns."""
    return _n_columns(y) is not None


def check_indicators(estimator: Any, y: Any) -> np.ndarray:
    """Return targets of several columns as zeros and ones.

    Parameters
    ----------
    estimator : estimator
    y : array-like or sparse matrix of shape (n_samples, n_labels)

    Returns
    -------
    indicators : ndarray of shape (n_samples, n_labels), float32

    Raises
    ------
    ValueError, TypeError
        If they hold anything else.
    """
    name = f"y of {type(estimator).__name__}"
    y = y.toarray() if issparse(y) else y
    refuse_disguised(name, y)
    y = check_array(y, dtype=None, input_name="y", estimator=estimator)
    found = np.unique(y) if y.dtype.kind in "biuf" else y.ravel()[:1]
    if not np.isin(found, (0, 1)).all():
        raise ValueError(
            f"{name} must hold one class for each row, or zeros and ones in a column "
            f"for each label. Got {y.shape[1]} columns that hold "
            f"{found[~np.isin(found, (0, 1))][0].item()!r} instead. Fit one estimator "
            "for each column, for instance with sklearn's MultiOutputClassifier."
        )
    return y.astype(np.float32)


def check_label_columns(estimator: Any, y: Any, n_labels: int | None) -> None:
    """Refuse targets of another kind than those of the first call.

    Parameters
    ----------
    estimator : estimator
    y : array-like
    n_labels : int or None
        Columns in the first call; None if it had one class for each row.

    Raises
    ------
    ValueError
    """
    given = _n_columns(y)
    if given != n_labels:
        owner = type(estimator).__name__
        expected, came = map(_columns, (n_labels, given))
        raise ValueError(
            f"y of {owner} must hold {expected}, as in the first call. Got {came} "
            "instead."
        )


def label_strata(indicators: np.ndarray) -> np.ndarray:
    """Return the number of each row's set of labels, -1 for all rare ones."""
    _, strata, counts = np.unique(
        indicators, axis=0, return_inverse=True, return_counts=True
    )
    strata = strata.ravel()
    return np.where(counts[strata] < _LEAST_OF_A_STRATUM, -1, strata)


def _n_columns(y: Any) -> int | None:
    """Return how many columns targets have, None for one."""
    try:
        shape = y.shape if hasattr(y, "shape") else np.asarray(y).shape
    except ValueError:  # ragged
        return None
    return int(shape[1]) if len(shape) == 2 and shape[1] > 1 else None


def _columns(n_labels: int | None) -> str:
    if n_labels is None:
        return "one class for each row"
    return f"{n_labels} columns of zeros and ones"
