"""A dataset cut into the parts that an experiment needs."""

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from kerasweep.model_selection import HoldoutSplit, holdout


class ExperimentData(NamedTuple):
    """Rows to choose on, how to split them, and rows to test on once."""

    X: np.ndarray
    y: np.ndarray
    cv: HoldoutSplit
    X_test: np.ndarray
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
            "instead."
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
