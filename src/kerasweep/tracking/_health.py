"""How a tracking store is, found out without writing to it."""

import os
import re
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kerasweep.tracking._checks import check_tracking, resolve_uri

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
    path = Path(uri.partition(":///")[2].partition("?")[0]).absolute()
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
