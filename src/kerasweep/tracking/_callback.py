"""What scikit-learn tells of a fit, turned into messages to the writer."""

import sys
import time
import weakref
from typing import Any

import numpy as np

from kerasweep._private_callbacks import hush
from kerasweep.tracking._messages import RootClosed, RunKey, RunRecord, RunUpdate, now
from kerasweep.tracking._names import metric_name, short_names
from kerasweep.tracking._provenance import summarize
from kerasweep.tracking._resume import (
    FIT_TAG,
    RESUMED_TAG,
    SEARCH_TAG,
    SOURCE_TAG,
    check_resumable,
    fingerprint,
    fit_name,
    give_own_class_back,
    restore_times,
    taken_results,
    with_known_results,
)
from kerasweep.tracking._scoring import FitResult, UnscoredFit, expect_scores
from kerasweep.tracking._session import Session, session_of
from kerasweep.tracking._settings import Settings
from kerasweep.tracking._tasks import (
    CANDIDATE,
    FIT,
    REFIT,
    SEARCH,
    SearchInfo,
    error_text,
    estimator_params,
    grid_candidate,
    is_search,
    key_of,
    outcome,
    read_results,
    run_context,
    search_context,
    search_params,
    stage_of,
    transformer_step,
)
from kerasweep.tracking._transport import Channel

#: When a task of this process began, by its context.
_begun: "weakref.WeakKeyDictionary[Any, float]" = weakref.WeakKeyDictionary()


class TrackingCallback:
    """The hooks of a scikit-learn callback, here and in worker processes.

    Parameters
    ----------
    settings : Settings
    """

    #: In a step without callbacks there is nothing to track, and no cause to warn.
    ignores_steps_without_callbacks = True

    def __init__(self, settings: Settings) -> None:
        self._session: Session | None = Session(settings)
        self._channel: Channel = self._session.channel
        self._searches: dict[RunKey, SearchInfo] = {}
        self._finished: dict[RunKey, dict[str, FitResult]] = {}
        self._originals: dict[RunKey, Any] = {}
        self._rows: dict[RunKey, tuple[Any, Any, Any]] = {}
        self._taken: list[str] = []

    @property
    def max_propagation_depth(self) -> None:
        """None: the tracking goes down to the epochs of a network in a pipeline."""
        return None

    def setup(self, estimator: Any, context: Any) -> None:
        """Open the run of an outermost fit.

        Parameters
        ----------
        estimator : estimator
            The outermost estimator.
        context : sklearn.callback.CallbackContext
            Its task.

        Raises
        ------
        ConnectionError
            If the tracking store can't be written to; nothing is trained then.
        """
        hush(context)
        key = key_of(context)
        record = _describe(estimator, key)
        if self._is_main:
            if self._main.resumes and is_search(estimator):
                check_resumable(estimator)
                self._originals[key] = estimator.estimator
                estimator.estimator = with_known_results(estimator.estimator)
            self._main.open_root(record, estimator)
        else:
            self._channel.send(record)

    def on_fit_task_begin(
        self,
        estimator: Any,
        context: Any,
        *,
        X: Any = None,
        y: Any = None,
        metadata: Any = None,
    ) -> None:
        """Open a child run where the task is a candidate on a split, or the refit.

        Parameters
        ----------
        estimator : estimator
            Whose task it is.
        context : sklearn.callback.CallbackContext
            The task.
        X, y : array-like, default=None
            Its data.
        metadata : dict, default=None
            More of its data, such as the sample weights.
        """
        hush(context)
        if is_search(estimator):
            if context.task_name == "search":
                self._begin_search(estimator, key_of(context.parent))
            elif context.task_name == "fit" and self._is_main:
                weight = (metadata or {}).get("sample_weight")
                self._rows[key_of(context)] = (X, y, weight)
        stage = stage_of(context)
        if stage is None:
            return
        _begun[context] = time.perf_counter()
        if context.parent is None:
            self._see_data(key_of(context), X, y)
        else:
            self._channel.send(self._started(stage, estimator, context))

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, metadata: Any = None
    ) -> None:
        """Send what the task's end says: an epoch's metrics, an end, or an error.

        Parameters
        ----------
        estimator : estimator
            Whose task it is.
        context : sklearn.callback.CallbackContext
            The task.
        metadata : dict, default=None
            Numbers become metrics; an exception under ``"error"`` fails the run.
        """
        if isinstance(metadata, dict):
            error = metadata.get("error")
            if isinstance(error, BaseException):
                self._send_error(context, error)
                return
            self._send_metrics(context, metadata)
        if hasattr(estimator, "cv_results_") and context.task_name == "fit":
            key = key_of(context)
            info = self._searches.pop(key, None)
            if info is not None:
                taken = taken_results(estimator, info, self._finished.pop(key, {}))
                self._taken += [one.run_id for row in taken.values() for one in row]
                restore_times(estimator.cv_results_, taken, info.n_splits)
                self._channel.send(read_results(estimator, key, info))
        stage = stage_of(context)
        if stage is None:
            return
        key = key_of(context)
        seconds = time.perf_counter() - _begun.pop(context, time.perf_counter())
        metrics = {"time/fit_seconds": seconds}
        if context.parent is None:
            self._channel.send(RunUpdate(key, now(), metrics))
        else:
            self._channel.send(RunUpdate(key, now(), metrics, status="FINISHED"))
        if stage != REFIT and not is_search(estimator):
            fitted = UnscoredFit(self._channel, key, seconds)
            if stage == CANDIDATE:
                info = self._searches.get(key_of(search_context(context)))
                fitted.n_scores = 0 if info is None else info.n_scores
                fitted.known = self.known_result(estimator, context)
            expect_scores(estimator, fitted)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Close the run of an outermost fit, whether it succeeded or not.

        Parameters
        ----------
        estimator : estimator
            The outermost estimator.
        context : sklearn.callback.CallbackContext
            Its task.
        """
        key = key_of(context)
        for of_search in (self._searches, self._finished, self._rows):
            for search in [k for k in of_search if k.root == key.root]:
                del of_search[search]
        if key in self._originals:
            estimator.estimator = self._originals.pop(key)
            give_own_class_back(getattr(estimator, "best_estimator_", None))
        if self._is_main:
            self._main.close_root(key, estimator)
        else:
            self._close_elsewhere(key)

    # Searches -----------------------------------------------------------------------

    def _begin_search(self, search: Any, key: RunKey) -> None:
        """Learn what names a search's fits, and which of them are known already."""
        self._searches[key] = SearchInfo.of(search)
        rows = self._rows.pop(key, None)
        if rows is None:
            return
        try:
            text = fingerprint(search, *rows)
        except Exception:
            if self._main.resumes:
                raise
            return  # such a search can't be resumed later
        tags = {SEARCH_TAG: text}
        if self._main.resumes:
            finished = self._main.find_finished(text)
            self._finished[key] = finished.results
            self._taken = []
            tags[RESUMED_TAG] = " ".join(finished.run_ids)
        self._channel.send(RunUpdate(key, now(), tags=tags))

    def known_result(self, estimator: Any, context: Any) -> FitResult | None:
        """Return what a candidate gave on a split in an earlier run.

        Parameters
        ----------
        estimator : estimator
            With the candidate's parameters.
        context : sklearn.callback.CallbackContext
            Its task.

        Returns
        -------
        result : FitResult or None
            None if it has to be trained.
        """
        if stage_of(context) != CANDIDATE:
            return None
        finished = self._finished.get(key_of(search_context(context)))
        if not finished:
            return None
        return finished.get(self._fit_name(estimator, context) or "")

    def _fit_name(self, estimator: Any, context: Any) -> str | None:
        info = self._searches[key_of(search_context(context))]
        split = int(context.task_id) % info.n_splits
        iteration = int(context.parent.task_id) if info.halving else None
        return fit_name(estimator, split, iteration)

    def _close_elsewhere(self, key: RunKey) -> None:
        status, text = outcome(sys.exc_info()[1])
        self._channel.send(RootClosed(key, status, text, now(), terminate=True))

    def _see_data(self, key: RunKey, X: Any, y: Any) -> None:
        if X is None:
            return
        if self._is_main:
            self._main.check_data(X)
        try:
            data = summarize(X, y)
        except Exception:  # what can't be described is trained on all the same
            data = None
        if self._is_main:
            self._main.saw_data(key, X, data)
        elif data is not None:
            self._channel.send(RunUpdate(key, now(), data=data))

    def _started(self, stage: str, estimator: Any, context: Any) -> RunRecord:
        key = key_of(context)
        parent = key_of(run_context(context.parent))
        search = search_context(context)
        info = self._searches.get(key_of(search))
        if stage == REFIT or info is None:
            name, text, params = "refit", "The winner, fitted on all rows", {}
            if info is not None and context.source_task_name is not None:
                params = info.texts(estimator.get_params())
            if stage == CANDIDATE:
                name, text = f"candidate {key.path[-1]}", ""
            return RunRecord(key, stage, name, parent, now(), text, params)
        candidate, split = divmod(int(context.task_id), info.n_splits)
        iteration = int(context.parent.task_id) if info.halving else None
        # A sub-estimator without callbacks is seen through the search itself.
        tags, text = {}, info.described(candidate, split, iteration)
        if context.source_task_name is None:
            given = grid_candidate(estimator, candidate)
        else:
            given = estimator.get_params()
            tags[FIT_TAG] = self._fit_name(estimator, context) or ""
            known = self.known_result(estimator, context)
            if known is not None:
                tags[SOURCE_TAG] = known.run_id
                text += f". Trained in run {known.run_id}, and not again"
        chosen = {key: given[key] for key in info.short if key in given}
        return RunRecord(
            key,
            stage,
            info.named(chosen, split, iteration),
            parent,
            now(),
            text,
            info.texts(chosen),
            tags,
        )

    def _send_metrics(self, context: Any, metadata: dict[str, Any]) -> None:
        numbers = {
            key: float(value)
            for key, value in metadata.items()
            if isinstance(value, (int, float, np.number))
            and not isinstance(value, bool)
        }
        if not numbers:
            return
        step = transformer_step(context)
        metrics = {metric_name(key, step): value for key, value in numbers.items()}
        key, epoch = key_of(run_context(context)), int(context.task_id) + 1
        self._channel.send(RunUpdate(key, now(), metrics, epoch))

    def _send_error(self, context: Any, error: BaseException) -> None:
        run = run_context(context)
        if run.parent is not None:  # an outermost fit's error is seen in teardown
            text = error_text(error)
            update = RunUpdate(key_of(run), now(), status="FAILED", error=text)
            self._channel.send(update)

    # Across processes ---------------------------------------------------------------

    @property
    def _is_main(self) -> bool:
        return self._session is not None and self._channel.is_local

    @property
    def _main(self) -> Session:
        if self._session is None or not self._channel.is_local:
            raise RuntimeError(
                "This MlflowTracking is a copy in another process than the one that "
                "made it; make a new one here."
            )
        return self._session

    def __getstate__(self) -> dict[str, Any]:
        # A copy in a worker knows where to send, and never what to write to.
        return {
            "_channel": self._channel,
            "_searches": dict(self._searches),
            "_finished": dict(self._finished),
            "_originals": {},
            "_rows": {},
            "_taken": [],
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._session = session_of(self._channel)


def _describe(estimator: Any, key: RunKey) -> RunRecord:
    """Return the run of an outermost fit that begins."""
    if not is_search(estimator):
        params = estimator_params(estimator)
        return RunRecord(key, FIT, _name_of(estimator), start=now(), params=params)
    params = search_params(estimator)
    start = "search/grid/"
    keys = [name.removeprefix(start) for name in params if name.startswith(start)]
    text = f"{type(estimator).__name__} over {', '.join(short_names(keys).values())}"
    return RunRecord(key, SEARCH, text, None, now(), f"{text}.", params)


def _name_of(estimator: Any) -> str:
    """Return what a lone fit is called: its network, and the seed of that."""
    while getattr(estimator, "steps", None):
        estimator = estimator.steps[-1][1]
    seed = getattr(estimator, "random_state", None)
    name = type(estimator).__name__
    return f"{name} random_state={seed}" if isinstance(seed, int) else name
