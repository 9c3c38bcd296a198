"""What a search's results say of each candidate."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasweep.model_selection._replicate_summary import mean_and_sd
from kerasweep.model_selection._replicates import (
    Setting,
    group_replicates,
    read_parameters,
    score_names,
)


@dataclass(frozen=True)
class Candidates:
    """The settings of a search, with what was measured of each.

    Attributes
    ----------
    parameters : dict of str to list
    scores, sds : ndarray of shape (n_settings,)
        Mean and sample SD over splits, or over replicates where there are any.
    n_values : ndarray of shape (n_settings,)
        Splits or replicates behind each mean.
    fit_times : ndarray of shape (n_settings,) or None
    members : list of ndarray of int
        Each setting's candidates in the search.
    """

    parameters: dict[str, list[Any]]
    scores: np.ndarray
    sds: np.ndarray
    n_values: np.ndarray
    fit_times: np.ndarray | None
    members: list[np.ndarray]

    def index_of(self, candidate: int) -> int:
        """Return the setting that a candidate of the search belongs to."""
        return next(i for i, rows in enumerate(self.members) if candidate in rows)


def read_candidates(
    cv_results: Any, over: str | list[str] | None, score: str
) -> Candidates:
    """Read the candidates of a search, those of one setting as one."""
    owner = "GridSearchDisplay"
    if over is None:  # a random search may draw a candidate twice
        columns = read_parameters(cv_results, owner)
        settings = [
            Setting(values, np.array([i]))
            for i, values in enumerate(zip(*columns.values(), strict=True))
        ]
        names = tuple(columns)
        column, _ = score_names(cv_results, score, owner)
        values = _splits(cv_results, score)
        times = _times(cv_results)
        means = np.array(cv_results[column], dtype=np.float64)
        means[~np.isfinite(means)] = np.nan
        sds = np.array([mean_and_sd(row)[1] for row in values])
        counts = np.full(len(means), values.shape[1])
    else:
        groups = group_replicates(cv_results, None, over, score, owner=owner)
        settings, names = groups.settings, groups.by
        done = [groups.score[s.candidates] for s in settings]
        done = [values[~np.isnan(values)] for values in done]
        means, sds = np.array([mean_and_sd(values) for values in done]).T
        counts = np.array([len(values) for values in done])
        times = groups.fit_time
    return Candidates(
        {name: [s.values[i] for s in settings] for i, name in enumerate(names)},
        means,
        sds,
        counts,
        None
        if times is None
        else np.array([np.mean(times[s.candidates]) for s in settings]),
        [s.candidates for s in settings],
    )


def _splits(cv_results: Any, score: str) -> np.ndarray:
    """Return the score of each split, one row per candidate."""
    names = [
        name
        for name in map(str, cv_results)
        if name.startswith("split") and name.partition("_")[2] == score
    ]
    if not names:
        return np.array(cv_results[f"mean_{score}"], dtype=np.float64)[:, None]
    return np.array([cv_results[name] for name in names], dtype=np.float64).T


def _times(cv_results: Any) -> np.ndarray | None:
    if "mean_fit_time" not in cv_results:
        return None
    return np.array(cv_results["mean_fit_time"], dtype=np.float64)
