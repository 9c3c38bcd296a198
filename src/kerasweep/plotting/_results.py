"""What a search's results hold for a picture."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from kerasweep.model_selection._replicate_summary import mean_and_sd


def filter_candidates(cv_results: Any, where: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results of the candidates that have the given parameter values."""
    keep = None
    for name, value in where.items():
        column = f"param_{name}"
        if column not in cv_results:
            raise ValueError(
                "where of SweepDisplay must name searched parameters. "
                f"Got {name!r} instead."
            )
        hits = np.array([bool(np.all(v == value)) for v in cv_results[column]])
        keep = hits if keep is None else keep & hits
    if keep is None or not keep.any():
        raise ValueError(
            "where of SweepDisplay must hold for at least one candidate. "
            f"Got {dict(where)!r} instead."
        )
    rows = np.flatnonzero(keep)
    return {
        name: column[rows] if hasattr(column, "dtype") else [column[i] for i in rows]
        for name, column in cv_results.items()
    }


def score_table(values: np.ndarray, settings: list[Any]) -> np.ndarray:
    """Return values as one row per setting, padded with NaN."""
    width = max(len(setting.candidates) for setting in settings)
    table = np.full((len(settings), width), np.nan)
    for row, setting in zip(table, settings, strict=True):
        row[: len(setting.candidates)] = values[setting.candidates]
    return table


def name_of_score(search: Any, score: str) -> str:
    """Return what a search's score is called, "score" where it does not tell."""
    scoring = getattr(search, "scoring", None)
    if score != "test_score":
        return score.removeprefix("test_")
    if isinstance(scoring, str):
        return scoring
    if scoring is None:
        return "accuracy" if is_classifier(search.estimator) else "score"
    name = getattr(getattr(scoring, "_score_func", None), "__name__", "")
    return "accuracy" if name == "accuracy_score" else "score"


def far_below(values: np.ndarray) -> np.ndarray:
    """Tell which values lie so far below the others that they would hide them."""
    known = values[~np.isnan(values)]
    if len(known) < 5:
        return np.zeros(len(values), bool)
    lower, upper = np.percentile(known, [25, 75])
    return values < lower - 6 * (upper - lower)


def known_mean_and_sd(row: np.ndarray) -> tuple[float, float]:
    """Return mean and sample SD of the values that are not NaN."""
    return mean_and_sd(row[~np.isnan(row)])
