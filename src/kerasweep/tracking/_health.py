"""How a tracking store is, found out before anything is trained."""

import gc
import hashlib
import os
import re
import socket
import sqlite3
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def resolve_uri(uri: str | None) -> str:
    """Return the tracking URI: the argument, or else MLflow's own choice."""
    if uri is not None:
        return str(uri)
    import_mlflow()
    import mlflow

    return mlflow.get_tracking_uri()


def sqlite_file(uri: str) -> Path | None:
    """Return the file of an SQLite store; None if this is none, or in memory alone."""
    if urlsplit(uri).scheme.partition("+")[0] != "sqlite":
        return None
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        name = make_url(uri).database
    except ArgumentError:
        return None
    return None if name in (None, "", ":memory:") else Path(str(name))


def import_mlflow(uri: str = "") -> None:
    """Import MLflow, and what it needs for a store, in less time.

    Its 1,400 modules make so many objects that Python looks through all there are for
    garbage, again and again: a fifth of the time.
    """
    if "mlflow" in sys.modules:
        return
    collects = gc.isenabled()
    gc.disable()
    try:
        import mlflow

        if urlsplit(uri).scheme.partition("+")[0] in ("sqlite", *_PORTS):
            with suppress(ImportError):
                import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
    finally:
        if collects:
            gc.enable()


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
    path = sqlite_file(uri)
    if path is None:
        raise ConnectionError(
            f"The tracking URI {uri} names no file, so nothing would be kept: use "
            "one such as sqlite:///mlflow.db."
        )
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


#: Seconds that another process's migration may take.
_PATIENCE = 120.0


@contextmanager
def locked_for_opening(uri: str) -> Iterator[None]:
    """Let no other process of this package open the same SQLite database meanwhile.

    Two that migrate a fresh one at once break it. The lock is SQLite's own, on an empty
    file in the system's temporary folder, and ends with the process that holds it.
    """
    database = sqlite_file(uri)
    if database is None:
        yield
        return
    digest = hashlib.sha256(str(database.absolute()).encode()).hexdigest()[:16]
    file = Path(tempfile.gettempdir(), f"kerasweep-{digest}.lock")
    try:
        lock = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:  # without a lock, as MLflow itself
        yield
        return
    with closing(lock):
        yield


_COUNTS = (
    "SELECT COUNT(*) FROM experiments WHERE lifecycle_stage = 'active'",
    "SELECT COUNT(*) FROM runs WHERE lifecycle_stage = 'active'",
)
_A_PAGE = 1000


@dataclass
class StoreHealth:
    """A tracking store as it was found.

    Attributes
    ----------
    uri : str
        Without its password.
    experiments, runs : int or None
        Those that are not deleted, None where they were not counted. At most 1000
        runs of a server are counted.
    folder : str or None
        Where the store's file is, or will be made.
    failure : str
        What stops runs from being tracked, and what to do; empty if nothing does.
    warnings : list of str
    """

    uri: str
    experiments: int | None
    runs: int | None
    folder: str | None
    failure: str
    warnings: list[str]


def store_health(uri: str | None = None, timeout: float = 5.0) -> StoreHealth:
    """Look at a tracking store; no file, experiment or run is made.

    Parameters
    ----------
    uri : str, default=None
        Tracking URI, by default the one that MLflow uses.
    timeout : float, default=5.0
        Seconds to wait for a server's or a database's answer, and for the check of a
        database file's pages.

    Returns
    -------
    health : StoreHealth
    """
    uri = resolve_uri(uri)
    health = StoreHealth(_without_password(uri), None, None, None, "", [])
    scheme = urlsplit(uri).scheme.partition("+")[0]
    try:
        if scheme in ("", "file"):
            _look_at_folder(uri, health)
            return health
        check_tracking(uri, timeout)
        if scheme == "sqlite":
            _look_at_sqlite(uri, health, timeout)
        elif scheme in ("http", "https"):
            _look_at_server(uri, health)
        elif scheme in ("postgresql", "mysql", "mssql"):
            _look_at_database(uri, health, timeout)
        else:
            health.warnings.append(
                f"stores of the kind {scheme!r} are not looked into: open one with "
                "`mlflow ui`."
            )
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        health.failure = said.replace(uri, health.uri)
    return health


def _look_at_folder(uri: str, health: StoreHealth) -> None:
    health.folder = uri.removeprefix("file://")
    if os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() not in ("true", "1"):
        health.failure = (
            f"{uri} is a folder of files, which MLflow 3 refuses: set "
            "MLFLOW_TRACKING_URI=sqlite:///mlflow.db."
        )


def _look_at_sqlite(uri: str, health: StoreHealth, timeout: float) -> None:
    path = Path(sqlite_file(uri) or "").absolute()
    health.folder = str(path.parent)
    if not path.exists():
        return
    # A read-only connection neither makes a file nor brings a schema up to date.
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=timeout)
    try:
        _limit(connection, timeout)
        pages = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if pages != "ok":
            raise ConnectionError(
                f"The tracking database {path} is damaged ({pages}): save what is left "
                f"with `sqlite3 {path.name} .recover`, or restore a copy."
            )
        _count(lambda query: connection.execute(query).fetchone()[0], health)
    except sqlite3.DatabaseError as error:
        if "interrupted" in str(error):
            health.warnings.append(
                f"a check of its pages takes longer than {timeout:g} s: run "
                f"`sqlite3 {path.name} 'PRAGMA quick_check'`."
            )
        elif "no such table" in str(error):
            raise ConnectionError(
                f"{path} is a database, but not MLflow's: name another file in "
                "MLFLOW_TRACKING_URI."
            ) from None
        else:
            raise ConnectionError(
                f"The tracking database {path} can't be read ({error}): restore a "
                "copy, or move it away and start anew."
            ) from None
    finally:
        connection.close()


def _limit(connection: sqlite3.Connection, seconds: float) -> None:
    """Interrupt what runs longer."""
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, 100_000)


def _look_at_database(uri: str, health: StoreHealth, timeout: float) -> None:
    from sqlalchemy import create_engine, text

    limits: dict[str, Any] = {}
    if not uri.startswith("mssql"):
        limits["connect_timeout"] = max(1, round(timeout))
    engine = create_engine(uri, connect_args=limits)
    try:
        with engine.connect() as connection:
            _count(lambda query: connection.execute(text(query)).scalar(), health)
    finally:
        engine.dispose()


def _count(first: Any, health: StoreHealth) -> None:
    health.experiments, health.runs = (int(first(query)) for query in _COUNTS)
    found = first("SELECT version_num FROM alembic_version")
    from mlflow.store.db.utils import _get_latest_schema_revision

    expected = _get_latest_schema_revision()
    if found != expected:
        raise ConnectionError(
            f"The tracking database has another MLflow's schema ({found}, this one's "
            f"is {expected}): copy it, then run `mlflow db upgrade {health.uri}`; a "
            "newer one needs the newer MLflow."
        )


def _look_at_server(uri: str, health: StoreHealth) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiments = client.search_experiments(max_results=_A_PAGE)
    health.experiments = len(experiments)
    ids = [experiment.experiment_id for experiment in experiments]
    health.runs = len(client.search_runs(ids, max_results=_A_PAGE)) if ids else 0


def _without_password(uri: str) -> str:
    return re.sub(r"(://[^/:@]*):[^/@]*@", r"\1:***@", uri)
