"""What was told to the writer, in a local file until all of it is in MLflow."""

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

from kerasweep.tracking import _messages as messages
from kerasweep.tracking._messages import DataSummary, RunKey, SplitResult

try:
    import fcntl
except ImportError:  # Windows: files are dropped for their age alone
    fcntl = None  # type: ignore[assignment]

_DAYS_KEPT = 30
_A_DAY = 24 * 3600
#: The line that says how many of the messages before it are in MLflow.
_WRITTEN = "written"
_KINDS = {
    kind.__name__: kind
    for kind in (
        messages.GroupSet,
        messages.RunAdopted,
        messages.RunStarted,
        messages.MetricsSeen,
        messages.RunTagged,
        messages.RunEnded,
        messages.DataUsed,
        messages.SearchResults,
        messages.RootClosed,
        messages.RunCreated,
    )
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
        if kind not in _KINDS or self._failed:
            return
        try:
            with self._lock:
                if self._file is None:
                    self._file = self._open()
                self._append({"kind": kind, **message._asdict()})
        except (OSError, TypeError, ValueError):
            self._failed = True

    def note_written(self, n_messages: int) -> None:
        """Note that so many messages, from the first one on, are in MLflow."""
        with self._lock, suppress(OSError, ValueError):
            if self._file is not None and not self._failed:
                self._append({_WRITTEN: n_messages})

    def _append(self, fields: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.write(json.dumps(fields) + "\n")
        self._file.flush()

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


def read_journal(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Read the messages of a journal.

    Parameters
    ----------
    path : str or path-like

    Yields
    ------
    message : NamedTuple
        One of :mod:`kerasweep.tracking._messages`. A last line that is cut short is
        left out.

    Raises
    ------
    ValueError
        If the file is no journal.
    """
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        try:
            fields = json.loads(line)
            if _WRITTEN in fields:
                continue
            kind = _KINDS[fields.pop("kind")]
            yield kind(**_revived(fields))
        except (ValueError, KeyError, TypeError, AttributeError):
            if number and number == len(lines) - 1:
                return
            raise ValueError(
                f"path of send_unsent must be a journal of MlflowTracking. Line "
                f"{number + 1} of {path} is none of it."
            ) from None


def _revived(fields: dict[str, Any]) -> dict[str, Any]:
    for name in ("key", "parent"):
        if fields.get(name) is not None:
            fields[name] = _key(fields[name])
    if "data" in fields:
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
        n_messages += kind is not None and kind != messages.RunCreated.__name__
    return n_messages <= n_written
