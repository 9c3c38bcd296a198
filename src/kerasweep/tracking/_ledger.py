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
from kerasweep.tracking._run_record import ROOT, Record
from kerasweep.tracking._store import Store
from kerasweep.tracking._tasks import CANDIDATE

#: Ended outermost fits that may still be sent a score.
_REMEMBERED = 1000
#: Runs in one transaction, for which others of a database may have to wait.
_RUNS_TOGETHER = 20
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
        self._urgent: dict[RunKey, None] = {}
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
                    self._urgent[key] = None
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
        self._urgent[message.key] = None

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
            above = record.above or self._above(record)
            parent = None if above is None else self._create(above)
            run_id = self._ready().create_run(
                record.name, record.first_tags, parent, record.start
            )
            self._made(record, run_id)
        return str(record.run_id)

    def _made(self, record: Record, run_id: str) -> None:
        record.run_id = run_id
        self._journal.add(RunCreated(record.key, run_id))

    @property
    def is_urgent(self) -> bool:
        """Whether a run is to be seen, or a result to be kept, at once."""
        return bool(self._urgent)

    def write_urgent(self) -> BaseException | None:
        """Write the runs that have begun, and the results that a kill must not lose."""
        urgent, self._urgent = self._urgent, {}
        records = {key: self._dirty[key] for key in urgent if key in self._dirty}
        return self._write_these(records, bare=True)

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
        self, records: dict[RunKey, Record], bare: bool = False
    ) -> BaseException | None:
        """Write some; if `bare`, make those that have just begun, and no more."""
        failure: BaseException | None = None
        short = [(key, record) for key, record in records.items() if record.is_short]
        try:
            for start in range(0, len(short), _RUNS_TOGETHER):
                self._write_together(dict(short[start : start + _RUNS_TOGETHER]), bare)
        except Exception as error:
            return error
        for key, record in records.items():
            if key not in self._dirty or (bare and record.run_id and not record.state):
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

    def _write_together(self, records: dict[RunKey, Record], bare: bool) -> None:
        """Write some in one transaction; if any is refused, none is, and all stay."""
        places = {id(record): place for place, record in enumerate(records.values())}
        writes = []
        for place, record in enumerate(records.values()):
            above = record.above or self._above(record)
            parent: str | int | None = None
            if record.run_id is None and above is not None:
                parent = above.run_id
                if parent is None:
                    parent = places.get(id(above), place)
                    if parent >= place:  # it has to be made before
                        return
            writes.append(record.to_write(parent, bare))
        run_ids = self._ready().write_together(writes)
        if run_ids is None:
            return
        for (key, record), run_id in zip(records.items(), run_ids, strict=True):
            is_bare = bare and record.has_just_begun
            if record.run_id is None:
                self._made(record, run_id)
            if not is_bare:
                record.clear_numbers()
                del self._dirty[key]
        self.progress = time.monotonic()

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
