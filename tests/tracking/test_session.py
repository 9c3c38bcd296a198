"""Lone fits, ``with`` blocks, cross_validate, adopted runs and nesting."""

import pickle
import threading

import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, ShuffleSplit, cross_validate
from sklearn.pipeline import Pipeline
from tracking_toys import ToyNet, ToyScaler, run_python

from kerasweep import fit_replicates
from kerasweep.tracking import MlflowTracking, _session
from kerasweep.tracking._store import Store

X, y = load_iris(return_X_y=True)


def hold_out():
    return ShuffleSplit(1, test_size=50, random_state=0)


def test_lone_pipeline_is_one_run(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, run_name="alone", log_model=False)
    model = Pipeline([("scale", ToyScaler()), ("net", ToyNet(l2=0.1))])
    model.set_callbacks(tracking).fit(X, y)
    (run,) = mlflow_store.runs()
    assert run.info.run_name == "alone" and run.info.status == "FINISHED"
    assert run.data.params["estimator/net"] == "ToyNet(l2=0.1)"
    assert run.data.metrics["validation/loss"] == pytest.approx(1 / 3 + 0.1)
    assert run.data.tags["stage"] == "fit"


def test_failing_lone_fit(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name)
    with pytest.raises(ArithmeticError):
        ToyNet(raises="error").set_callbacks(tracking).fit(X, y)
    (run,) = mlflow_store.runs()
    assert run.info.status == "FAILED"
    assert run.data.tags["error"] == "ArithmeticError: the loss became nan"


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_cross_validate_in_a_with_block_makes_children(mlflow_store, n_jobs):
    tracking = MlflowTracking(mlflow_store.name, run_name="five folds")
    net = ToyNet().set_callbacks(tracking)
    with tracking:
        result = cross_validate(
            net, X, y, cv=3, n_jobs=n_jobs, scoring=tracking.scoring("accuracy")
        )
        tracking.log_metrics({"mean": result["test_score"].mean()})
    parent = mlflow_store.only("group")
    assert parent.info.run_name == "five folds"
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["mean"] == pytest.approx(result["test_score"].mean())
    children = mlflow_store.children(parent.info.run_id)
    assert len(children) == 3
    assert {r.info.status for r in children} == {"FINISHED"}
    assert sorted(r.data.metrics["score/validation"] for r in children) == (
        pytest.approx(sorted(result["test_score"]))
    )
    assert not parent.outputs.model_outputs  # no fold's model is the winner


def test_cross_validate_outside_a_with_block_makes_lone_runs(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    net = ToyNet().set_callbacks(tracking)
    cross_validate(net, X, y, cv=2, n_jobs=2)
    tracking._main.writer.flush()
    runs = mlflow_store.runs()
    assert len(runs) == 2
    assert all("mlflow.parentRunId" not in r.data.tags for r in runs)
    assert {r.info.status for r in runs} == {"FINISHED"}


def test_with_block_keeps_the_search_open_for_what_follows(mlflow_store):
    import matplotlib.pyplot as plt
    import pandas as pd

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(ToyNet(), {"l2": [0.1, 0.2]}, cv=hold_out())
    search.set_callbacks(tracking)
    with tracking:
        search.fit(X, y)
        assert mlflow_store.only("search").info.status == "RUNNING"
        figure, _ = plt.subplots(figsize=(1, 1))
        tracking.log_figure(figure, "sweep")
        plt.close(figure)
        tracking.log_table(pd.DataFrame({"a": [1]}), "summary")
        tracking.log_metrics({"extra": 2})
        tracking.log_test(accuracy=0.9, low=0.8, high=0.95, n=150)
    parent = mlflow_store.only("search")
    assert parent.info.status == "FINISHED"
    assert parent.info.run_name == "GridSearchCV over l2"
    assert parent.info.run_id == tracking.run_id
    assert parent.data.metrics["test/accuracy"] == 0.9
    assert parent.data.metrics["test/accuracy_low"] == 0.8
    assert parent.data.metrics["test/n"] == 150
    assert len(mlflow_store.children(parent.info.run_id)) == 3
    client, run_id = mlflow_store.client, parent.info.run_id
    assert [f.path for f in client.list_artifacts(run_id, "figures")] == [
        "figures/sweep.png"
    ]
    assert [f.path for f in client.list_artifacts(run_id, "tables")] == [
        "tables/summary.csv"
    ]


def test_second_search_of_a_block_is_a_child(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    with tracking:
        for l2 in (0.1, 0.2):
            search = GridSearchCV(ToyNet(), {"l2": [l2]}, cv=hold_out(), refit=False)
            search.set_callbacks(tracking).fit(X, y)
    first, second = mlflow_store.runs("search")
    assert second.data.tags["mlflow.parentRunId"] == first.info.run_id
    assert second.info.status == "FINISHED"
    assert len(mlflow_store.children(second.info.run_id)) == 1


def test_failed_search_fails_its_block_even_if_the_error_is_caught(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name)
    with tracking:
        with pytest.raises(ArithmeticError):
            GridSearchCV(
                ToyNet(raises="error"), {"l2": [0.1]}, error_score="raise"
            ).set_callbacks(tracking).fit(X, y)
    assert mlflow_store.only("search").info.status == "FAILED"


def test_logging_without_a_run_says_what_to_do(mlflow_store):
    with pytest.raises(RuntimeError, match="needs a run: fit first"):
        MlflowTracking(mlflow_store.name).log_metrics({"a": 1})


def test_log_test_takes_one_score(mlflow_store):
    with pytest.raises(TypeError, match="exactly one score"):
        MlflowTracking(mlflow_store.name).log_test(n=3)


def test_run_of_mlflow_run_is_adopted(mlflow_store, monkeypatch):
    client = mlflow_store.client
    project = client.create_run(mlflow_store.experiment_id, run_name="project")
    run_id = project.info.run_id
    client.log_param(run_id, "l2", "1e-6,1e-3")
    client.log_param(run_id, "search/cv", "logged by the project")
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", mlflow_store.experiment_id)
    tracking = MlflowTracking("another-experiment", log_model=False)
    search = GridSearchCV(ToyNet(), {"l2": [0.1]}, cv=hold_out())
    with tracking:
        search.set_callbacks(tracking).fit(X, y)
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "project"
    assert run.data.params["l2"] == "1e-6,1e-3"
    assert run.data.params["search/cv"] == "logged by the project"
    assert run.data.params["search/class"] == "GridSearchCV"
    assert len(mlflow_store.children(run_id)) == 2
    assert client.get_experiment_by_name("another-experiment") is None
    # Without a `with` block, and a second time: nothing is logged twice.
    search.fit(X, y)
    assert len(mlflow_store.children(run_id)) == 4


def test_active_run_becomes_the_parent(mlflow_store):
    import mlflow

    with mlflow.start_run(experiment_id=mlflow_store.experiment_id) as outer:
        tracking = MlflowTracking(log_model=False)
        ToyNet().set_callbacks(tracking).fit(X, y)
        assert mlflow.active_run().info.run_id == outer.info.run_id
    fit = mlflow_store.only("fit")
    assert fit.data.tags["mlflow.parentRunId"] == outer.info.run_id


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_nested_search_hangs_below_its_outer_one(mlflow_store, n_jobs):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    inner = GridSearchCV(ToyNet(), {"l2": [0.1, 0.2]}, cv=hold_out())
    search = GridSearchCV(
        inner, {"estimator__epochs": [2]}, cv=hold_out(), n_jobs=n_jobs
    )
    search.set_callbacks(tracking).fit(X, y)
    outer = mlflow_store.only("search")
    names = {r.info.run_name for r in mlflow_store.children(outer.info.run_id)}
    assert names == {"epochs=2", "refit"}
    for run in mlflow_store.children(outer.info.run_id):
        inside = {r.info.run_name for r in mlflow_store.children(run.info.run_id)}
        assert inside == {"l2=0.1", "l2=0.2", "refit"}
    assert {r.info.status for r in mlflow_store.runs()} == {"FINISHED"}


def test_clone_and_copy_share_the_session(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    net = ToyNet().set_callbacks(tracking)
    clone(net).fit(X, y)
    pickle.loads(pickle.dumps(net)).fit(X, y)
    assert len(mlflow_store.runs("fit")) == 2


def test_copy_in_a_fresh_process_warns_and_opens_no_store(mlflow_store, tmp_path):
    tracking = MlflowTracking(mlflow_store.name)
    path = tmp_path / "callback.pickle"
    path.write_bytes(pickle.dumps(tracking))
    tracking = None  # and with it the listener
    code = f"""
import os, pickle, sys, warnings
from tracking_toys import ToyNet
with open({str(path)!r}, "rb") as file:
    tracking = pickle.load(file)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    ToyNet().set_callbacks(tracking).fit([[0.0], [1.0]], [0, 1])
assert ["can't reach" in str(w.message) for w in caught] == [True], caught
assert "mlflow" not in sys.modules and os.listdir() == ["callback.pickle"]
"""
    run_python(None, code, tmp_path)


def test_forked_workers_send_to_the_parent(mlflow_store):
    import joblib

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(ToyNet(), {"l2": [0.1, 0.2]}, cv=hold_out(), n_jobs=2)
    search.set_callbacks(tracking)
    with joblib.parallel_config("multiprocessing"):
        search.fit(X, y)
    runs = mlflow_store.runs("candidate")
    assert len(runs) == 2
    assert all("train/loss" in r.data.metrics for r in runs)


def test_one_of_several_replicates_is_chosen(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, register_as="chosen-one")
    net = ToyNet().set_callbacks(tracking)
    with tracking:
        first, _ = fit_replicates(net, X, y, random_states=[3, 4])
        tracking.choose_model(first)
        net.fit(X, y)
    parent = mlflow_store.only("group")
    names = {r.info.run_name for r in mlflow_store.children(parent.info.run_id)}
    assert names == {f"ToyNet random_state={seed}" for seed in (0, 3, 4)}
    assert len(parent.outputs.model_outputs) == 1
    import mlflow

    loaded = mlflow.sklearn.load_model("models:/chosen-one@champion")
    assert loaded.random_state == 3


def test_choosing_needs_an_open_block(mlflow_store):
    with pytest.raises(RuntimeError, match="inside `with tracking:`"):
        MlflowTracking(mlflow_store.name).choose_model(ToyNet())


def test_fits_of_a_block_do_not_wait_for_the_store(mlflow_store, monkeypatch):
    checks = []
    check = _session.check_tracking
    monkeypatch.setattr(
        _session, "check_tracking", lambda uri: checks.append(uri) or check(uri)
    )
    gate = threading.Event()
    write = Store.write_together

    def write_later(self, *arguments):
        assert gate.wait(30)
        return write(self, *arguments)

    tracking = MlflowTracking(mlflow_store.name, log_model=False)

    def fit():
        for seed in range(3):
            ToyNet(random_state=seed).set_callbacks(tracking).fit(X, y)

    with tracking:
        monkeypatch.setattr(Store, "write_together", write_later)
        fits = threading.Thread(target=fit)
        fits.start()
        fits.join(5)
        waits = fits.is_alive()
        gate.set()
        fits.join()
        assert not waits
    assert len(mlflow_store.children(tracking.run_id)) == 3
    assert len(checks) == 1


def test_a_store_that_was_just_written_to_is_not_checked_again(
    mlflow_store, monkeypatch
):
    checks = []
    check = _session.check_tracking
    monkeypatch.setattr(
        _session, "check_tracking", lambda uri: checks.append(uri) or check(uri)
    )
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    for _ in range(3):
        ToyNet().set_callbacks(tracking).fit(X, y)
    assert len(checks) == 1
    monkeypatch.setattr(_session, "_TRUSTED", 0.0)
    ToyNet().set_callbacks(tracking).fit(X, y)
    assert len(checks) == 2
    assert len(mlflow_store.runs("fit")) == 4
