"""One process at a time may open a database: a fresh one is migrated then."""

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

#: Seconds that another process's migration may take.
_PATIENCE = 120.0


@contextmanager
def opening(uri: str) -> Iterator[None]:
    """Let no other process of this package open the same SQLite database meanwhile.

    Two that migrate a fresh one at once break it. The lock is SQLite's own, on an empty
    file in the system's temporary folder, and ends with the process that holds it.
    """
    name = uri.partition(":///")[2].partition("?")[0]
    if not uri.startswith("sqlite") or not name:
        yield
        return
    digest = hashlib.sha256(str(Path(name).absolute()).encode()).hexdigest()[:16]
    file = Path(tempfile.gettempdir(), f"kerasweep-{digest}.lock")
    try:
        lock = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:  # without a lock, as MLflow itself
        yield
        return
    with closing(lock):
        yield
