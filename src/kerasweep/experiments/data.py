"""A dataset cut into the parts that an experiment needs."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from kerasweep._private_callbacks import remove_callbacks
from kerasweep.model_selection import HoldoutSplit, holdout


class ExperimentData(NamedTuple):
    """Rows to choose on, how to split them, and rows to test on once."""

    X: Any
    y: np.ndarray
    cv: HoldoutSplit
    X_test: Any
    y_test: np.ndarray


def experiment_data(
    dataset: Bunch, *, train_size: int | None = None, random_state: int = 0
) -> ExperimentData:
    """Cut a dataset into training, validation and test rows.

    The test rows are the published ones, or else a stratified fifth. One sixth of the
    others, stratified, validates every choice: 10,000 of MNIST's 60,000.

    Parameters
    ----------
    dataset : Bunch
        From :func:`kerasweep.datasets.load_dataset`; its target must be classes.
    train_size : int, default=None
        Rows to use besides the test rows; a stratified draw. None uses all.
    random_state : int, default=0
        Draws the parts.

    Returns
    -------
    data : ExperimentData

    Raises
    ------
    ValueError
        If the target is not classes, or there are too few rows.
    """
    if dataset.target_names is None:
        raise ValueError(
            f"The target of {dataset.name} must hold classes. Got continuous numbers "
            "instead, which the experiment `table` takes."
        )
    X, y, X_test, y_test = (
        dataset.data,
        dataset.target,
        dataset.data_test,
        dataset.target_test,
    )
    if X_test is None:
        X, X_test, y, y_test = train_test_split(
            X, y, test_size=0.2, random_state=random_state, stratify=y
        )
    if train_size is not None and train_size > len(X):
        raise ValueError(
            f"train_size must be at most {len(X)}, the training rows of "
            f"{dataset.name}. Got {train_size} instead."
        )
    if train_size is not None and train_size < len(X):
        X, _, y, _ = train_test_split(
            X, y, train_size=train_size, random_state=random_state, stratify=y
        )
    cv = holdout(X, y, test_size=1 / 6, random_state=random_state)
    return ExperimentData(X, y, cv, X_test, y_test)


def rows_of(X: Any, rows: np.ndarray) -> Any:
    """Return rows of an array or of a data frame."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def with_fewer_training_rows(
    cv: HoldoutSplit, y: Any, n_rows: int, *, random_state: int = 0
) -> HoldoutSplit:
    """Return a split that trains on a part of its training rows.

    Every candidate of a search is then trained on these, and the winner, refitted by
    the search, on all rows.

    Parameters
    ----------
    cv : HoldoutSplit
    y : array-like of shape (n_samples,)
        Classes, to draw the rows stratified.
    n_rows : int
        Training rows; all of them if there are no more.
    random_state : int, default=0
        Draws the rows.

    Returns
    -------
    cv : HoldoutSplit
        With the same validation rows.
    """
    if n_rows >= len(cv.train):
        return cv
    labels = np.asarray(y)[cv.train]
    train, _ = train_test_split(
        cv.train, train_size=n_rows, random_state=random_state, stratify=labels
    )
    return HoldoutSplit(
        np.sort(train), cv.validation, cv.n_samples, stratified=cv.stratified
    )


def check_trains(estimator: Any, data: ExperimentData) -> None:
    """Fit a clone of an estimator on a few rows, to find bad settings in seconds.

    Parameters
    ----------
    estimator : estimator
        A pipeline that ends in a network called "net". It is not fitted itself, and
        its callbacks see nothing.
    data : ExperimentData

    Raises
    ------
    ValueError
        If the estimator refuses its own settings, or the data.
    """
    probe = clone(estimator).set_params(net__epochs=1, net__engine="keras")
    for part in (probe, *(step for _, step in probe.steps)):
        remove_callbacks(part)
    _, first = np.unique(data.y, return_index=True)
    probe.fit(rows_of(data.X, first), data.y[first])
