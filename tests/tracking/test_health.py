"""Stores in good health and in bad."""

import gc
import shutil
import socket
import sqlite3
import sys
import time
from contextlib import suppress

import pytest

from kerasweep.tracking._health import import_mlflow, store_health


@pytest.fixture
def database(empty_database, tmp_path):
    """A database of its own with two active runs and a deleted one."""
    path = tmp_path / "mlflow.db"
    shutil.copy(empty_database, path)
    with sqlite3.connect(path) as connection:
        for i, stage in enumerate(("active", "active", "deleted")):
            connection.execute(
                "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage, status) "
                "VALUES (?, 0, ?, 'FINISHED')",
                (str(i), stage),
            )
    connection.close()
    return path


@pytest.mark.parametrize("then", ["", "raise ImportError"])
def test_mlflow_is_imported_without_collections(then, monkeypatch, tmp_path):
    import mlflow  # noqa: F401  # so that the true one comes back

    seen = []
    monkeypatch.setattr(gc, "seen", seen, raising=False)
    code = f"import gc\ngc.seen.append(gc.isenabled())\n{then}\n"
    (tmp_path / "mlflow.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mlflow")
    with suppress(ImportError):
        import_mlflow()
    assert seen == [False]
    assert gc.isenabled()


def test_a_sound_store_is_counted_and_left_alone(database):
    before = database.read_bytes()
    health = store_health(f"sqlite:///{database}")
    assert (health.failure, health.warnings) == ("", [])
    assert (health.experiments, health.runs) == (1, 2)
    assert health.folder == str(database.parent)
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == ["mlflow.db"]


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    health = store_health(f"sqlite:///{tmp_path}/mlflow.db")
    assert health.failure == "" and health.runs is None
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_fails(tmp_path):
    health = store_health(f"sqlite:///{tmp_path}/none/mlflow.db")
    assert "its folder does not exist" in health.failure


def test_a_locked_store_fails_within_the_timeout(database):
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    health = store_health(f"sqlite:///{database}", timeout=0.2)
    assert time.monotonic() - start < 10
    assert "locked" in health.failure
    holder.close()


def test_damaged_pages_fail(database):
    content = bytearray(database.read_bytes())
    content[8192:-8192] = b"\xff" * (len(content) - 16384)
    database.write_bytes(bytes(content))
    failure = store_health(f"sqlite:///{database}").failure
    assert str(database) in failure and failure.count("\n") == 0


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
def test_a_file_of_something_else_fails(content, tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(content)
    assert str(path) in store_health(f"sqlite:///{path}").failure
    assert path.read_bytes() == content


def test_another_mlflows_schema_fails(database):
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'f00'")
    connection.close()
    assert (
        "mlflow db upgrade sqlite:///" in store_health(f"sqlite:///{database}").failure
    )


def test_a_dead_server_fails_at_once():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    health = store_health(f"http://user:secret@127.0.0.1:{port}")
    assert health.uri == f"http://user:***@127.0.0.1:{port}"
    assert "can't be reached" in health.failure and "secret" not in health.failure


def test_a_server_that_accepts_and_says_nothing_fails_within_the_timeout():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        health = store_health(
            f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3
        )
    assert time.monotonic() - start < 10
    assert "timed out" in health.failure


def test_a_database_server_that_is_down_fails():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    health = store_health(f"postgresql://me:secret@127.0.0.1:{port}/mlflow")
    assert "can't be reached" in health.failure and "secret" not in health.failure


def test_a_folder_of_files_fails_unless_it_is_allowed(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    assert "sqlite:///mlflow.db" in store_health(str(tmp_path)).failure
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    assert store_health(f"file://{tmp_path}").failure == ""


def test_an_unknown_kind_of_store_is_a_warning():
    (warning,) = store_health("databricks://profile").warnings
    assert "'databricks'" in warning
