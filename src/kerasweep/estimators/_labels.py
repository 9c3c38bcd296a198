"""Labels as the columns that a conditional network takes."""

from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_y

from kerasweep.preprocessing._numbers import refuse_disguised


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
    return check_class_labels(estimator, y)


def check_class_labels(estimator: Any, y: Any) -> np.ndarray:
    """Return labels as an array of one type.

    Raises
    ------
    ValueError, TypeError
        If they are no labels: missing, masked, continuous, or of several types.
    """
    name = f"y of {type(estimator).__name__}"
    refuse_disguised(name, y, kinds="V")
    y = _check_y(y, estimator=estimator)
    with np.errstate(invalid="ignore"):  # of floats too large to be integers
        if y.dtype == object and type_of_target(y) == "unknown":
            types = sorted({type(label).__name__ for label in y})
            raise ValueError(
                f"Unknown label type: {name} must hold labels that are all strings, or "
                "numbers in an array of numbers. Got Python objects of type "
                f"{', '.join(types)} instead."
            )
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
    """Return one column per class: a one in each row's own, zeros in the others."""
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
