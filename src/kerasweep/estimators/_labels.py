"""Labels as the columns that a conditional network takes."""

from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y


def check_labels(estimator: Any, y: Any) -> np.ndarray:
    """Return labels as an array.

    Raises
    ------
    ValueError
        If there are none, or they are continuous numbers.
    """
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is "
            "None. Pass labels, or conditional=False."
        )
    y = _check_y(y, estimator=estimator)
    check_classification_targets(y)
    return y


def class_numbers(estimator: Any, y: np.ndarray) -> np.ndarray:
    """Return the places of checked labels in an estimator's ``classes_``.

    Raises
    ------
    ValueError
        If a label was not seen in fit.
    """
    known = estimator.classes_
    strangers = np.setdiff1d(y, known)
    if len(strangers):
        raise ValueError(
            f"y of {type(estimator).__name__} must hold only the classes "
            f"{known.tolist()}. Got {strangers.tolist()} too."
        )
    return np.searchsorted(known, y).astype(np.int32)


def class_columns(numbers: np.ndarray, n_classes: int) -> np.ndarray:
    """Return a column a class: a one in each row's own, zeros in the others."""
    return np.eye(n_classes, dtype=np.float32)[numbers]


def with_classes(estimator: Any, rows: np.ndarray, y: Any) -> np.ndarray:
    """Put class columns behind rows.

    Raises
    ------
    ValueError
        If labels are missing, too few, too many or unknown.
    """
    y = check_labels(estimator, y)
    if len(y) != len(rows):
        raise ValueError(
            f"X and y of {type(estimator).__name__} must have equally many rows. "
            f"Got {len(rows)} and {len(y)} instead."
        )
    numbers = class_numbers(estimator, y)
    return np.hstack([rows, class_columns(numbers, len(estimator.classes_))])
