"""What a search keeps when the store, the disk, a worker or the clock fails."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import warnings
from contextlib import closing

import numpy as np
import pytest
import tracking_toys as toy
from joblib.externals.loky.process_executor import TerminatedWorkerError
from mlflow import MlflowClient, server
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from tracking_toys import ToyNet

from kerasweep import DenseClassifier, fleet
from kerasweep.tracking import MlflowTracking, _writer, send_unsent

X, y = load_iris(return_X_y=True)
GRID = {"l2": [1e-4, 1e-2, 0.9], "random_state": [0, 1]}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def one_split():
    return ShuffleSplit(1, test_size=50, random_state=0)


def make_search(tracking, hook, **settings):
    search = GridSearchCV(
        ToyNet(raises=hook),
        GRID,
        cv=one_split(),
        scoring=tracking.scoring("accuracy"),
        **settings,
    )
    return search.set_callbacks(tracking)


def unsent_files(tmp_path):
    return list((tmp_path / "cache" / "kerasweep" / "unsent").glob("*"))


def assert_complete(client, run_id, status="FINISHED", n_children=7):
    """The run has all children, each with its whole curve and its score."""
    run = client.get_run(run_id)
    assert run.info.status == status
    query = f"tags.`mlflow.parentRunId` = '{run_id}'"
    children = client.search_runs([run.info.experiment_id], query)
    assert len(children) == n_children
    for child in children:
        assert child.info.status == "FINISHED"
        history = client.get_metric_history(child.info.run_id, "train/loss")
        assert [m.step for m in history] == [1, 2, 3]
        if child.data.tags["stage"] == "candidate":
            assert "score/validation" in child.data.metrics
            assert child.data.params["random_state"] in ("0", "1", "2")


SERVE = """
import sys, uvicorn
uvicorn.run("mlflow.server.fastapi_app:app", port=int(sys.argv[1]), log_level="error")
"""


class Server:
    """An MLflow server, as `mlflow server` starts it, that can be killed."""

    def __init__(self, python, database):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"
        self.database = database
        self.python = python
        self.start()

    def start(self):
        self.process = self.python.start(
            ["-c", SERVE, self.port],
            cwd=self.database.parent,  # where artifacts go
            env=toy.environment(
                **{server.BACKEND_STORE_URI_ENV_VAR: f"sqlite:///{self.database}"},
                **{server.ARTIFACT_ROOT_ENV_VAR: str(self.database.parent)},
            ),
        )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=1)
                return
            except OSError:
                assert self.process.poll() is None, self.process.read("stderr")
                time.sleep(0.1)
        raise TimeoutError("the MLflow server did not start")

    def kill(self):
        self.process.kill()


@pytest.fixture
def mlflow_server(ready_python, empty_database, tmp_path, monkeypatch):
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    database = tmp_path / "server.db"
    database.write_bytes(empty_database.read_bytes())
    one = Server(ready_python, database)
    yield one
    one.kill()


def at_fit(number, act):
    """Return a hook that acts once, in the search's fit of that number."""
    seen = []

    def hook(net, epoch):
        seen.append(epoch)
        if seen.count(0) == number and epoch == 1:
            act()

    return hook


def test_server_that_dies_and_stays_dead_then_comes_back(mlflow_server, tmp_path):
    tracking = MlflowTracking("dies", tracking_uri=mlflow_server.uri, log_model=False)
    with pytest.MonkeyPatch.context() as patch:

        def dies():
            mlflow_server.kill()  # while it lives, it may take its time
            patch.setattr(_writer, "PATIENCE", 1.0)

        search = make_search(tracking, at_fit(3, dies))
        with pytest.warns(match="MLflow has not recorded everything.*send_unsent"):
            search.fit(X, y)
    assert len(search.cv_results_["params"]) == 6
    assert [tracking.unsent] == unsent_files(tmp_path)

    mlflow_server.start()
    sent = send_unsent(tracking.unsent, tracking_uri=mlflow_server.uri)
    assert sent == [tracking.run_id]
    assert_complete(MlflowClient(mlflow_server.uri), tracking.run_id)
    assert unsent_files(tmp_path) == []

    tracking = MlflowTracking(
        "returns", tracking_uri=mlflow_server.uri, log_model=False
    )

    def away_for_a_while():
        mlflow_server.kill()
        mlflow_server.start()

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        make_search(tracking, at_fit(3, away_for_a_while)).fit(X, y)
    assert tracking.unsent is None
    assert_complete(MlflowClient(mlflow_server.uri), tracking.run_id)
    assert unsent_files(tmp_path) == []


# SQLite itself waits for 5 s; after that the writer has to ask again.
@pytest.mark.parametrize("seconds", [7, pytest.param(15, marks=pytest.mark.slow)])
def test_database_that_another_process_locks(seconds, mlflow_store, tmp_path):
    path = mlflow_store.uri.removeprefix("sqlite:///")
    holders = []

    def lock():
        code = (
            "import sqlite3, sys, time\n"
            "connection = sqlite3.connect(sys.argv[1], timeout=60)\n"
            "connection.execute('BEGIN EXCLUSIVE')\n"
            "print('locked', flush=True)\n"
            "time.sleep(int(sys.argv[2]))\n"
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", code, path, str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout.readline() == "locked\n"
        holders.append(holder)

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    start = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        make_search(tracking, at_fit(3, lock)).fit(X, y)
    assert time.monotonic() - start > seconds - 1
    assert holders[0].wait(10) == 0
    holders[0].stdout.close()
    assert_complete(mlflow_store.client, tracking.run_id)
    assert unsent_files(tmp_path) == []


_IN_A_PROCESS = """
import resource, sys
import tracking_toys as toy
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from kerasweep.tracking import MlflowTracking, _writer
_writer.PATIENCE = 3.0
tracking = MlflowTracking("faults", log_model=False)
search = GridSearchCV(toy.ToyNet(), {"l2": [1e-4, 1e-3], "random_state": [0, 1, 2]},
                      cv=3, scoring=tracking.scoring("accuracy"))
BEFORE
search.set_callbacks(tracking).fit(*load_iris(return_X_y=True))
print(search.best_score_, tracking.unsent)
"""


def test_full_disk(ready_python, empty_database, tmp_path):
    """A limit on the size of files stands for the disk: the database can't grow."""
    database = tmp_path / "mlflow.db"
    database.write_bytes(empty_database.read_bytes())
    size = database.stat().st_size + 8192
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    uri = f"sqlite:///{database}"
    code = _IN_A_PROCESS.replace("BEFORE", limit)
    out = toy.run_python(ready_python, code, tmp_path, MLFLOW_TRACKING_URI=uri)
    score, unsent = out.split()
    assert float(score) > 0.9
    (run_id,) = send_unsent(unsent, tracking_uri=uri)
    assert_complete(MlflowClient(uri), run_id, n_children=19)


def test_two_searches_begin_at_once_in_an_empty_folder(ready_python, tmp_path):
    """A fresh database is migrated by one of them only."""
    env = toy.environment(MLFLOW_TRACKING_URI="sqlite:///mlflow.db")
    code = ["-c", _IN_A_PROCESS.replace("BEFORE", "")]
    both = [ready_python.start(code, cwd=tmp_path, env=env) for _ in range(2)]
    for one in both:
        assert one.wait(300) == 0, one.read("stderr")
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        found = database.execute("SELECT status, COUNT(*) FROM runs GROUP BY 1")
        assert found.fetchall() == [("FINISHED", 2 * 20)]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux")
def test_working_folder_that_nobody_can_write_to(
    ready_python, empty_database, tmp_path
):
    database = tmp_path / "mlflow.db"
    database.write_bytes(empty_database.read_bytes())
    code = _IN_A_PROCESS.replace("BEFORE", "")
    uri = f"sqlite:///{database}"
    MlflowClient(uri).create_experiment("faults", str(tmp_path / "artifacts"))
    out = toy.run_python(ready_python, code, "/proc", MLFLOW_TRACKING_URI=uri)
    assert out.split()[1] == "None"
    env = toy.environment(MLFLOW_TRACKING_URI="sqlite:///mlflow.db")
    done = ready_python.run(["-c", code], cwd="/proc", env=env)
    last = done.stderr.strip().splitlines()[-1]
    assert "ConnectionError: The tracking database mlflow.db can't be made" in last


def test_worker_that_is_killed(mlflow_store, tmp_path):
    flag = tmp_path / "deadly"
    flag.touch()

    def kills(net, epoch, flag=str(flag)):
        if net.l2 == 0.9 and net.random_state == 1 and os.path.exists(flag):
            time.sleep(1)  # what others finished is told by then
            os.kill(os.getpid(), 9)

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    with pytest.raises(TerminatedWorkerError):
        make_search(tracking, kills, n_jobs=2).fit(X, y)
    killed = mlflow_store.client.get_run(tracking.run_id)
    assert killed.info.status == "FAILED"
    states = {r.info.status for r in mlflow_store.children(tracking.run_id)}
    assert "RUNNING" not in states

    flag.unlink()
    resumed = MlflowTracking(mlflow_store.name, log_model=False, resume="auto")
    search = make_search(resumed, kills, n_jobs=2).fit(X, y)
    assert len(resumed.taken_from) >= 3
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_clock_that_is_set_back(mlflow_store, monkeypatch):
    real = time.time
    shift = [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + shift[0])

    def set_back():
        shift[0] -= 3600

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = make_search(tracking, at_fit(3, set_back)).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    runs = mlflow_store.children(tracking.run_id)
    assert len(runs) == 7
    for run in runs:
        assert run.info.status == "FINISHED"
        assert run.info.end_time >= run.info.start_time
        assert run.data.metrics["time/fit_seconds"] >= 0
        history = mlflow_store.client.get_metric_history(run.info.run_id, "train/loss")
        assert sorted(m.step for m in history) == [1, 2, 3]


def test_network_that_diverges_fails_alone(mlflow_store):
    digits, labels = load_digits(return_X_y=True)
    net = DenseClassifier((16,), epochs=3, batch_size=64, random_state=0)
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(
        net,
        {"learning_rate": [0.1, 1e30]},
        cv=one_split(),
        scoring=tracking.scoring("accuracy"),
    )
    with fleet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.set_callbacks(tracking).fit(digits / 16, labels)
    assert search.best_params_ == {"learning_rate": 0.1}
    states = {
        r.data.params["learning_rate"]: r.info.status
        for r in mlflow_store.children(tracking.run_id)
        if r.data.tags["stage"] == "candidate"
    }
    assert states == {"0.1": "FINISHED", "1e+30": "FAILED"}
