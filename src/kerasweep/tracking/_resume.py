"""Searches that go on from earlier ones: which, and what need not be trained again."""

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import wraps
from importlib.metadata import version
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.callback import with_callbacks
from sklearn.model_selection import check_cv

from kerasweep._private_callbacks import callbacks_of, context_above
from kerasweep.tracking._names import value_text
from kerasweep.tracking._scoring import RESULT_TAG, FitResult, TrackedScorer
from kerasweep.tracking._store import Store, all_pages, is_refusal

#: Tags of a child run: which fit it was, and where its result was taken from.
FIT_TAG = "kerasweep.fit"
SOURCE_TAG = "kerasweep.taken_from"


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
        digest = joblib.hash(stable_form(estimator.get_params(deep=True)))
    except Exception:
        return None
    return f"{digest}/{split}" + ("" if iteration is None else f"/{iteration}")


def stable_form(value: Any) -> Any:
    """Describe a parameter so that equal ones have equal pickles in any process."""
    if isinstance(value, Mapping):
        return {str(key): stable_form(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, (list, tuple)):
        return [stable_form(item) for item in value]
    if isinstance(value, type):
        return _name(value)
    if hasattr(value, "get_params"):  # its own parameters are listed beside it
        return _name(type(value))
    if hasattr(value, "get_config"):
        return [_name(type(value)), stable_form(value.get_config())]
    code = getattr(value, "__code__", None)
    if code is not None:
        defaults = stable_form([value.__defaults__, value.__kwdefaults__])
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        constants = [repr(c) for c in code.co_consts if not hasattr(c, "co_code")]
        return [
            _name(value),
            code.co_code,
            constants,
            defaults,
            stable_form(cells),
        ]
    return value


def _name(named: Any) -> str:
    return f"{named.__module__}.{named.__qualname__}"


def with_known_results(estimator: Any) -> Any:
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


def give_own_class_back(estimator: Any) -> None:
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


#: Tags of a search's run: its fingerprint, and the runs that it goes on from.
SEARCH_TAG = "kerasweep.search"
RESUMED_TAG = "kerasweep.resumed"

#: Parameters of a search that change no result of a fit.
_WITHOUT_EFFECT = {
    *("estimator", "cv", "scoring", "refit", "n_jobs", "verbose", "pre_dispatch"),
    *("param_grid", "param_distributions", "error_score", "n_iter", "random_state"),
}


class ResumeError(ValueError):
    """A search can't go on from the runs that it was told to go on from."""


class Finished(NamedTuple):
    """What is known of a search's fits before it starts.

    Attributes
    ----------
    results : dict of str to FitResult
        By :func:`~kerasweep.tracking._resume.fit_name`.
    run_ids : list of str
        The searches that they were trained in, the latest first.
    """

    results: dict[str, FitResult]
    run_ids: list[str]


def fingerprint(search: Any, X: Any, y: Any, sample_weight: Any = None) -> str:
    """Describe all that a search's results depend on, but for its candidates.

    Parameters
    ----------
    search : GridSearchCV or another search
    X, y, sample_weight : array-like
        Its data.

    Returns
    -------
    text : str
        Digests of the data, the splits and the settings, and the versions.

    Raises
    ------
    ResumeError
        If two searches with these settings need not give the same.
    """
    # A generator of splits can be read only once: the search has done so.
    cv = getattr(search, "_checked_cv_orig", None)
    if cv is None:
        cv = check_cv(search.cv, y, classifier=is_classifier(search.estimator))
    halving = hasattr(search, "resource")
    drawn = getattr(cv, "shuffle", hasattr(cv, "random_state"))
    for owner, draws in ((cv, drawn), (search, halving)):
        seed = getattr(owner, "random_state", 0)
        if draws and not isinstance(seed, int):
            raise ResumeError(
                f"random_state of {type(owner).__name__} must be an int in a search "
                f"that is resumed. Got {seed!r} instead."
            )
    splits = list(cv.split(X, y))
    settings: dict[str, Any] = {
        name: value_text(value)
        for name, value in search.get_params(deep=False).items()
        if name not in _WITHOUT_EFFECT or (halving and name == "random_state")
    }
    if halving:  # later candidates depend on all
        settings["candidates"] = [
            value_text(getattr(search, name, None))
            for name in ("param_grid", "param_distributions")
        ]
    parts = {
        "data": joblib.hash((X, y, sample_weight)),
        "splits": joblib.hash(splits),
        "scoring": joblib.hash(_scoring(search.scoring)),
        "settings": joblib.hash(settings),
        "versions": _versions(),
    }
    return "; ".join(f"{name}={value}" for name, value in parts.items())


def _scoring(scoring: Any) -> Any:
    return stable_form(
        scoring.scoring if isinstance(scoring, TrackedScorer) else scoring
    )


def _versions() -> str:
    import kerasweep

    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    return (
        f"kerasweep {kerasweep.__version__} keras {version('keras')} "
        f"scikit-learn {version('scikit-learn')} {backend}"
    )


def check_resumable(search: Any) -> None:
    """Refuse a search whose fits leave no result, or can't be left out.

    Raises
    ------
    ResumeError
        With what to change.
    """
    if not isinstance(search.scoring, TrackedScorer):
        raise ResumeError(
            "scoring of a search that is resumed must be tracking.scoring(...), which "
            f"records each score. Got {search.scoring!r} instead."
        )
    if not hasattr(search.estimator, "_init_callback_context"):
        raise ResumeError(
            "estimator of a search that is resumed must support scikit-learn's "
            f"callbacks. Got {type(search.estimator).__name__} instead."
        )


def find_finished(store: Store, resume: str, text: str) -> Finished:
    """Collect the finished fits of earlier searches.

    Parameters
    ----------
    store : Store
    resume : str
        Id of a search's run, or "auto" for all unfinished ones of this experiment
        with the fingerprint.
    text : str
        The present search's :func:`fingerprint`.

    Returns
    -------
    finished : Finished

    Raises
    ------
    ResumeError
        If the run is not known, is no search, or has another fingerprint.
    """
    if resume == "auto":
        query = f"tags.`{SEARCH_TAG}` = '{text}'"
        found = all_pages(store.client.search_runs, [store.experiment_id], query)
        run_ids = [r.info.run_id for r in found if r.info.status != "FINISHED"]
    else:
        run_ids = _chain(store, resume, text)
    results: dict[str, FitResult] = {}
    used = []
    for run_id in run_ids:
        experiment = store.client.get_run(run_id).info.experiment_id
        query = f"tags.`mlflow.parentRunId` = '{run_id}'"
        before = len(results)
        for child in all_pages(store.client.search_runs, [experiment], query):
            tags = child.data.tags
            if FIT_TAG not in tags or RESULT_TAG not in tags:
                continue
            with suppress(ValueError):  # MLflow has cut the text of very many scores
                result = FitResult.from_text(tags[RESULT_TAG], child.info.run_id)
                results.setdefault(tags[FIT_TAG], result)
        if len(results) > before:
            used.append(run_id)
    return Finished(results, used)


def _chain(store: Store, run_id: str, text: str) -> list[str]:
    """Return a search's run and those that it went on from itself."""
    try:
        run = store.client.get_run(run_id)
    except Exception as error:
        if not is_refusal(error):
            raise
        raise ResumeError(
            f"resume of MlflowTracking must be 'auto' or the id of a search's run in "
            f"{store.uri}. Got {run_id!r} instead."
        ) from None
    there = run.data.tags.get(SEARCH_TAG)
    if there is None:
        raise ResumeError(
            "resume of MlflowTracking must be the run of a search. Got "
            f"{run_id!r}, which is none, or had not begun to train."
        )
    if there != text:
        raise ResumeError(
            "resume of MlflowTracking must be the run of a search with the same data, "
            f"splits, scoring, settings and versions. Got {run_id!r}, which differs "
            f"in {_difference(there, text)}."
        )
    earlier = run.data.tags.get(RESUMED_TAG, "").split()
    return [run_id, *(one for one in earlier if one != run_id)]


def _difference(there: str, here: str) -> str:
    a, b = (
        dict(part.split("=", 1) for part in text.split("; ")) for text in (there, here)
    )
    return ", ".join(name for name in b if a.get(name) != b[name])
