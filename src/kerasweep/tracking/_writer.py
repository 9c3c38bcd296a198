"""The one writer: a thread that turns messages into MLflow calls, in batches.

Messages come into the queue of a `Writer`, which a file keeps until they are in MLflow.
Its thread gives them to a `Ledger`: what is known of each run, and what of that is not
yet written. The thread writes what has gathered every second, what is urgent at once,
and all of it before it answers a call of the main process.
"""

import threading
import time
import warnings
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from kerasweep.tracking._messages import (
    GroupSet,
    RootClosed,
    RunKey,
    RunRecord,
    RunUpdate,
    SearchResults,
    SplitResult,
    now,
)
from kerasweep.tracking._store import Store, is_outage
from kerasweep.tracking._tasks import CANDIDATE

if TYPE_CHECKING:
    from kerasweep.tracking._unsent import Journal

#: Seconds between two writes of what has gathered.
INTERVAL = 1.0
#: Seconds in which what is urgent gathers: a fit's end, and the next one's begin.
_GATHERING = 0.03
#: Seconds without any progress after which the store counts as lost.
PATIENCE = 60.0
_IDLE = 5.0
#: Ended outermost fits that may still be sent a score.
_REMEMBERED = 1000
#: Runs in one transaction, for which others of a database may have to wait.
_RUNS_TOGETHER = 20
LOST = "The worker that trained it was lost; another run has its fit."
NO_SCORE = "The fit raised an error, or its score is not a number: see the warnings."


class _Call(NamedTuple):
    """Something that the main process asks for, and waits for."""

    function: Callable[[Store], Any]
    future: Future
    after_all: bool


_writers: "weakref.WeakSet[Writer]" = weakref.WeakSet()


def send_by_its_writer(path: Path, uri: str) -> bool:
    """Let the writer of this process that a journal belongs to write all of it."""
    return any(writer.send(path, uri) for writer in list(_writers))


class Writer:
    """Drains a queue in one thread, the only one that writes to MLflow.

    Parameters
    ----------
    open_store : callable
        Returns the store; called once, in the thread.
    describe_data : callable
        Returns the (name, source) that the user gave the data.
    journal : Journal
        Where messages are kept until they are in MLflow.
    known_runs : dict of RunKey to str, default=None
        Runs that the store has already.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        describe_data: Callable[[], tuple[str | None, str | None]],
        journal: "Journal",
        known_runs: Mapping[RunKey, str] | None = None,
    ) -> None:
        self._journal = journal
        self._open_store = open_store
        self._ledger = Ledger(self._get_store, describe_data, journal, known_runs or {})
        self._store: Store | None = None
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._progress = time.monotonic()
        self._answered = -float("inf")
        self._error: BaseException | None = None
        self._lost = False
        self._has_warned = False
        self._n_taken = 0
        self._n_noted_as_written = 0
        _writers.add(self)

    # Any thread ---------------------------------------------------------------------

    def put(self, message: Any) -> None:
        """Accept a message; returns at once."""
        with self._lock:
            self._journal.add(message)
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
        after_all: bool = True,
    ) -> Any:
        """Run `function(store)` in the thread, and return what it returns.

        All that came before is written first, unless `after_all` is False.

        A store that refuses for a while, such as a locked database, is asked again
        for `patience` seconds, unless `again` is False.

        Raises
        ------
        TimeoutError
            If the store makes no progress for `patience` seconds.

        Warns
        -----
        UserWarning
            If MLflow has refused something meanwhile, which is then left out.
        """
        try:
            if patience is None:
                patience = PATIENCE
            return self._call(function, patience, again, after_all)
        finally:
            if self._store is not None:
                self._store.refusals.warn()

    def _call(
        self,
        function: Callable[[Store], Any],
        patience: float,
        again: bool,
        after_all: bool,
    ) -> Any:
        deadline = time.monotonic() + patience
        while True:
            try:
                return self._ask(function, patience, after_all)
            except Exception as error:
                refuses = is_outage(error) and not isinstance(error, TimeoutError)
                if not again or not refuses:
                    raise
                if time.monotonic() + INTERVAL > deadline:
                    self._lost = True
                    raise
            time.sleep(INTERVAL)

    def _ask(
        self, function: Callable[[Store], Any], patience: float, after_all: bool
    ) -> Any:
        if self._lost:
            raise TimeoutError("the tracking store had stopped answering before")
        future: Future = Future()
        self._progress = time.monotonic()
        self.put(_Call(function, future, after_all))
        while True:
            try:
                return future.result(timeout=min(0.5, patience))
            except TimeoutError:
                if future.done():
                    raise
                last = max(self._progress, self._ledger.progress)
                if time.monotonic() - last > patience:
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
            self._has_warned = False
            if not self._ledger.has_open_runs:
                self._clear_journal()
            return True
        if self._has_warned:
            return False
        self._has_warned = True
        self._error = None
        warnings.warn(
            f"MLflow has not recorded everything: {self._ledger.n_unwritten} runs of "
            f"fits are missing or incomplete, because of {type(error).__name__}: "
            f"{' '.join(str(error).split())[:300]}. The results themselves are "
            f"complete{self._where_it_is_kept()}.",
            stacklevel=2,
        )
        return False

    def _clear_journal(self) -> None:
        """Clear the journal, unless something has come meanwhile."""
        with self._lock:
            if self._queue.empty():
                self._journal.clear()
                self._n_taken = self._n_noted_as_written = 0

    def _where_it_is_kept(self) -> str:
        path = self._journal.path
        if path is None:
            return ""
        return f", and kept in {path}: kerasweep.tracking.send_unsent sends them"

    @property
    def unsent(self) -> Path | None:
        """The file with what is not in MLflow, if anything is not."""
        return self._journal.path if self._has_warned else None

    def send(self, path: Path, uri: str) -> bool:
        """Write what a journal holds if it is this writer's own, of this store."""
        own = self._journal.path
        if own is None or own.absolute() != path.absolute():
            return False
        if self._store is None or self._store.uri != uri:
            return False
        self._lost = False
        return self.flush()

    @property
    def lost(self) -> bool:
        """Whether the store has stopped answering."""
        return self._lost

    def has_answered_within(self, seconds: float) -> bool:
        """Whether the store took something so lately that it must be there."""
        return self._answered > time.monotonic() - seconds and self._error is None

    # The thread ---------------------------------------------------------------------

    def _run(self) -> None:
        due = time.monotonic() + INTERVAL
        idle_since = time.monotonic()
        urgent: float | None = None
        while True:
            until = due if urgent is None else min(due, urgent)
            try:
                message = self._queue.get(timeout=max(0.001, until - time.monotonic()))
            except Empty:
                message = None
            if message is not None:
                idle_since = time.monotonic()
                self._take_in(message)
            if not self._ledger.is_urgent:
                urgent = None
            elif urgent is None:
                urgent = time.monotonic() + _GATHERING
            elif time.monotonic() >= urgent:
                self._note(self._ledger.write_urgent)
                urgent = None
            if time.monotonic() >= due:
                self._write_all()
                due = time.monotonic() + INTERVAL
                # once the user was told of the file, it is theirs to send
                if self._ledger.is_empty and not (self._error or self._has_warned):
                    self._clear_journal()
            if self._ledger.is_empty and time.monotonic() - idle_since > _IDLE:
                with self._lock:
                    if self._queue.empty():
                        self._thread = None
                        return

    def _take_in(self, message: Any) -> None:
        try:
            if isinstance(message, _Call):
                self._answer_call(message)
            else:
                self._n_taken += 1
                self._ledger.handle(message)
            self._progress = time.monotonic()
        except Exception as error:
            self._error = self._error or error

    def _answer_call(self, call: _Call) -> None:
        try:
            store = self._get_store()
            if call.after_all:
                self._write_all()
            if self._error is not None and is_outage(self._error):
                raise self._error
            result = call.function(store)
            self._lost, self._answered = False, time.monotonic()
            call.future.set_result(result)
        except BaseException as error:
            call.future.set_exception(error)

    def _note(self, write: Callable[[], BaseException | None]) -> BaseException | None:
        """Write something, and note if the store answered."""
        before = self._ledger.progress
        failure = write()
        if failure is not None:
            self._error = self._error or failure
        if self._ledger.progress != before:
            self._progress = self._answered = time.monotonic()
            self._lost = False
        return failure

    def _write_all(self) -> None:
        failure = self._note(self._ledger.write_all)
        if failure is None:
            self._error = None
        if failure is None and self._n_taken > self._n_noted_as_written:
            self._n_noted_as_written = self._n_taken
            self._journal.note_written(self._n_noted_as_written)

    def _get_store(self) -> Store:
        if self._store is None:
            self._store = self._open_store()
        return self._store


class Ledger:
    """Turns messages into records, and records into MLflow calls.

    Used by one thread; `is_empty` and `n_unwritten` may be asked by any.

    Parameters
    ----------
    get_store : callable
        Returns the store, once it is open.
    describe_data : callable
        Returns the (name, source) that the user gave the data.
    journal : Journal
        Told of each run that is made.
    known_runs : dict of RunKey to str
        Runs that the store has already.
    """

    def __init__(
        self,
        get_store: Callable[[], Store],
        describe_data: Callable[[], tuple[str | None, str | None]],
        journal: "Journal",
        known_runs: Mapping[RunKey, str],
    ) -> None:
        self._get_store = get_store
        self._describe_data = describe_data
        self._journal = journal
        self._known_runs = known_runs
        self._records: dict[RunKey, RunRecord] = {}
        self._dirty: dict[RunKey, RunRecord] = {}
        self._closed: dict[RunKey, str] = {}
        self._urgent: dict[RunKey, None] = {}
        #: When something was last written, by ``time.monotonic``.
        self.progress = time.monotonic()
        self._group: RunKey | None = None

    @property
    def has_open_runs(self) -> bool:
        """Whether any fit goes on."""
        return bool(self._records)

    @property
    def is_empty(self) -> bool:
        """Whether no fit goes on, and all is written."""
        return not self._records and not self._dirty

    @property
    def n_unwritten(self) -> int:
        """How many candidates' runs are missing or incomplete."""
        return sum(r.stage == CANDIDATE for r in self._dirty.copy().values())

    def handle(self, message: Any) -> None:
        """Take in a message."""
        match message:
            case RunRecord():
                self._begin(message)
            case RunUpdate():
                self._update(message)
            case GroupSet(key):
                self._group = key
            case SearchResults():
                self._fill_in_results(message)
            case RootClosed():
                self._close(message)

    def _begin(self, record: RunRecord) -> None:
        if record.run_id is not None:
            record.opened = True
            self._records[record.key] = record
            return
        self._end_lost_run(record)
        self._records[record.key] = record
        record.run_id = self._known_runs.get(record.key)
        record.parent = record.parent or self._group
        record.has_all_params = bool(record.params)
        record.parent_record = self._parent_record(record)
        self._dirty[record.key] = record
        self._urgent[record.key] = None

    def _end_lost_run(self, again: RunRecord) -> None:
        """End the run of a fit that is begun again: a cluster lost its worker."""
        lost = self._records.get(again.key)
        if lost is None or lost.run_id in (None, self._known_runs.get(again.key)):
            return
        lost.finish("KILLED", LOST, again.start)
        self._dirty[again.key.of_lost(lost.run_id)] = lost

    def _update(self, update: RunUpdate) -> None:
        record = self._records.get(update.key)
        if update.status is not None:
            if record is None or record.status == "FAILED":
                return
            record.add(update.metrics, update.step, update.time)
            record.finish(update.status, update.error, update.time)
        else:
            record = record or self._reopened(update.key)
            if record is None:
                return
            record.add(update.metrics, update.step, update.time)
            record.data = update.data or record.data
        if update.tags:
            record.tags.update(update.tags)
            self._urgent[update.key] = None
        self._dirty[update.key] = record

    def _fill_in_results(self, results: SearchResults) -> None:
        """Fill in, from a search's results, what its runs do not have yet."""
        for split in results.splits:
            record = self._records.get(split.key)
            if record is None:
                record = self._record_unseen(split, results)
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

    def _record_unseen(self, split: SplitResult, results: SearchResults) -> RunRecord:
        """Return a record for a fit of which no message came."""
        record = RunRecord(
            key=split.key,
            stage=CANDIDATE,
            name=split.name,
            parent=results.key,
            start=results.time,
            description=split.description,
        )
        record.parent_record = self._parent_record(record)
        self._records[split.key] = record
        return record

    def _complete(self, record: RunRecord, split: SplitResult, when: int) -> None:
        if not record.has_all_params:
            record.params.update(split.params)
            record.has_all_params = True
            if record.run_id is not None and record.name != split.name:
                record.tags["mlflow.runName"] = split.name
        elif "n_resources" in split.params:
            record.params["n_resources"] = split.params["n_resources"]
        known = record.metric_names
        missing = {k: v for k, v in split.metrics.items() if k not in known}
        record.add(missing, 0, when)
        if split.failed and record.status != "FAILED":
            record.finish("FAILED", NO_SCORE, record.end or record.last)
        elif record.status is None:
            record.finish("FINISHED", None, record.last)

    def _close(self, message: RootClosed) -> None:
        """End what is open of a tree, then forget the tree."""
        for key, record in list(self._records.items()):
            if message.key.holds(key) and record.status is None:
                record.finish(message.status, message.error, message.time)
                self._dirty[key] = record
        root = self._records.get(message.key)
        if root is not None and message.terminate and not message.run_goes_on:
            root.finish(message.status, message.error, message.time)
            self._dirty[message.key] = root
        self.write_all()
        for key in [k for k in self._records if message.key.holds(k)]:
            del self._records[key]
        if message.terminate and message.key in self._records:
            run_id = self._records.pop(message.key).run_id
            if run_id is not None:
                self._closed[message.key] = run_id
        for key in list(self._closed)[:-_REMEMBERED]:
            del self._closed[key]

    def _reopened(self, key: RunKey) -> RunRecord | None:
        """Return a record for what comes late, as a fold's score does."""
        if key in self._dirty:
            return self._dirty[key]
        if key in self._closed:
            return RunRecord(key, run_id=self._closed[key], opened=True)
        return None

    def _parent_record(self, record: RunRecord) -> RunRecord | None:
        """Return the parent's record, in an outage one that its fit has left behind."""
        if record.parent is None:
            return None
        return self._records.get(record.parent) or self._reopened(record.parent)

    # Writing ------------------------------------------------------------------------

    def _create(self, record: RunRecord) -> str:
        if record.run_id is None:
            above = record.parent_record or self._parent_record(record)
            parent = None if above is None else self._create(above)
            run_id = self._get_store().create_run(
                record.name, record.first_tags, parent, record.start
            )
            self._note_made(record, run_id)
        return str(record.run_id)

    def _note_made(self, record: RunRecord, run_id: str) -> None:
        record.run_id = run_id
        self._journal.note_run(record.key, run_id)

    @property
    def is_urgent(self) -> bool:
        """Whether a run is to be seen, or a result to be kept, at once."""
        return bool(self._urgent)

    def write_urgent(self) -> BaseException | None:
        """Write the runs that have begun, and the results that a kill must not lose."""
        urgent, self._urgent = self._urgent, {}
        records = {key: self._dirty[key] for key in urgent if key in self._dirty}
        return self._write_these(records, numbers_follow=True)

    def write_all(self) -> BaseException | None:
        """Write what has gathered; keep, for the next time, what fails.

        Returns
        -------
        error : BaseException or None
            The first one.
        """
        self._urgent = {}
        return self._write_these(self._dirty.copy())

    def _write_these(
        self, records: dict[RunKey, RunRecord], numbers_follow: bool = False
    ) -> BaseException | None:
        """Write some; if `numbers_follow`, make those that have just begun, no more."""
        failure: BaseException | None = None
        short = [kr for kr in records.items() if kr[1].has_only_numbers_and_texts]
        try:
            for start in range(0, len(short), _RUNS_TOGETHER):
                some = dict(short[start : start + _RUNS_TOGETHER])
                self._write_together(some, numbers_follow)
        except Exception as error:
            return error
        for key, record in records.items():
            goes_on = record.run_id is not None and record.status is None
            if key not in self._dirty or (numbers_follow and goes_on):
                continue
            try:
                self._write(record)
            except Exception as error:
                failure = failure or error
                if is_outage(error):
                    break
                continue  # the others have another fate
            self._dirty.pop(key, None)
            self.progress = time.monotonic()
        return failure

    def _write_together(
        self, records: dict[RunKey, RunRecord], numbers_follow: bool
    ) -> None:
        """Write some in one transaction; if any is refused, none is, and all stay."""
        for record in records.values():
            if record.run_id is None:
                record.parent_record = record.parent_record or self._parent_record(
                    record
                )
        run_ids = self._get_store().write_together([*records.values()], numbers_follow)
        if run_ids is None:
            return
        for (key, record), run_id in zip(records.items(), run_ids, strict=True):
            more_follows = numbers_follow and record.has_just_begun
            if record.run_id is None:
                self._note_made(record, run_id)
            if not more_follows:
                record.note_written()
                del self._dirty[key]
        self.progress = time.monotonic()

    def _write(self, record: RunRecord) -> None:
        """Write what there is of a run; what MLflow never takes is left out."""
        store = self._get_store()
        run_id = self._create(record)
        failure: BaseException | None = None
        for part in (_write_numbers, self._write_data, _write_table, _write_state):
            try:
                part(store, run_id, record)
            except Exception as error:
                if is_outage(error):
                    raise
                failure = failure or error
        if failure is not None:
            raise failure

    def _write_data(self, store: Store, run_id: str, record: RunRecord) -> None:
        if record.data is not None:
            with store.refusals.passing_over(f"the data set of run {run_id}"):
                store.log_dataset(run_id, record.data, *self._describe_data())
            record.data = None


def _write_numbers(store: Store, run_id: str, record: RunRecord) -> None:
    if record.params and record.opened:
        with store.refusals.passing_over(f"parameters of the deleted run {run_id}"):
            store.log_new_params(run_id, record.params)
        record.params = {}
    if record.metrics or record.params or record.tags:
        store.log(run_id, record.metrics, record.params, record.tags)
        record.metrics, record.params, record.tags = [], {}, {}


def _write_table(store: Store, run_id: str, record: RunRecord) -> None:
    if record.table is not None:
        with store.refusals.passing_over(f"the file cv_results.csv of run {run_id}"):
            store.log_text(run_id, record.table, "cv_results.csv")
        record.table = None


def _write_state(store: Store, run_id: str, record: RunRecord) -> None:
    if record.end_to_write is not None:
        with store.refusals.passing_over(f"the end of the deleted run {run_id}"):
            store.end(run_id, record.end_to_write, record.end or now())
        record.is_end_written = True
