"""Only what MLflow lacks stays in the folder of unsent messages."""

import signal
import time

import pytest
import tracking_toys as toy
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, ShuffleSplit, cross_validate
from tracking_toys import ToyNet

from kerasweep.tracking import MlflowTracking, send_unsent
from kerasweep.tracking._messages import RunKey, RunRecord, RunUpdate
from kerasweep.tracking._unsent import Journal, read_journal

X, y = load_iris(return_X_y=True)
KEY = RunKey("tree", ())


@pytest.fixture
def unsent(monkeypatch, tmp_path):
    """Return the files in the folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "kerasweep" / "unsent"
    return lambda: sorted(folder.glob("*"))


def search(tracking):
    cv = ShuffleSplit(1, test_size=50, random_state=0)
    scoring = tracking.scoring("accuracy")
    grid = GridSearchCV(ToyNet(), {"l2": [0.1, 0.2]}, cv=cv, scoring=scoring)
    return grid.set_callbacks(tracking)


def test_nothing_stays_of_a_block_with_a_search(mlflow_store, unsent):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    with tracking:
        search(tracking).fit(X, y)
        ToyNet().set_callbacks(tracking).fit(X, y)
    assert unsent() == []


def test_nothing_stays_of_scores_that_come_late(mlflow_store, unsent):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    net = ToyNet().set_callbacks(tracking)
    cross_validate(net, X, y, cv=2, scoring=tracking.scoring("accuracy"))
    deadline = time.monotonic() + 10
    while unsent() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert unsent() == []
    scores = [r.data.metrics["score/validation"] for r in mlflow_store.runs()]
    assert len(scores) == 2


def test_block_that_is_sent_later_ends_as_it_ended(mlflow_store, unsent, tmp_path):
    left = tmp_path / "left.jsonl"
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    journal = tracking._main.writer._journal
    clear = journal.clear

    def keep():
        if journal.path is not None:
            left.write_bytes(journal.path.read_bytes())
        clear()

    journal.clear = keep
    with tracking:
        search(tracking).fit(X, y)
    assert send_unsent(left, tracking_uri=mlflow_store.uri) == [tracking.run_id]
    assert mlflow_store.client.get_run(tracking.run_id).info.status == "FINISHED"


@pytest.fixture
def make_journal(tmp_path):
    made = []

    def make():
        made.append(Journal(tmp_path))
        return made[-1]

    yield make
    for journal in made:
        journal.clear()


def test_file_of_a_living_process_stays_and_that_of_a_dead_one_goes(make_journal):
    written, lacks = make_journal(), make_journal()
    for journal in (written, lacks):
        journal.add(RunRecord(KEY, run_id="id"))
        journal.add(RunUpdate(KEY, 0, tags={"a": "b"}))
    written.note_written(2)
    lacks.note_written(1)
    paths = written.path, lacks.path
    another = make_journal()
    another.add(RunRecord(KEY, run_id="id"))
    assert all(path.exists() for path in paths)
    for journal in (written, lacks):
        journal._file.close()  # as a process that is killed
    another.clear()
    another.add(RunRecord(KEY, run_id="id"))
    assert [path.exists() for path in paths] == [False, True]
    assert len(read_journal(paths[1])[0]) == 2


def test_messages_after_the_last_note_are_unsent(make_journal):
    first = make_journal()
    first.add(RunRecord(KEY, run_id="id"))
    first.note_written(1)
    first.add(RunUpdate(KEY, 0, tags={"a": "b"}))
    path = first.path
    first._file.close()
    make_journal().add(RunRecord(KEY, run_id="id"))
    assert path.exists()


_KILLED = """
import os, signal
import tracking_toys as toy
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from kerasweep.tracking import MlflowTracking
tracking = MlflowTracking("killed", log_model=False)
def dies(net, epoch):
    if net.l2 == 0.2:
        os.kill(os.getpid(), signal.SIGKILL)
search = GridSearchCV(toy.ToyNet(raises=dies), {"l2": [0.1, 0.2]},
                      cv=ShuffleSplit(1, test_size=50, random_state=0),
                      scoring=tracking.scoring("accuracy"))
search.set_callbacks(tracking).fit(*load_iris(return_X_y=True))
"""


def test_resumed_search_sends_what_the_killed_one_left(
    ready_python, empty_database, unsent, tmp_path, monkeypatch
):
    database = tmp_path / "mlflow.db"
    database.write_bytes(empty_database.read_bytes())
    uri = f"sqlite:///{database}"
    client = MlflowClient(uri)
    client.create_experiment("killed", str(tmp_path / "artifacts"))
    env = toy.environment(MLFLOW_TRACKING_URI=uri)
    done = ready_python.run(["-c", _KILLED], cwd=tmp_path, env=env)
    assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert len(unsent()) == 1
    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    tracking = MlflowTracking(
        "killed", tracking_uri=uri, log_model=False, resume="auto"
    )
    search(tracking).fit(X, y)
    assert unsent() == []
    assert client.get_run(tracking.run_id).info.status == "FINISHED"
    killed = client.search_runs(
        [client.get_experiment_by_name("killed").experiment_id],
        "attributes.status = 'KILLED'",
    )
    assert len(killed) == 2  # the search, and the candidate that was being trained
