"""One validation set, drawn once and used for every choice."""

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator, train_test_split
from sklearn.utils.validation import _num_samples, check_random_state


class HoldoutSplit(BaseCrossValidator):
    """A single split into training and validation rows.

    A scikit-learn splitter with one fixed split, as :func:`holdout` returns it. It
    refuses data with another number of rows than it was drawn for, where a bare list
    of indices would silently validate on the wrong ones.

    Parameters
    ----------
    train, validation : array-like of int
        Row numbers of the two parts, which share none.
    n_samples : int
        Rows of the data that the numbers refer to.
    stratified : bool, default=False
        Whether the split was drawn so that both parts have the same mix of classes.
    """

    def __init__(
        self, train: Any, validation: Any, n_samples: int, *, stratified: bool = False
    ) -> None:
        self.train = np.asarray(train)
        self.validation = np.asarray(validation)
        self.n_samples = n_samples
        self.stratified = stratified

    def split(
        self, X: Any = None, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the one pair of training and validation rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...), default=None
            Checked for its number of rows.
        y, groups : object, default=None
            Ignored.

        Yields
        ------
        train, validation : ndarray of int
        """
        if X is not None and _num_samples(X) != self.n_samples:
            raise ValueError(
                f"This split was drawn for {self.n_samples} rows, but X has "
                f"{_num_samples(X)}. Call holdout on the data that are searched."
            )
        yield self.train.copy(), self.validation.copy()

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return 1, the number of splits.

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored.

        Returns
        -------
        n_splits : int
        """
        return 1

    def __repr__(self) -> str:
        return (
            f"HoldoutSplit(n_train={len(self.train)}, "
            f"n_validation={len(self.validation)}, stratified={self.stratified})"
        )


def holdout(
    X: Any,
    y: Any = None,
    *,
    test_size: int | float = 0.1,
    random_state: Any = 0,
    stratify: bool | str = "auto",
) -> HoldoutSplit:
    """Hold out validation rows, as the `cv` of a search.

    Parameters
    ----------
    X : array-like of shape (n_samples, ...)
        The rows to be searched; only their number is read.
    y : array-like of shape (n_samples,), default=None
        Targets, to stratify by.
    test_size : int or float, default=0.1
        Rows to hold out, or their share in (0, 1), rounded up to whole rows.
    random_state : int, RandomState instance or None, default=0
        Draws the rows. It is fixed by default, since every candidate of a study must
        be validated on the same rows.
    stratify : "auto" or bool, default="auto"
        Whether both parts get the same mix of classes. "auto" stratifies integers,
        booleans and strings, and takes numbers of a float type for a continuous
        target, which cannot be stratified; True stratifies those as well.

    Returns
    -------
    cv : HoldoutSplit
        A splitter for ``GridSearchCV(cv=...)``, ``cross_validate(cv=...)`` and their
        like. Row numbers are in ascending order.

    Raises
    ------
    ValueError
        If either part would be empty, or too small for the classes.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.model_selection import GridSearchCV
    >>> from kerasweep.model_selection import holdout
    >>> X, y = load_digits(return_X_y=True)
    >>> cv = holdout(X, y, test_size=300)
    >>> cv
    HoldoutSplit(n_train=1497, n_validation=300, stratified=True)
    >>> search = GridSearchCV(RidgeClassifier(), {"alpha": [1e-2, 1e4]}, cv=cv)
    >>> search.fit(X, y).best_params_
    {'alpha': 0.01}
    """
    n_samples = _num_samples(X)
    n_validation = _count_validation_rows(test_size, n_samples)
    strata = _strata(y, n_samples, stratify)
    if strata is not None:
        _check_strata(strata, n_validation)
    train, validation = train_test_split(
        np.arange(n_samples),
        test_size=n_validation,
        random_state=check_random_state(random_state),
        stratify=strata,
    )
    return HoldoutSplit(
        np.sort(train), np.sort(validation), n_samples, stratified=strata is not None
    )


def _count_validation_rows(test_size: Any, n_samples: int) -> int:
    valid = isinstance(test_size, Real) and not isinstance(test_size, bool)
    if valid and isinstance(test_size, Integral):
        n_validation = int(test_size)
        valid = 1 <= n_validation < n_samples
    elif valid:
        valid = 0 < test_size < 1
        # a product such as 0.07 * 100 = 7.000000000000001 is seven rows, not eight
        n_validation = int(np.ceil(round(test_size * n_samples, 9))) if valid else 0
        valid = valid and n_validation < n_samples
    if not valid:
        raise ValueError(
            f"test_size of holdout must be a number of rows from 1 to {n_samples - 1} "
            "or a share in (0, 1) that leaves a row to train on. "
            f"Got {test_size!r} instead."
        )
    return n_validation


def _strata(y: Any, n_samples: int, stratify: Any) -> np.ndarray | None:
    """Return the classes to stratify by, or None."""
    if not isinstance(stratify, (bool, np.bool_)) and stratify != "auto":
        raise ValueError(
            f'stratify of holdout must be "auto", True or False. '
            f"Got {stratify!r} instead."
        )
    if y is not None and _num_samples(y) != n_samples:
        raise ValueError(
            "X and y of holdout must have equally many rows. "
            f"Got {n_samples} and {_num_samples(y)} instead."
        )
    if stratify != "auto" and not stratify:
        return None
    labels = np.empty((0, 0)) if y is None else np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.ravel()
    if stratify == "auto" and (labels.ndim != 1 or labels.dtype.kind in "fc"):
        return None
    if labels.ndim != 1:
        got = "None" if y is None else f"an array of shape {labels.shape}"
        raise ValueError(
            "y of holdout must be one column of class labels to stratify by. "
            f"Got {got} instead. Pass stratify=False."
        )
    return labels


def _check_strata(strata: np.ndarray, n_validation: int) -> None:
    try:
        classes, counts = np.unique(strata, return_counts=True)
    except TypeError as error:
        raise ValueError(
            "y of holdout must hold labels of one type to stratify by. "
            f"{str(error).capitalize()}."
        ) from None
    if counts.min() < 2:
        raise ValueError(
            "Each class in y of holdout must have at least 2 rows to stratify by. "
            f"Got 1 row of class {classes.tolist()[counts.argmin()]!r} instead. "
            "Pass stratify=False."
        )
    room = min(n_validation, len(strata) - n_validation)
    if room < len(classes):
        raise ValueError(
            f"test_size of holdout must leave at least {len(classes)} rows, one per "
            f"class, in both parts. Got {n_validation} of {len(strata)} rows instead. "
            "Pass stratify=False, or another test_size."
        )
