"""The main process's side: which runs are open, and what happens when they end."""

import atexit
import os
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from sklearn.utils.validation import check_is_fitted

from kerasweep.tracking._health import (
    check_tracking,
    import_mlflow,
    locked_for_opening,
    resolve_uri,
)
from kerasweep.tracking._messages import (
    DataSummary,
    GroupSet,
    RootClosed,
    RunKey,
    RunRecord,
    RunUpdate,
    now,
)
from kerasweep.tracking._model import Example, example_rows, log_model
from kerasweep.tracking._provenance import git_tags, version_tags
from kerasweep.tracking._registry import Registered, Scores, register_version
from kerasweep.tracking._resume import Finished, find_finished
from kerasweep.tracking._settings import Settings, check_images
from kerasweep.tracking._store import (
    Store,
    record_failures_as_warnings,
    resolve_source,
)
from kerasweep.tracking._tasks import is_search, outcome, scoring_name
from kerasweep.tracking._transport import Channel, close_channel, open_channel
from kerasweep.tracking._unsent import Journal, send_left_behind
from kerasweep.tracking._writer import Writer

#: Seconds for a store's first answer: a fresh database is migrated first.
_OPENING_PATIENCE = 180.0
_EXIT_PATIENCE = 5.0
#: Seconds for which a store that has answered is not checked again.
_TRUSTED = 30.0


@dataclass
class OpenRun:
    """A `with` block, or an outermost fit of this process, with its run and its model.

    Attributes
    ----------
    key : RunKey
    run_id : str or None
        None for a fit in a block whose run is the writer's to make.
    description : str
    adopted : bool
        Whether ``mlflow run`` made the run.
    block : OpenRun or None
        That a fit is in.
    shares_run : bool
        Whether a fit's run is its block's.
    raised_before : BaseException or None
        What was being handled when a fit began.
    example, data
        Of a fit's rows; of the winner's, once there is one.
    searched, n_lone_fits, failed, chosen
        What a block had: a search, other fits, an error in one that shares its run,
        and `choose_model`.
    winner : estimator or None
    validation, test : (str, float) or None
        A metric, and the winner's score.
    model_id : str or None
        Once it is logged.
    """

    key: RunKey
    run_id: str | None = None
    description: str = ""
    adopted: bool = False
    block: "OpenRun | None" = None
    shares_run: bool = False
    raised_before: BaseException | None = None
    example: Example | None = None
    data: DataSummary | None = None
    searched: bool = False
    n_lone_fits: int = 0
    failed: str | None = None
    chosen: bool = False
    winner: Any = None
    validation: tuple[str, float] | None = None
    test: tuple[str, float] | None = None
    model_id: str | None = None


class Session:
    """All that one `MlflowTracking` keeps in the process that made it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._checking = threading.Lock()
        self._uri: str | None = None
        self._block: OpenRun | None = None
        self._last: OpenRun | None = None
        self._fits: dict[RunKey, OpenRun] = {}
        self._adopter: RunKey | None = None
        self.writer = _writer_for(self)
        self.channel: Channel = open_channel(self.writer.put)
        weakref.finalize(self, close_channel, self.channel)
        _by_address[self.channel.handle.address] = self

    # Opening ------------------------------------------------------------------------

    def _start(self) -> None:
        """Find out, before anything is trained, that the store can be written to."""
        uri = resolve_uri(self._settings.tracking_uri)
        with self._checking:
            if self._uri not in (None, uri):
                raise RuntimeError(
                    "The tracking URI of MlflowTracking must stay the same for its "
                    f"life. Got {uri!r} after {self._uri!r}. Make a new MlflowTracking."
                )
            if self.writer.has_answered_within(_TRUSTED):
                return
            check_tracking(uri)
            self._uri = uri
            self.writer.call(lambda store: None, _OPENING_PATIENCE, again=False)
            self._check_source()

    def _check_source(self) -> None:
        source = self._settings.dataset_source
        if source is None:
            return
        try:
            resolve_source(source)
        except Exception:
            raise ValueError(
                "dataset_source of MlflowTracking must be a path or an address of a "
                f"kind that MLflow knows. Got {source!r} instead."
            ) from None

    def _open_run(self, record: RunRecord) -> OpenRun:
        """Create or adopt a run of this process's own."""
        settings, key = self._settings, record.key
        text = _paragraphs(settings.description, record.description)
        tags = {
            "stage": record.stage,
            "mlflow.note.content": text,
            **version_tags(),
            **git_tags(),
            **{k: str(v) for k, v in (settings.tags or {}).items()},
        }
        adopted = self._adopt(key)
        above = None if adopted else _active_run(self._uri)
        name = settings.run_name or record.name

        def make(store: Store) -> str:
            if adopted:
                store.update_run(adopted, "RUNNING", settings.run_name)
                store.log(adopted, tags=tags)
                store.log_new_params(adopted, record.params)
                return adopted
            experiment = above.experiment_id if above else None
            if settings.experiment is not None:
                experiment = store.experiment_id
            run_id = store.create_run(
                name, tags, above.run_id if above else None, record.start, experiment
            )
            store.log(run_id, params=record.params)
            return run_id

        try:
            run_id = self.writer.call(make, after_all=False)
        except BaseException:
            self._give_up(key)
            raise
        run = OpenRun(key, run_id, text, adopted=bool(adopted))
        self._tell_of(key, run, record.stage)
        return run

    def _tell_of(self, key: RunKey, run: OpenRun, stage: str) -> None:
        """Tell the writer which run a block or a fit has."""
        self.writer.put(
            RunRecord(key, stage, run_id=run.run_id, description=run.description)
        )

    def _adopt(self, key: RunKey) -> str | None:
        """Return the run that ``mlflow run`` made for this process, if it is free."""
        run_id = os.environ.get("MLFLOW_RUN_ID")
        with self._lock:
            if not run_id or self._adopter is not None:
                return None
            self._adopter = key
        return run_id

    def open_root(self, record: RunRecord, estimator: Any) -> None:
        """Begin an outermost fit of this process."""
        raised, key = sys.exc_info()[1], record.key
        with self._lock:
            block = self._block
        if block is None:
            self._start()
            fit = self._open_run(record)
        else:
            fit = OpenRun(key, block=block)
            with self._lock:
                fit.shares_run = is_search(estimator) and not block.searched
                if fit.shares_run:
                    block.searched = True
                    self._present(block, record)
                else:
                    self.writer.put(replace(record, parent=block.key))
        fit.raised_before = raised
        self._fits[key] = fit

    def _present(self, block: OpenRun, record: RunRecord) -> None:
        """Let a block's run be that of its search."""
        block.description = _paragraphs(block.description, record.description)
        name = None
        if self._settings.run_name is None and not block.adopted:
            name = record.name
        tags = {"stage": record.stage, "mlflow.note.content": block.description}
        run_id = str(block.run_id)

        def present(store: Store) -> None:
            if name is not None:
                store.update_run(run_id, name=name)
            store.log(run_id, tags=tags)
            store.log_new_params(run_id, record.params)

        self.writer.call(present, after_all=False)
        self._tell_of(record.key, block, record.stage)

    def check_data(self, X: Any) -> None:
        """Refuse data that don't fit the settings, before any training on them."""
        if self._settings.log_model:
            check_images(self._settings.image_shape, X)

    def saw_data(self, key: RunKey, X: Any, data: DataSummary | None) -> None:
        """Note an outermost fit's data."""
        fit = self._fits.get(key)
        if fit is not None:
            fit.example, fit.data = example_rows(X), data
        if data is not None:
            self.writer.put(RunUpdate(key, now(), data=data))

    def enter(self) -> None:
        """Open the run of a ``with`` block."""
        with self._lock:
            if self._block is not None:
                raise RuntimeError("This MlflowTracking is already in a `with` block.")
            self._start()
            key = RunKey(uuid4().hex, ())
            name = self._settings.experiment or "fits"
            record = RunRecord(key, "group", name, start=now())
            self._block = self._open_run(record)
            self._last = self._block
            self.writer.put(GroupSet(key))

    @property
    def resumes(self) -> bool:
        """Whether searches go on from earlier ones."""
        return self._settings.resume is not None

    def find_finished(self, text: str) -> Finished:
        """Return what earlier searches with this fingerprint have finished."""
        resume = str(self._settings.resume)
        send_left_behind(self._uri)
        return self.writer.call(lambda store: find_finished(store, resume, text))

    # Closing ------------------------------------------------------------------------

    def close_root(self, key: RunKey, estimator: Any) -> None:
        """End an outermost fit of this process."""
        fit = self._fits.pop(key, None)
        if fit is None:  # its opening failed
            return
        error = sys.exc_info()[1]
        if error is fit.raised_before:
            error = None
        fit.raised_before = None  # nor kept, with its frames, as long as the run is
        status, text = outcome(error)
        if error is None:
            self._note_winner(fit, estimator)
        elif fit.block is not None and fit.shares_run:
            fit.block.failed = text
        if fit.block is not None and fit.block is self._block:
            goes_on = fit.shares_run
            self.writer.put(RootClosed(key, status, text, now(), True, goes_on))
            if is_search(estimator):  # others end with the block
                self.writer.flush()
            return
        run = fit.block or fit
        self._last = run
        self.writer.put(RootClosed(key, status, text, now(), terminate=False))
        if self.writer.flush() and error is None:
            self._log_winner(run)
        self.writer.put(RootClosed(key, status, text, now(), terminate=True))
        self.writer.flush()
        self._give_up(key)

    def _give_up(self, key: RunKey) -> None:
        """Let a later fit adopt what this one has adopted."""
        with self._lock:
            if self._adopter == key:
                self._adopter = None

    def _note_winner(self, fit: OpenRun, estimator: Any) -> None:
        run = fit.block or fit
        winner = estimator
        if is_search(estimator):
            winner = getattr(estimator, "best_estimator_", None)
            run.searched = True
            score = getattr(estimator, "best_score_", None)
            if score is not None:
                run.validation = (scoring_name(estimator), float(score))
        else:
            run.n_lone_fits += 1
            if run.searched:
                return
        if not run.chosen:
            run.winner, run.example, run.data = winner, fit.example, fit.data

    def exit(self, error: BaseException | None) -> None:
        """Close the run of a ``with`` block."""
        with self._lock:
            run, self._block = self._block, None
            self.writer.put(GroupSet(None))
            if run is None:
                return
            status, text = outcome(error)
            if error is None and run.failed:
                status, text = "FAILED", run.failed
            # Of several lone fits, as those of cross_validate, none is the winner,
            # unless one was chosen.
            has_winner = run.searched or run.n_lone_fits == 1 or run.chosen
            if status == "FINISHED" and has_winner:
                if self.writer.flush():
                    self._log_winner(run)
            self.writer.put(RootClosed(run.key, status, text, now(), terminate=True))
            self.writer.flush()
            self._give_up(run.key)

    # The winner ---------------------------------------------------------------------

    def _log_winner(self, run: OpenRun) -> None:
        settings = self._settings
        if not settings.log_model or run.winner is None:
            return
        with record_failures_as_warnings("the model"):
            self._log_model(run)
        if settings.register_as is not None and run.model_id is not None:
            with record_failures_as_warnings("the registered model"):
                self._register(run, settings.register_as)

    def _log_model(self, run: OpenRun) -> None:
        shape = self._settings.image_shape
        run.model_id = log_model(
            run.winner, run.example, shape, str(run.run_id), self.writer
        )

    def _register(self, run: OpenRun, name: str) -> Registered:
        """Register the model that a run has logged."""
        run_id, model_id = str(run.run_id), str(run.model_id)
        digest = run.data.digest if run.data else "unknown"
        metric, validation = run.validation or ("score", None)
        test_metric, test = run.test or ("", None)
        dataset = self._settings.dataset_name or digest
        scores = Scores(dataset, validation, metric, test, test_metric)
        registered: Registered = self.writer.call(
            lambda store: register_version(store, name, model_id, run_id, scores)
        )
        tags = {
            "registered": f"{name} version {registered.version}",
            "champion": f"{str(registered.is_champion).lower()}: {registered.reason}",
        }
        self.writer.call(lambda store: store.log(run_id, tags=tags))
        return registered

    def choose(self, estimator: Any) -> None:
        """Make an estimator the open block's winner."""
        with self._lock:
            if self._block is None:
                raise RuntimeError(
                    "choose_model of MlflowTracking needs an open run: call it inside "
                    "`with tracking:`."
                )
            if not hasattr(estimator, "fit"):
                raise TypeError(
                    "estimator of choose_model must be a fitted estimator. Got "
                    f"{estimator!r} instead."
                )
            check_is_fitted(estimator)
            self._block.winner, self._block.chosen = estimator, True

    def register(self, name: str) -> Registered:
        """Register the last winner, logging it first where it is not logged."""
        run = self.run("register")
        if run.winner is None:
            raise RuntimeError(
                "register of MlflowTracking needs a refitted winner: fit a search with "
                "refit=True, or one estimator, first."
            )
        if run.model_id is None:
            self._log_model(run)
        return self._register(run, name)

    # What the user logs -------------------------------------------------------------

    def run(self, asked_by: str) -> OpenRun:
        """Return the open run, or else the last one."""
        run = self._block or self._last
        if run is None:
            raise RuntimeError(
                f"{asked_by} of MlflowTracking needs a run: fit first, or use it "
                "inside `with tracking:`."
            )
        return run

    def log(self, asked_by: str, what: str, write: Callable[[Store, str], Any]) -> None:
        """Write something of the user's; a failure is a warning."""
        run_id = str(self.run(asked_by).run_id)
        with record_failures_as_warnings(what):
            self.writer.call(lambda store: write(store, run_id))

    @property
    def uri(self) -> str:
        return self._uri or resolve_uri(self._settings.tracking_uri)

    def experiment_id(self) -> str | None:
        """Return the experiment of the last run, if there is one."""
        if self._last is None:
            return None
        run_id = str(self._last.run_id)
        try:
            experiment = self.writer.call(
                lambda store: store.client.get_run(run_id).info.experiment_id
            )
        except Exception:  # it only says where to look
            return None
        return str(experiment)

    def abandon(self) -> None:
        """Close, at the interpreter's exit, what was left open."""
        keys = [*self._fits, *([self._block.key] if self._block else [])]
        self._fits.clear()
        self._block = None
        for key in keys:
            self.writer.put(RootClosed(key, "KILLED", None, now(), terminate=True))
        if self._uri is not None and not self.writer.lost:
            self.writer.flush(_EXIT_PATIENCE)


_by_address: "weakref.WeakValueDictionary[str, Session]" = weakref.WeakValueDictionary()


def session_of(channel: Channel) -> Session | None:
    """Return this process's session behind a channel; None in any other process."""
    return _by_address.get(channel.handle.address) if channel.is_local else None


@atexit.register
def _abandon_all() -> None:
    for session in list(_by_address.values()):
        if session.channel.is_own:
            session.abandon()


def _writer_for(session: Session) -> Writer:
    """Make a writer that does not keep its session alive."""
    settings, reference = session._settings, weakref.ref(session)

    def open_store() -> Store:
        owner = reference()
        uri = owner.uri if owner is not None else resolve_uri(settings.tracking_uri)
        try:
            import_mlflow(uri)
            with locked_for_opening(uri):
                return Store(uri, settings.experiment)
        except (ValueError, ConnectionError):
            raise
        except Exception as error:
            text = " ".join(str(error).split())[:300]
            raise ConnectionError(
                f"The tracking store {uri} can't be used ({text})."
            ) from error

    data = settings.dataset_name, settings.dataset_source
    return Writer(open_store, lambda: data, Journal())


def _active_run(uri: str | None) -> Any:
    """Return the caller's active MLflow run, where it is in the same store."""
    import mlflow

    run = mlflow.active_run()
    return run.info if run is not None and mlflow.get_tracking_uri() == uri else None


def _paragraphs(*texts: str | None) -> str:
    return "\n\n".join(text for text in texts if text)
