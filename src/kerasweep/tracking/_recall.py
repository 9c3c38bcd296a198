"""Fits that need not be trained again: what they gave is known from an earlier run."""

import json
from collections.abc import Mapping
from functools import wraps
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.callback import with_callbacks

from kerasweep._private_callbacks import callbacks_of, context_above

#: Tags of a child run: which fit it was, what that gave, and where it was taken from.
FIT_TAG = "kerasweep.fit"
RESULT_TAG = "kerasweep.result"
SOURCE_TAG = "kerasweep.taken_from"


class FitResult(NamedTuple):
    """What a fit of a search gave.

    Attributes
    ----------
    scores : list of float or of dict of str to float
        On the validation rows and, where the search asks for it, on the training rows.
    fit_seconds, score_seconds : float
    run_id : str
        The run that trained it; "" for the present one.
    """

    scores: list[Any]
    fit_seconds: float
    score_seconds: float
    run_id: str = ""

    def to_text(self) -> str:
        """Return it as JSON, every number to its last bit."""
        return json.dumps([self.scores, self.fit_seconds, self.score_seconds])

    @classmethod
    def from_text(cls, text: str, run_id: str) -> "FitResult":
        """Read what :meth:`to_text` wrote."""
        scores, fit_seconds, score_seconds = json.loads(text)
        return cls(scores, fit_seconds, score_seconds, run_id)


def fit_name(estimator: Any, split: int, iteration: int | None = None) -> str | None:
    """Name a candidate on a split by all of its parameters.

    Parameters
    ----------
    estimator : estimator
        With the candidate's parameters.
    split : int
    iteration : int, default=None
        Of a halving search.

    Returns
    -------
    name : str or None
        The same in any process. None if a parameter has no lasting description.
    """
    try:
        digest = joblib.hash(plain(estimator.get_params(deep=True)))
    except Exception:
        return None
    return f"{digest}/{split}" + ("" if iteration is None else f"/{iteration}")


def plain(value: Any) -> Any:
    """Describe a parameter so that equal ones have equal pickles in any process."""
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, type):
        return _name(value)
    if hasattr(value, "get_params"):  # its own parameters are listed beside it
        return _name(type(value))
    if hasattr(value, "get_config"):
        return [_name(type(value)), plain(value.get_config())]
    code = getattr(value, "__code__", None)
    if code is not None:
        defaults = plain([value.__defaults__, value.__kwdefaults__])
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        constants = [repr(c) for c in code.co_consts if not hasattr(c, "co_code")]
        return [_name(value), code.co_code, constants, defaults, plain(cells)]
    return value


def _name(named: Any) -> str:
    return f"{named.__module__}.{named.__qualname__}"


def recallable(estimator: Any) -> Any:
    """Return the estimator in a class whose ``fit`` trains nothing that is known.

    Parameters
    ----------
    estimator : estimator
        One that supports callbacks; it stays as it is.

    Returns
    -------
    estimator : estimator
        With the same parameters. A search's clones of it ask the tracking callback of
        their task, and a fit with a known result ends at once.
    """
    cls = type(estimator)

    @wraps(cls.fit)
    @with_callbacks
    def fit(self: Any, X: Any, y: Any = None, **params: Any) -> Any:
        if _known(self) is None:
            return cls.fit(self, X, y, **params)
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        context.call_on_fit_task_end(estimator=self)
        return self

    members = {"fit": fit, "__module__": cls.__module__, "_trains_as": cls}
    subclass: Any = type(cls.__name__, (cls,), members)
    recallable_one = object.__new__(subclass)
    recallable_one.__dict__.update(estimator.__dict__)
    return recallable_one


def as_it_was(estimator: Any) -> None:
    """Give a fitted estimator its own class back."""
    if hasattr(type(estimator), "_trains_as"):
        estimator.__class__ = type(estimator)._trains_as


def taken_results(
    search: Any, info: Any, finished: Mapping[str, FitResult]
) -> dict[int, list[FitResult]]:
    """Return what was taken from earlier runs, by the row of `cv_results_`."""
    taken: dict[int, list[FitResult]] = {}
    results = search.cv_results_ if finished else {"params": []}
    for row, params in enumerate(results["params"]):
        candidate = clone(search.estimator).set_params(**clone(params, safe=False))
        iteration = int(results["iter"][row]) if info.halving else None
        names = [fit_name(candidate, s, iteration) for s in range(info.n_splits)]
        known = [finished[name] for name in names if name and name in finished]
        if known:
            taken[row] = known
    return taken


def restore_times(
    results: dict[str, Any], taken: Mapping[int, list[FitResult]], n_splits: int
) -> None:
    """Put the times of the real fits in the place of those that were not trained."""
    for row, known in taken.items():
        for name in ("fit", "score"):
            mean, std = results[f"mean_{name}_time"], results[f"std_{name}_time"]
            seconds = np.array([getattr(one, f"{name}_seconds") for one in known])
            if len(known) == n_splits:
                mean[row], std[row] = seconds.mean(), seconds.std()
                continue
            # To find a result takes next to no time, so that sums can be added.
            square = std[row] ** 2 + mean[row] ** 2 + (seconds**2).sum() / n_splits
            mean[row] += seconds.sum() / n_splits
            std[row] = np.sqrt(max(0.0, square - mean[row] ** 2))


def _known(estimator: Any) -> FitResult | None:
    context = context_above(estimator)
    for callback in callbacks_of(context):
        if hasattr(callback, "known_result"):
            return callback.known_result(estimator, context)
    return None
