"""The one writer: a thread that turns messages into MLflow calls, in batches."""

import threading
import time
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from kerasweep.tracking._journal import Journal
from kerasweep.tracking._messages import (
    DataUsed,
    MetricsSeen,
    RootClosed,
    RunAdopted,
    RunCreated,
    RunEnded,
    RunKey,
    RunStarted,
    RunTagged,
    SearchResults,
    SplitResult,
    now,
)
from kerasweep.tracking._run_record import Record
from kerasweep.tracking._store import Store, is_outage
from kerasweep.tracking._tasks import CANDIDATE

#: Seconds between two writes of what has gathered.
INTERVAL = 1.0
#: Seconds without any progress after which the store counts as lost.
PATIENCE = 60.0
_IDLE = 5.0
#: Ended outermost fits that may still be sent a score.
_REMEMBERED = 1000
#: Stage of a run that the main process made: its tags are already written.
ROOT = "root"
NO_SCORE = "The fit raised an error, or its score is not a number: see the warnings."


class _Call(NamedTuple):
    """Something that the main process asks for, and waits for."""

    function: Callable[[Store], Any]
    future: Future


class Writer:
    """Drains a queue in one thread, the only one that writes to MLflow.

    Parameters
    ----------
    open_store : callable
        Returns the store; called once, in the thread.
    describe_data : callable
        Returns the (name, source) that the user gave the data.
    journal : Journal, default=None
        Where messages are kept until they are in MLflow.
    known_runs : dict of RunKey to str, default=None
        Runs that the store has already.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        describe_data: Callable[[], tuple[str | None, str | None]],
        journal: Journal | None = None,
        known_runs: Mapping[RunKey, str] | None = None,
    ) -> None:
        self._journal = journal or Journal()
        self._known_runs = known_runs or {}
        self._open_store = open_store
        self._describe_data = describe_data
        self._store: Store | None = None
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._records: dict[RunKey, Record] = {}
        self._dirty: dict[RunKey, Record] = {}
        self._closed: dict[RunKey, str] = {}
        self._group: RunKey | None = None
        self._progress = time.monotonic()
        self._error: BaseException | None = None
        self._lost = False
        self._told = False

    # Any thread ---------------------------------------------------------------------

    def put(self, message: Any) -> None:
        """Accept a message; returns at once."""
        self._journal.add(message)
        with self._lock:
            self._queue.put(message)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="kerasweep-mlflow", daemon=True
                )
                self._thread.start()

    def call(
        self,
        function: Callable[[Store], Any],
        patience: float | None = None,
        again: bool = True,
    ) -> Any:
        """Write all that came before, run `function(store)`, return what it returns.

        A store that refuses for a while, such as a locked database, is asked again
        for `patience` seconds, unless `again` is False.

        Raises
        ------
        TimeoutError
            If the store makes no progress for `patience` seconds.
        """
        patience = PATIENCE if patience is None else patience
        deadline = time.monotonic() + patience
        while True:
            try:
                return self._ask(function, patience)
            except Exception as error:
                refuses = is_outage(error) and not isinstance(error, TimeoutError)
                if not again or not refuses:
                    raise
                if time.monotonic() + INTERVAL > deadline:
                    self._lost = True
                    raise
            time.sleep(INTERVAL)

    def _ask(self, function: Callable[[Store], Any], patience: float) -> Any:
        if self._lost:
            raise TimeoutError("the tracking store had stopped answering before")
        future: Future = Future()
        self._progress = time.monotonic()
        self.put(_Call(function, future))
        while True:
            try:
                return future.result(timeout=min(0.5, patience))
            except TimeoutError:
                if future.done():
                    raise
                if time.monotonic() - self._progress > patience:
                    self._lost = True
                    raise TimeoutError(
                        f"the tracking store did not answer for {patience:g} s"
                    ) from None

    def flush(self, patience: float | None = None) -> bool:
        """Write everything that was sent so far.

        Returns
        -------
        complete : bool
            False if something could not be written; one warning says so.
        """
        error: BaseException | None
        try:
            self.call(lambda store: None, patience)
            error = self._error
        except Exception as failure:
            error = failure
        if error is None:
            self._told = False
            if not self._records:  # no fit goes on
                self._journal.clear()
            return True
        if self._told:
            return False
        self._told = True
        unwritten = [r for r in self._dirty.copy().values() if r.stage == CANDIDATE]
        self._error = None
        warnings.warn(
            f"MLflow has not recorded everything: {len(unwritten)} runs of fits are "
            f"missing or incomplete, because of {type(error).__name__}: "
            f"{' '.join(str(error).split())[:300]}. The results themselves are "
            f"complete{self._kept()}.",
            stacklevel=2,
        )
        return False

    def _kept(self) -> str:
        path = self._journal.path
        if path is None:
            return ""
        return f", and kept in {path}: kerasweep.tracking.send_unsent sends them"

    @property
    def unsent(self) -> Path | None:
        """The file with what is not in MLflow, if anything is not."""
        return self._journal.path if self._told else None

    @property
    def lost(self) -> bool:
        """Whether the store has stopped answering."""
        return self._lost

    def group_under(self, key: RunKey | None) -> None:
        """Make later roots that name no parent the children of this run."""
        self._group = key

    # The thread ---------------------------------------------------------------------

    def _run(self) -> None:
        due = time.monotonic() + INTERVAL
        idle_since = time.monotonic()
        while True:
            try:
                message = self._queue.get(timeout=max(0.01, due - time.monotonic()))
            except Empty:
                message = None
            if message is not None:
                idle_since = time.monotonic()
                self._take(message)
            if time.monotonic() >= due:
                self._write_all()
                due = time.monotonic() + INTERVAL
            if (
                not self._records
                and not self._dirty
                and time.monotonic() - idle_since > _IDLE
            ):
                with self._lock:
                    if self._queue.empty():
                        self._thread = None
                        return

    def _take(self, message: Any) -> None:
        try:
            if isinstance(message, _Call):
                self._answer(message)
            else:
                self._handle(message)
            self._progress = time.monotonic()
        except Exception as error:
            self._error = self._error or error

    def _answer(self, call: _Call) -> None:
        try:
            store = self._ready()
            self._write_all()
            if self._error is not None and is_outage(self._error):
                raise self._error
            result = call.function(store)
            self._lost = False
            call.future.set_result(result)
        except BaseException as error:
            call.future.set_exception(error)

    def _ready(self) -> Store:
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _handle(self, message: Any) -> None:
        match message:
            case RunAdopted(key, run_id, description):
                self._records[key] = Record(
                    key, ROOT, run_id=run_id, description=description
                )
            case RunStarted():
                self._start(message)
            case MetricsSeen(key, metrics, step, when):
                record = self._records.get(key) or self._reopened(key)
                if record is not None:
                    record.add(metrics, step, when)
                    self._dirty[key] = record
            case RunTagged(key, tags):
                record = self._records.get(key) or self._reopened(key)
                if record is not None:
                    record.tags.update(tags)
                    self._dirty[key] = record
                    self._write(record)  # a kill must not lose a finished result
            case RunEnded():
                self._end(message)
            case DataUsed(key, _):
                if key in self._records:
                    self._records[key].data = message
                    self._dirty[key] = self._records[key]
            case SearchResults():
                self._settle(message)
            case RootClosed():
                self._close(message)

    def _start(self, message: RunStarted) -> None:
        record = Record(
            key=message.key,
            run_id=self._known_runs.get(message.key),
            stage=message.stage,
            name=message.name,
            parent=message.parent or self._group,
            start=message.time,
            last=message.time,
            description=message.description,
            params=dict(message.params),
            tags=dict(message.tags or {}),
            has_params=bool(message.params),
        )
        self._records[message.key] = record
        self._dirty[message.key] = record
        self._create(record)  # at once: a fit is seen while it runs

    def _end(self, message: RunEnded) -> None:
        record = self._records.get(message.key)
        if record is None or record.state == "FAILED":
            return
        record.add(message.metrics or {}, 0, message.time)
        record.finish(message.status, message.error, message.time)
        self._dirty[message.key] = record

    def _settle(self, results: SearchResults) -> None:
        """Fill in, from a search's results, what its runs do not have yet."""
        for split in results.splits:
            record = self._records.get(split.key)
            if record is None:
                record = self._unseen(split, results)
            self._complete(record, split, results.time)
            self._dirty[record.key] = record
        record = self._records.get(results.key)
        if record is not None:
            record.add(results.metrics, 0, results.time)
            record.params.update(results.params)
            record.table = results.table
            record.description = f"{record.description}\n\n{results.summary}".strip()
            record.tags["mlflow.note.content"] = record.description
            self._dirty[record.key] = record

    def _unseen(self, split: SplitResult, results: SearchResults) -> Record:
        """Return a record for a fit of which no message came."""
        record = Record(
            key=split.key,
            stage=CANDIDATE,
            name=split.name,
            parent=results.key,
            start=results.time,
            last=results.time,
            description=split.description,
        )
        self._records[split.key] = record
        return record

    def _complete(self, record: Record, split: SplitResult, when: int) -> None:
        if not record.has_params:
            record.params.update(split.params)
            record.has_params = True
            if record.run_id is not None and record.name != split.name:
                record.tags["mlflow.runName"] = split.name
        elif "n_resources" in split.params:
            record.params["n_resources"] = split.params["n_resources"]
        missing = {k: v for k, v in split.metrics.items() if k not in record.seen}
        if missing:
            record.add(missing, 0, when)
        if split.failed and record.state != "FAILED":
            record.finish("FAILED", NO_SCORE, record.end or record.last)
        elif record.state is None:
            record.finish("FINISHED", None, record.last)

    def _close(self, message: RootClosed) -> None:
        """End what is open of a tree, then forget the tree."""
        for key, record in list(self._records.items()):
            if message.key.holds(key) and record.state is None:
                record.finish(message.status, message.error, message.time)
                self._dirty[key] = record
        root = self._records.get(message.key)
        if root is not None and message.terminate:
            root.finish(message.status, message.error, message.time)
            self._dirty[message.key] = root
        self._write_all()
        for key in [k for k in self._records if message.key.holds(k)]:
            del self._records[key]
        if message.terminate and message.key in self._records:
            run_id = self._records.pop(message.key).run_id
            if run_id is not None:
                self._closed[message.key] = run_id
        for key in list(self._closed)[:-_REMEMBERED]:
            del self._closed[key]

    def _reopened(self, key: RunKey) -> Record | None:
        """Return a record for a number that comes late, as a fold's score does."""
        if key in self._dirty:
            return self._dirty[key]
        if key in self._closed:
            return Record(key, ROOT, run_id=self._closed[key])
        return None

    # Writing ------------------------------------------------------------------------

    def _create(self, record: Record) -> str:
        if record.run_id is None:
            store = self._ready()
            parent = None
            if record.parent is not None and record.parent in self._records:
                parent = self._create(self._records[record.parent])
            tags = {"stage": record.stage}
            if record.description:
                tags["mlflow.note.content"] = record.description
            record.run_id = store.create_run(record.name, tags, parent, record.start)
            self._journal.add(RunCreated(record.key, record.run_id))
        return record.run_id

    def _write_all(self) -> None:
        """Write what has gathered; keep, for the next time, what fails."""
        failure: BaseException | None = None
        for key, record in list(self._dirty.items()):
            try:
                self._write(record)
            except Exception as error:
                failure = failure or error
                if is_outage(error):
                    break
                continue  # the others have another fate
            self._dirty.pop(key, None)
            self._progress = time.monotonic()
            self._lost = False
        self._error = failure and (self._error or failure)

    def _write(self, record: Record) -> None:
        store = self._ready()
        run_id = self._create(record)
        if record.params and record.stage == ROOT:
            store.log_new_params(run_id, record.params)
            record.params = {}
        if record.metrics or record.params or record.tags:
            store.log(run_id, record.metrics, record.params, record.tags)
            record.metrics, record.params, record.tags = [], {}, {}
        if record.data is not None:
            store.log_dataset(run_id, record.data.data, *self._describe_data())
            record.data = None
        if record.table is not None:
            store.log_text(run_id, record.table, "cv_results.csv")
            record.table = None
        if record.state_to_write is not None:
            store.end(run_id, record.state_to_write, record.end or now())
            record.state_to_write = None
