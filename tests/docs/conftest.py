"""What the tests of pages, examples and notebooks share."""

import shutil
import socket
import time
import urllib.request
from pathlib import Path

import pytest
from scoring_thread import ScoringThread

ROOT = Path(__file__).parents[2]
#: Started as a process, by tests that skip without skorch.
collect_ignore = ["skorch_side.py"]


@pytest.fixture
def fresh_folder(tmp_path, monkeypatch, empty_database):
    """An empty working folder with an MLflow store of its own."""
    from mlflow.tracking._model_registry import utils as registry
    from mlflow.tracking._tracking_service import utils as tracking

    shutil.copy(empty_database, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", uri)
    # What is set in a process goes before what the environment says.
    monkeypatch.setattr(tracking, "_tracking_uri", None)
    monkeypatch.setattr(registry, "_registry_uri", None)
    return tmp_path


@pytest.fixture
def serve(fresh_folder):
    """Return a function that does in a thread what `mlflow models serve` does.

    It takes the command's options, and returns when the port answers. The tests of
    serving start the command itself.
    """
    from mlflow.models.cli import commands

    started = []

    def start(options):
        command = commands.get_command(None, "serve")
        read = command.make_context("serve", list(options)).params
        own = socket.create_server((read["host"] or "127.0.0.1", read["port"]))
        started.append(ScoringThread(read["model_uri"], own))
        while True:
            try:
                url = f"http://127.0.0.1:{read['port']}/ping"
                urllib.request.urlopen(url, timeout=5)
                return
            except OSError:
                assert started[-1].lives(), "the server ended"
                time.sleep(0.05)

    yield start
    for server in started:
        server.close()


@pytest.fixture
def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
