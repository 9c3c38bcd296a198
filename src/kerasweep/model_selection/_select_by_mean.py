"""Selection of the best setting rather than of the luckiest seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasweep.model_selection._replicates import group_replicates


def select_by_mean(
    by: str | Sequence[str] | None = None,
    over: str | Sequence[str] | None = None,
    *,
    score: str = "test_score",
) -> Callable[[Any], int]:
    """Return a rule that refits the setting with the highest mean over replicates.

    ``GridSearchCV(refit=True)`` takes the single best candidate, and so a setting that
    got one lucky seed. This rule ranks settings by their mean over replicates, of
    those replicates that did not fail.

    The search is then refitted with the seed of that setting's *first* replicate in
    grid order, not with its best one: which seed does best on the validation rows says
    next to nothing about test rows, and choosing it would only make the validation
    score of the winner too high. Of settings with equal means the first in grid order
    is taken, so list strong regularization first where a tie should go to it.

    Parameters
    ----------
    by : str or sequence of str, default=None
        Parameters that make a setting. None takes every searched parameter that is not
        in `over`.
    over : str or sequence of str, default=None
        Parameters that replicate a setting, such as ``"net__random_state"``.
    score : str, default="test_score"
        Score to rank by.

    Returns
    -------
    rule : callable
        For ``GridSearchCV(refit=...)``: takes ``cv_results_`` and returns the index of
        a candidate. It can be pickled and cloned. With such a rule scikit-learn sets
        no ``best_score_``; see
        :func:`~kerasweep.model_selection.replicate_summary` for the mean and its SD.

    Examples
    --------
    >>> from kerasweep.model_selection import select_by_mean
    >>> rule = select_by_mean(by="l2", over="random_state")
    >>> rule({"param_l2": [1e-4, 1e-4, 1e-3, 1e-3],
    ...       "param_random_state": [0, 1, 0, 1],
    ...       "mean_test_score": [0.95, 0.99, 0.98, 0.98]})
    2
    """
    return _SelectByMean(_frozen(by), _frozen(over), score)


@dataclass(frozen=True)
class _SelectByMean:
    by: str | tuple[str, ...] | None
    over: str | tuple[str, ...] | None
    score: str

    def __call__(self, cv_results: Any) -> int:
        groups = group_replicates(
            cv_results, self.by, self.over, self.score, owner="select_by_mean"
        )
        best, best_mean = None, -np.inf
        for setting in groups.settings:
            done = setting.candidates[~np.isnan(groups.score[setting.candidates])]
            # rounding apart: equal scores in another order may differ in the last bit
            if len(done) and (mean := float(np.mean(groups.score[done]))) > (
                best_mean + 1e-12 * max(1.0, abs(mean))
            ):
                best, best_mean = int(done[0]), mean
        if best is None:
            raise ValueError(
                f"{self.score} of select_by_mean must be finite for some candidate. "
                "Got a failed fit for every one instead."
            )
        return best

    def __repr__(self) -> str:
        return (
            f"select_by_mean(by={self.by!r}, over={self.over!r}, score={self.score!r})"
        )


def _frozen(names: str | Sequence[str] | None) -> str | tuple[str, ...] | None:
    return names if names is None or isinstance(names, str) else tuple(names)
