"""What is known of each run, and what of that is not yet in MLflow."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from kerasweep.tracking._careful import is_outage
from kerasweep.tracking._journal import Journal
from kerasweep.tracking._messages import (
    DataUsed,
    GroupSet,
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
from kerasweep.tracking._store import Store
from kerasweep.tracking._tasks import CANDIDATE

#: Ended outermost fits that may still be sent a score.
_REMEMBERED = 1000
#: Stage of a run that the main process made: its tags are already written.
ROOT = "root"
LOST = "The worker that trained it was lost; another run has its fit."
NO_SCORE = "The fit raised an error, or its score is not a number: see the warnings."


class Ledger:
    """Turns messages into records, and records into MLflow calls.

    Used by one thread; `is_empty` and `n_unwritten` may be asked by any.

    Parameters
    ----------
    ready : callable
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
        ready: Callable[[], Store],
        describe_data: Callable[[], tuple[str | None, str | None]],
        journal: Journal,
        known_runs: Mapping[RunKey, str],
    ) -> None:
        self._ready = ready
        self._describe_data = describe_data
        self._journal = journal
        self._known_runs = known_runs
        self._records: dict[RunKey, Record] = {}
        self._dirty: dict[RunKey, Record] = {}
        self._closed: dict[RunKey, str] = {}
        #: When something was last written, by ``time.monotonic``.
        self.progress = time.monotonic()
        self._group: RunKey | None = None

    @property
    def has_open_fits(self) -> bool:
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
            case RunAdopted(key, run_id, description):
                self._records[key] = Record(
                    key, ROOT, run_id=run_id, description=description
                )
            case GroupSet(key):
                self._group = key
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
        self._lose(message)
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
        record.above = self._above(record)
        self._records[message.key] = record
        self._dirty[message.key] = record
        self._create(record)  # at once: a fit is seen while it runs

    def _lose(self, again: RunStarted) -> None:
        """End the run of a fit that is begun again: a cluster lost its worker."""
        lost = self._records.get(again.key)
        if lost is None or lost.run_id in (None, self._known_runs.get(again.key)):
            return
        lost.finish("KILLED", LOST, again.time)
        self._dirty[again.key.of_lost(lost.run_id)] = lost

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
        record.above = self._above(record)
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

    def _reopened(self, key: RunKey) -> Record | None:
        """Return a record for what comes late, as a fold's score does."""
        if key in self._dirty:
            return self._dirty[key]
        if key in self._closed:
            return Record(key, ROOT, run_id=self._closed[key])
        return None

    def _above(self, record: Record) -> Record | None:
        """Return the parent's record, in an outage one that its fit has left behind."""
        if record.parent is None:
            return None
        return self._records.get(record.parent) or self._reopened(record.parent)

    # Writing ------------------------------------------------------------------------

    def _create(self, record: Record) -> str:
        if record.run_id is None:
            store = self._ready()
            above = record.above or self._above(record)
            parent = None if above is None else self._create(above)
            tags = {"stage": record.stage}
            if record.description:
                tags["mlflow.note.content"] = record.description
            record.run_id = store.create_run(record.name, tags, parent, record.start)
            self._journal.add(RunCreated(record.key, record.run_id))
        return record.run_id

    def write_all(self) -> BaseException | None:
        """Write what has gathered; keep, for the next time, what fails.

        Returns
        -------
        error : BaseException or None
            The first one.
        """
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
            self.progress = time.monotonic()
        return failure

    def _write(self, record: Record) -> None:
        """Write what there is of a run; what MLflow never takes is left out."""
        store = self._ready()
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

    def _write_data(self, store: Store, run_id: str, record: Record) -> None:
        if record.data is not None:
            with store.refusals.skipping(f"the data set of run {run_id}"):
                store.log_dataset(run_id, record.data.data, *self._describe_data())
            record.data = None


def _write_numbers(store: Store, run_id: str, record: Record) -> None:
    if record.params and record.stage == ROOT:
        with store.refusals.skipping(f"parameters of the deleted run {run_id}"):
            store.log_new_params(run_id, record.params)
        record.params = {}
    if record.metrics or record.params or record.tags:
        store.log(run_id, record.metrics, record.params, record.tags)
        record.metrics, record.params, record.tags = [], {}, {}


def _write_table(store: Store, run_id: str, record: Record) -> None:
    if record.table is not None:
        with store.refusals.skipping(f"the file cv_results.csv of run {run_id}"):
            store.log_text(run_id, record.table, "cv_results.csv")
        record.table = None


def _write_state(store: Store, run_id: str, record: Record) -> None:
    if record.state_to_write is not None:
        with store.refusals.skipping(f"the end of the deleted run {run_id}"):
            store.end(run_id, record.state_to_write, record.end or now())
        record.state_to_write = None
