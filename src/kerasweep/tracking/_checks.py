"""Whether the tracking store can be written to, found out before any training."""

import socket
import sqlite3
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def resolve_uri(uri: str | None) -> str:
    """Return the tracking URI: the argument, or else MLflow's own choice."""
    if uri is not None:
        return str(uri)
    import mlflow

    return mlflow.get_tracking_uri()


def check_tracking(uri: str | None = None, timeout: float = 15.0) -> str:
    """Check, within `timeout` seconds, that the tracking store can be written to.

    MLflow itself retries for minutes before it says that a server is unreachable.

    Parameters
    ----------
    uri : str, default=None
        Tracking URI. By default the one that MLflow uses: what
        ``mlflow.set_tracking_uri`` or ``MLFLOW_TRACKING_URI`` says, or
        ``sqlite:///mlflow.db``.
    timeout : float, default=15.0
        Seconds to wait for an answer.

    Returns
    -------
    uri : str
        The URI that was checked.

    Raises
    ------
    ConnectionError
        If the server does not answer, or the database is locked, broken or
        read-only. The message is one sentence.
    """
    uri = resolve_uri(uri)
    scheme = urlsplit(uri).scheme.partition("+")[0]
    if scheme in ("http", "https"):
        _check_server(uri, timeout)
    elif scheme == "sqlite":
        _check_sqlite(uri, timeout)
    elif scheme in _PORTS:
        _check_port(uri, _PORTS[scheme], timeout)
    return uri


def _check_server(uri: str, timeout: float) -> None:
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=timeout):
            pass
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise ConnectionError(
                f"The MLflow server at {uri} answers with an error "
                f"({error.code} {error.reason}); see its log."
            ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ConnectionError(
            f"The MLflow server at {uri} can't be reached ({reason}): start it, or "
            "choose another tracking URI such as sqlite:///mlflow.db."
        ) from None


def _check_port(uri: str, port: int, timeout: float) -> None:
    parts = urlsplit(uri)
    where = (parts.hostname or "localhost", parts.port or port)
    try:
        socket.create_connection(where, timeout=timeout).close()
    except OSError as error:
        raise ConnectionError(
            f"The tracking database at {where[0]}:{where[1]} can't be reached "
            f"({error})."
        ) from None


def _check_sqlite(uri: str, timeout: float) -> None:
    name = uri.partition(":///")[2].partition("?")[0]
    if not name or name == ":memory:":
        raise ConnectionError(
            f"The tracking URI {uri} names no file, so nothing would be kept: use "
            "one such as sqlite:///mlflow.db."
        )
    path = Path(name)
    if not path.exists():
        try:
            tempfile.TemporaryFile(dir=path.absolute().parent).close()
        except OSError:
            raise ConnectionError(
                f"The tracking database {path} can't be made: its folder does not "
                "exist or can't be written to."
            ) from None
        return
    deadline = time.monotonic() + timeout
    try:
        with closing(
            sqlite3.connect(path, timeout=timeout, isolation_level=None)
        ) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            left_over = _half_migrated(connection)
            while left_over and time.monotonic() < deadline:
                time.sleep(0.2)  # another process may be at it
                left_over = _half_migrated(connection)
    except sqlite3.Error as error:
        raise ConnectionError(
            f"The tracking database {path} can't be written to ({error}): close the "
            "program that holds it, or choose another tracking URI."
        ) from None
    if left_over:
        raise ConnectionError(
            f"The tracking database {path} is broken, because a migration of it was "
            f"interrupted (it holds {left_over}): move it away and start anew."
        )


def _half_migrated(connection: sqlite3.Connection) -> str | None:
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE name LIKE '_alembic_tmp_%'"
    ).fetchone()
    return found[0] if found else None
