"""The one writer: a thread that turns messages into MLflow calls, in batches."""

import threading
import time
import warnings
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from kerasweep.tracking._careful import is_outage
from kerasweep.tracking._journal import Journal
from kerasweep.tracking._ledger import Ledger
from kerasweep.tracking._messages import RunKey
from kerasweep.tracking._store import Store

#: Seconds between two writes of what has gathered.
INTERVAL = 1.0
#: Seconds in which what is urgent gathers: a fit's end, and the next one's begin.
_GATHERING = 0.03
#: Seconds without any progress after which the store counts as lost.
PATIENCE = 60.0
_IDLE = 5.0


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
        self._open_store = open_store
        self._ledger = Ledger(
            self._ready, describe_data, self._journal, known_runs or {}
        )
        self._store: Store | None = None
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._progress = time.monotonic()
        self._answered = -float("inf")
        self._error: BaseException | None = None
        self._lost = False
        self._told = False
        self._n_taken = 0
        self._n_noted = 0
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
                self._store.refusals.tell()

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
            self._told = False
            if not self._ledger.has_open_fits:
                self._forget()
            return True
        if self._told:
            return False
        self._told = True
        self._error = None
        warnings.warn(
            f"MLflow has not recorded everything: {self._ledger.n_unwritten} runs of "
            f"fits are missing or incomplete, because of {type(error).__name__}: "
            f"{' '.join(str(error).split())[:300]}. The results themselves are "
            f"complete{self._kept()}.",
            stacklevel=2,
        )
        return False

    def _forget(self) -> None:
        """Clear the journal, unless something has come meanwhile."""
        with self._lock:
            if self._queue.empty():
                self._journal.clear()
                self._n_taken = self._n_noted = 0

    def _kept(self) -> str:
        path = self._journal.path
        if path is None:
            return ""
        return f", and kept in {path}: kerasweep.tracking.send_unsent sends them"

    @property
    def unsent(self) -> Path | None:
        """The file with what is not in MLflow, if anything is not."""
        return self._journal.path if self._told else None

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
                self._take(message)
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
                if self._ledger.is_empty and not (self._error or self._told):
                    self._forget()
            if self._ledger.is_empty and time.monotonic() - idle_since > _IDLE:
                with self._lock:
                    if self._queue.empty():
                        self._thread = None
                        return

    def _take(self, message: Any) -> None:
        try:
            if isinstance(message, _Call):
                self._answer(message)
            else:
                self._n_taken += 1
                self._ledger.handle(message)
            self._progress = time.monotonic()
        except Exception as error:
            self._error = self._error or error

    def _answer(self, call: _Call) -> None:
        try:
            store = self._ready()
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
        if failure is None and self._n_taken > self._n_noted:
            self._n_noted = self._n_taken
            self._journal.note_written(self._n_noted)

    def _ready(self) -> Store:
        if self._store is None:
            self._store = self._open_store()
        return self._store
