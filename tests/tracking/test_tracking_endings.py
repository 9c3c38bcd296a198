"""How runs end: failed fits, interrupts, lost stores."""

import signal
import sqlite3
import textwrap
import threading
import time
import warnings

import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.pipeline import Pipeline
from tracking_toys import ToyNet, ToyScaler, environment, run_python

from kerasweep.tracking import MlflowTracking, _writer

X, y = load_iris(return_X_y=True)
failing_fits = pytest.mark.filterwarnings(
    r"ignore:\s*\d+ fits failed", "ignore:One or more"
)


def hold_out():
    return ShuffleSplit(1, test_size=50, random_state=0)


def by_name(runs):
    return {run.info.run_name: run for run in runs}


@failing_fits
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_failed_fit_is_a_failed_run_with_its_error(mlflow_store, n_jobs):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(
        Pipeline([("scale", ToyScaler()), ("net", ToyNet())]),
        {"net__raises": [None, "error"]},
        cv=hold_out(),
        n_jobs=n_jobs,
    )
    search.set_callbacks(tracking).fit(X, y)
    runs = by_name(mlflow_store.runs("candidate"))
    assert runs["raises=None"].info.status == "FINISHED"
    failed = runs["raises=error"]
    assert failed.info.status == "FAILED"
    assert failed.data.tags["error"] == "ArithmeticError: the loss became nan"
    assert "Traceback" in failed.data.tags["mlflow.note.content"]
    assert failed.data.metrics["train/loss"] == 1.0  # the epoch before is kept
    assert "score/validation" not in failed.data.metrics
    assert mlflow_store.only("search").info.status == "FINISHED"


@failing_fits
def test_fit_that_fails_before_its_first_task_is_a_failed_run(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(ToyNet(), {"epochs": [2, "many"]}, cv=hold_out())
    search.set_callbacks(tracking).fit(X, y)
    runs = by_name(mlflow_store.runs("candidate"))
    assert runs["epochs=2"].info.status == "FINISHED"
    assert runs["epochs=many"].info.status == "FAILED"
    assert runs["epochs=many"].data.params == {"epochs": "many"}
    assert "see the warnings" in runs["epochs=many"].data.tags["mlflow.note.content"]


def test_error_that_ends_the_search_fails_the_parent(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name)
    search = GridSearchCV(
        ToyNet(), {"raises": [None, "error"]}, cv=hold_out(), error_score="raise"
    )
    with pytest.raises(ArithmeticError):
        search.set_callbacks(tracking).fit(X, y)
    parent = mlflow_store.only("search")
    assert parent.info.status == "FAILED"
    assert parent.data.tags["error"] == "ArithmeticError: the loss became nan"
    runs = by_name(mlflow_store.runs("candidate"))
    assert runs["raises=None"].info.status == "FINISHED"
    assert runs["raises=error"].info.status == "FAILED"


def test_search_in_an_except_clause_has_not_failed(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    try:
        raise ValueError("something before")
    except ValueError:
        search = GridSearchCV(ToyNet(), {"l2": [0.1]}, cv=hold_out())
        search.set_callbacks(tracking).fit(X, y)
    assert mlflow_store.only("search").info.status == "FINISHED"


def test_interrupt_marks_the_open_runs_killed(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name)
    search = GridSearchCV(ToyNet(), {"raises": [None, "interrupt"]}, cv=hold_out())
    with pytest.raises(KeyboardInterrupt):
        search.set_callbacks(tracking).fit(X, y)
    assert mlflow_store.only("search").info.status == "KILLED"
    runs = by_name(mlflow_store.runs("candidate"))
    assert runs["raises=None"].info.status == "FINISHED"
    assert runs["raises=interrupt"].info.status == "KILLED"
    assert runs["raises=interrupt"].data.metrics["train/loss"] == 1.0


def test_interrupt_in_a_with_block(mlflow_store):
    with pytest.raises(KeyboardInterrupt):
        with MlflowTracking(mlflow_store.name):
            raise KeyboardInterrupt
    assert mlflow_store.only("group").info.status == "KILLED"


def test_control_c_with_worker_processes(ready_python, mlflow_store, tmp_path):
    script = tmp_path / "sweep.py"
    script.write_text(
        textwrap.dedent(
            rf"""
            from sklearn.datasets import load_iris
            from sklearn.model_selection import GridSearchCV
            from tracking_toys import ToyNet
            from kerasweep.tracking import MlflowTracking
            X, y = load_iris(return_X_y=True)
            tracking = MlflowTracking({mlflow_store.name!r})
            search = GridSearchCV(
                ToyNet(seconds=0.5, epochs=100), {{"l2": [0.1, 0.2]}}, cv=2, n_jobs=2
            )
            search.set_callbacks(tracking).fit(X, y)
            """
        )
    )
    process = ready_python.start([script], cwd=tmp_path, env=environment())
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            runs = mlflow_store.runs("candidate")
            if any("train/loss" in r.data.metrics for r in runs):
                break
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.wait(60)  # of the 100 s that the search has left
    finally:
        process.kill()
    assert {r.info.status for r in mlflow_store.runs()} == {"KILLED"}
    assert any("train/loss" in r.data.metrics for r in mlflow_store.runs("candidate"))


def test_exit_without_an_end_leaves_no_running_run(
    ready_python, mlflow_store, tmp_path
):
    code = f"""
from kerasweep.tracking import MlflowTracking
tracking = MlflowTracking({mlflow_store.name!r})
tracking.__enter__()
"""
    run_python(ready_python, code, tmp_path)
    assert mlflow_store.only("group").info.status == "KILLED"


def test_store_lost_midway_costs_a_warning_and_no_result(mlflow_store, monkeypatch):
    monkeypatch.setattr(_writer, "INTERVAL", 0.05)
    tracking = MlflowTracking(mlflow_store.name)

    def lose(net, epoch):
        monkeypatch.setattr(_writer, "PATIENCE", 0.5)
        writer = tracking._main.writer

        def refuse(*args, **kwargs):
            raise OSError("connection refused")

        monkeypatch.setattr(writer._store.client, "log_batch", refuse)
        monkeypatch.setattr(writer._store.client, "create_run", refuse)
        monkeypatch.setattr(writer._store.client, "set_terminated", refuse)

    search = GridSearchCV(
        ToyNet(), {"raises": [lose, None]}, cv=hold_out(), refit=False
    )
    with pytest.warns(UserWarning, match="MLflow has not recorded everything"):
        search.set_callbacks(tracking).fit(X, y)
    assert len(search.cv_results_["params"]) == 2


def test_store_that_recovers_loses_nothing(mlflow_store, monkeypatch):
    monkeypatch.setattr(_writer, "INTERVAL", 0.05)
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    refusals = []

    def stumble(net, epoch):
        client = tracking._main.writer._store.client
        log_batch = type(client).log_batch

        def refuse_once(*args, **kwargs):
            if len(refusals) < 3:
                refusals.append(1)
                raise sqlite3.OperationalError("database is locked")
            return log_batch(client, *args, **kwargs)

        if epoch == 0:
            monkeypatch.setattr(client, "log_batch", refuse_once)
            time.sleep(0.5)

    search = GridSearchCV(ToyNet(), {"raises": [stumble]}, cv=hold_out(), refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        search.set_callbacks(tracking).fit(X, y)
    assert len(refusals) == 3
    run = mlflow_store.only("candidate")
    history = mlflow_store.client.get_metric_history(run.info.run_id, "train/loss")
    assert [m.step for m in history] == [1, 2, 3]


def test_store_that_hangs_is_given_up(mlflow_store, monkeypatch):
    tracking = MlflowTracking(mlflow_store.name)
    released = threading.Event()

    def hang(net, epoch):
        monkeypatch.setattr(_writer, "PATIENCE", 0.5)
        client = tracking._main.writer._store.client
        monkeypatch.setattr(client, "log_batch", lambda *a, **k: released.wait(600))

    search = GridSearchCV(ToyNet(), {"raises": [hang]}, cv=hold_out(), refit=False)
    with pytest.warns(UserWarning, match="did not answer for 0.5 s"):
        search.set_callbacks(tracking).fit(X, y)
    released.set()
    assert search.best_score_ > 0.5
