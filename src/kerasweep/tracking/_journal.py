"""What was told to the writer, in a local file until all of it is in MLflow."""

import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from uuid import uuid4

from kerasweep.tracking import _messages as messages
from kerasweep.tracking._messages import DataSummary, RunKey, SplitResult

_DAYS_KEPT = 30
_KINDS = {
    kind.__name__: kind
    for kind in (
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

    A killed process, or a store that never came back, leaves the file. Where it can't
    be written, as on a full disk, there is none: the fits go on.
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
                self._file.write(json.dumps({"kind": kind, **_fields(message)}) + "\n")
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
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:8]}.jsonl"
        for folder in (
            self._folder or cache / "kerasweep" / "unsent",
            Path(tempfile.gettempdir()) / "kerasweep-unsent",
        ):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                _drop_old(folder)
                return (folder / name).open("w", encoding="utf-8")
            except OSError as error:
                reason = error
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
            kind = _KINDS[fields.pop("kind")]
            yield kind(**_revived(fields))
        except (ValueError, KeyError, TypeError, AttributeError):
            if number and number == len(lines) - 1:
                return
            raise ValueError(
                f"path of send_unsent must be a journal of MlflowTracking. Line "
                f"{number + 1} of {path} is none of it."
            ) from None


def _fields(message: NamedTuple) -> dict[str, Any]:
    return message._asdict()


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


def _drop_old(folder: Path) -> None:
    limit = time.time() - _DAYS_KEPT * 24 * 3600
    for old in folder.glob("*.jsonl"):
        if old.stat().st_mtime < limit:
            old.unlink(missing_ok=True)
