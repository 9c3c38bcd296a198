"""Histories of fits, in any form that holds one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted


def is_dict_of_fits(history: Any) -> bool:
    """Tell a dict of fits from the history of one."""
    return isinstance(history, Mapping) and not any(
        _is_curve(values) for values in history.values()
    )


def _is_curve(values: Any) -> bool:
    return isinstance(values, (list, tuple, np.ndarray))


def read_history(fit: Any) -> tuple[dict[str, list[float]], int | None]:
    """Return the history of one fit, and its best epoch if it has one."""
    if isinstance(fit, Mapping):
        return _check_history(fit), None
    if not hasattr(fit, "fit") and isinstance(getattr(fit, "history", None), Mapping):
        return _check_history(fit.history), None
    return read_estimator(fit)


def read_estimator(estimator: Any) -> tuple[dict[str, list[float]], int | None]:
    """Return the history of a fitted estimator, and its best epoch if it has one."""
    if not hasattr(estimator, "fit"):
        raise ValueError(
            "history of LearningCurvesDisplay must be a dict of metric to values, or a "
            f"fitted estimator. Got {type(estimator).__name__} instead."
        )
    check_is_fitted(estimator)
    network = estimator
    while not hasattr(network, "history_"):
        if hasattr(network, "best_estimator_"):
            network = network.best_estimator_
        elif hasattr(network, "steps"):
            network = network.steps[-1][1]
        else:
            raise ValueError(
                "estimator of LearningCurvesDisplay must have `history_`, or end in a "
                f"step that has. Got {type(network).__name__} instead."
            )
    return _check_history(network.history_), getattr(network, "best_epoch_", None)


def _check_history(history: Mapping[str, Any]) -> dict[str, list[float]]:
    curves = {str(name): values for name, values in history.items()}
    if not curves or not all(_is_curve(v) and len(v) for v in curves.values()):
        raise ValueError(
            "A history of LearningCurvesDisplay must be a dict of metric to one value "
            f"per epoch. Got {history!r} instead."
        )
    return {name: [float(v) for v in values] for name, values in curves.items()}
