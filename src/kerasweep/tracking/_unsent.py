"""What MLflow lacks: kept in a local file, and sent later."""

import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO
from uuid import uuid4

from kerasweep.tracking._health import check_tracking
from kerasweep.tracking._messages import (
    DataSummary,
    GroupSet,
    RootClosed,
    RunKey,
    RunRecord,
    RunUpdate,
    SearchResults,
    SplitResult,
    now,
)
from kerasweep.tracking._store import Store, is_refusal
from kerasweep.tracking._writer import Writer, send_by_its_writer

try:
    import fcntl
except ImportError:  # Windows: files are dropped for their age alone
    fcntl = None  # type: ignore[assignment]

_DAYS_KEPT = 30
_A_DAY = 24 * 3600
#: The line that says how many of the messages before it are in MLflow.
_WRITTEN = "written"
#: The line that says which run a task has in MLflow.
_MADE = "run made"
_KINDS = {
    kind.__name__: kind
    for kind in (RunRecord, RunUpdate, GroupSet, SearchResults, RootClosed)
}


class Journal:
    """Appends each message to a file, which is there only while there are any.

    A killed process, or a store that never came back, leaves the file. The next file
    made beside it removes those of dead processes that MLflow lacks nothing of. Where
    it can't be written, as on a full disk, there is none: the fits go on.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        self._failed = False

    @property
    def path(self) -> Path | None:
        """The file, if it holds anything."""
        return None if self._file is None else Path(self._file.name)

    def add(self, message: Any) -> None:
        """Append a message of a kind that can be replayed."""
        kind = type(message).__name__
        if kind in _KINDS:
            self._append({"kind": kind, **_fields(message)}, opens=True)

    def note_run(self, key: RunKey, run_id: str) -> None:
        """Note that a task's run is in MLflow."""
        self._append({_MADE: run_id, "key": key}, opens=True)

    def note_written(self, n_messages: int) -> None:
        """Note that so many messages, from the first one on, are in MLflow."""
        self._append({_WRITTEN: n_messages}, opens=False)

    def _append(self, fields: dict[str, Any], opens: bool) -> None:
        with self._lock:
            if self._failed or not (opens or self._file):
                return
            try:
                if self._file is None:
                    self._file = self._open()
                self._file.write(json.dumps(fields) + "\n")
                self._file.flush()
            except (OSError, TypeError, ValueError):
                self._failed = True

    def clear(self) -> None:
        """Forget everything: it is in MLflow."""
        with self._lock:
            file, self._file = self._file, None
            self._failed = False
            if file is not None:
                path = Path(file.name)
                try:
                    file.close()
                    path.unlink(missing_ok=True)
                except OSError:
                    pass

    def _open(self) -> TextIO:
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:8]}.jsonl"
        for folder in [self._folder] if self._folder else _folders():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                _drop_sent(folder)
                file = (folder / name).open("w", encoding="utf-8")
            except OSError as error:
                reason = error
                continue
            with suppress(OSError):
                if fcntl is not None:  # until this process ends
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        raise reason


def read_journal(
    path: str | os.PathLike[str],
) -> tuple[list[Any], dict[RunKey, str]]:
    """Read a journal.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    messages : list
        As of :mod:`kerasweep.tracking._messages`. A last line that is cut short is
        left out.
    run_ids : dict of RunKey to str
        The runs that the writer has made.

    Raises
    ------
    ValueError
        If the file is no journal.
    """
    messages: list[Any] = []
    run_ids: dict[RunKey, str] = {}
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        try:
            fields = json.loads(line)
            if _MADE in fields:
                run_ids[_key(fields["key"])] = fields[_MADE]
            elif _WRITTEN not in fields:
                kind = _KINDS[fields.pop("kind")]
                messages.append(kind(**_revived(fields)))
        except (ValueError, KeyError, TypeError, AttributeError):
            if number and number == len(lines) - 1:
                break
            raise ValueError(
                f"path of send_unsent must be a journal of MlflowTracking. Line "
                f"{number + 1} of {path} is none of it."
            ) from None
    return messages, run_ids


def _fields(message: Any) -> dict[str, Any]:
    if isinstance(message, RunRecord):  # as it is sent: the rest is the writer's
        return {name: value for name, value in vars(message).items() if value}
    return message._asdict()


def _revived(fields: dict[str, Any]) -> dict[str, Any]:
    for name in ("key", "parent"):
        if fields.get(name) is not None:
            fields[name] = _key(fields[name])
    if fields.get("data") is not None:
        fields["data"] = DataSummary(*fields["data"])
    if "splits" in fields:
        fields["splits"] = [
            SplitResult(_key(key), *rest) for key, *rest in fields["splits"]
        ]
    return fields


def _key(values: list[Any]) -> RunKey:
    root, path = values
    return RunKey(root, tuple(path))


def _folders() -> list[Path]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [
        cache / "kerasweep" / "unsent",
        Path(tempfile.gettempdir()) / "kerasweep-unsent",
    ]


@contextmanager
def left_behind() -> Iterator[list[Path]]:
    """Give the files of dead processes, which meanwhile no other process is given."""
    found = [path for folder in _folders() for path in sorted(folder.glob("*.jsonl"))]
    locks = {path: _lock_of_dead(path) for path in found}
    try:
        yield [path for path, lock in locks.items() if lock is not None]
    finally:
        for lock in filter(None, locks.values()):
            lock.close()


def _lock_of_dead(path: Path) -> TextIO | None:
    """Return a file open and locked, or None if a living process holds it."""
    if fcntl is None:
        return None
    with suppress(OSError):
        file = path.open(encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        if os.fstat(file.fileno()).st_size:  # else it is just being made
            return file
        file.close()
    return None


def _drop_sent(folder: Path) -> None:
    """Remove what is old, and what dead processes left though all of it was sent."""
    limit = time.time() - _DAYS_KEPT * _A_DAY
    for path in folder.glob("*.jsonl"):
        with suppress(OSError):
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
                continue
            file = _lock_of_dead(path)
            if file is not None:
                with file:
                    if _is_sent(file):
                        path.unlink(missing_ok=True)


def _is_sent(lines: TextIO) -> bool:
    """Whether a journal notes that all of its messages are in MLflow."""
    n_messages, n_written = 0, 0
    for line in lines:
        try:
            fields = json.loads(line)
            n_written = fields.get(_WRITTEN, n_written)
            kind = fields.get("kind")
        except (ValueError, AttributeError):
            return False
        n_messages += kind is not None
    return n_messages <= n_written


def send_unsent(
    path: str | os.PathLike[str], *, tracking_uri: str | None = None
) -> list[str]:
    """Send MLflow what it lacks of a search, from the file that the search left.

    `MlflowTracking` leaves one, and says where, when the store does not come back
    before the search ends; a killed process leaves one, too. Runs that are in the
    store are completed, the others made. Sending twice does no harm.

    Parameters
    ----------
    path : str or path-like
        The file; it is deleted once all of it is in MLflow.
    tracking_uri : str, default=None
        Tracking server or database. By default MLflow's own choice.

    Returns
    -------
    run_ids : list of str
        The runs of the outermost fits.

    Raises
    ------
    ValueError
        If the file is no such file.
    ConnectionError
        If the store can't be written to.
    """
    messages, known_runs = read_journal(path)
    begun = {m.key: m.run_id for m in messages if isinstance(m, RunRecord)}
    roots = [key for key in begun if not any(other.holds(key) for other in begun)]
    opened = [run_id for run_id in map(begun.get, roots) if run_id is not None]
    run_ids = list(dict.fromkeys(opened))
    uri = check_tracking(tracking_uri)
    if send_by_its_writer(Path(path), uri):
        return run_ids
    closed = {m.key for m in messages if isinstance(m, RootClosed) and m.terminate}
    messages += [
        RootClosed(key, "KILLED", None, now(), terminate=True)
        for key in roots
        if key not in closed
    ]
    store = Store(uri, None)
    if run_ids:
        store.experiment_id = _experiment_of(store, run_ids[0], path)
    writer = Writer(lambda: store, lambda: (None, None), _NoJournal(), known_runs)
    for message in messages:
        writer.put(message)
    if not writer.flush():
        raise ConnectionError(
            f"The tracking store {store.uri} has not taken everything: {path} is kept."
        )
    Path(path).unlink(missing_ok=True)
    return run_ids


def send_left_behind(uri: str | None) -> None:
    """Send a store what dead processes have left of runs that are in it."""
    with left_behind() as paths:
        for path in paths:
            # of another store, or no journal, or the store has gone: it stays
            with suppress(ValueError, OSError):
                if any(getattr(m, "run_id", None) for m in read_journal(path)[0]):
                    send_unsent(path, tracking_uri=uri)


def _experiment_of(store: Store, run_id: str, path: Any) -> str:
    try:
        return store.client.get_run(run_id).info.experiment_id
    except Exception as error:
        if not is_refusal(error):
            raise
        raise ValueError(
            f"path of send_unsent must be of runs in {store.uri}. Got {path}, whose "
            f"run {run_id} is not there."
        ) from None


class _NoJournal(Journal):
    """The file is there already."""

    def _append(self, fields: dict[str, Any], opens: bool) -> None:
        """Do nothing."""
