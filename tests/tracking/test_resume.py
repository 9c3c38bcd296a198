"""A search goes on from what an earlier one finished, and trains none of it again."""

import json
import pickle
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import tracking_toys as toy
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
)
from sklearn.pipeline import Pipeline
from tracking_toys import ToyNet, ToyScaler

from kerasweep.tracking import MlflowTracking, ResumeError

X, y = load_iris(return_X_y=True)
GRID = {"net__l2": [1e-4, 1e-2, 0.9], "net__random_state": [0, 1]}
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)
TIMES = ("mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time")


@pytest.fixture
def trained():
    """The fits that were trained; `stop` of them are, then Ctrl-C comes."""
    toy.TRAINED.update(fits=[], stop=None)
    return toy.TRAINED


def make_search(kind=GridSearchCV, grid=GRID, scoring="accuracy", **settings):
    pipeline = Pipeline(
        [("scale", ToyScaler()), ("net", ToyNet(raises=toy.counts_fits))]
    )
    return kind(pipeline, grid, cv=FOLDS, scoring=scoring, **settings)


def run(store, search, resume=None, data=(X, y)):
    tracking = MlflowTracking(store.name, log_model=False, resume=resume)
    search = clone(search).set_params(scoring=tracking.scoring(search.scoring))
    try:
        search.set_callbacks(tracking).fit(*data)
    except KeyboardInterrupt:
        return tracking, None
    return tracking, search


def stopped_after(n, trained, store, search):
    trained.update(fits=[], stop=n)
    tracking, nothing = run(store, search)
    assert nothing is None
    trained.update(fits=[], stop=None)
    return tracking.run_id


def assert_same_results(one, other):
    assert one.keys() == other.keys()
    for name in one.keys() - {"params", *TIMES}:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert one["params"] == other["params"]


@pytest.mark.parametrize("by", ["auto", "run id"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"return_train_score": True},
        {"scoring": ["accuracy", "balanced_accuracy"], "refit": "accuracy"},
    ],
    ids=["plain", "train scores", "two scores"],
)
def test_only_the_rest_is_trained(by, settings, mlflow_store, trained):
    search = make_search(**settings)
    _, whole = run(mlflow_store, search)
    every = list(trained["fits"])
    run_id = stopped_after(8, trained, mlflow_store, search)
    tracking, resumed = run(mlflow_store, search, "auto" if by == "auto" else run_id)

    # The eighth was interrupted; the last is the refit.
    assert trained["fits"] == every[7:]
    assert len(set(tracking.taken_from)) == 7
    assert_same_results(whole.cv_results_, resumed.cv_results_)
    assert resumed.best_params_ == whole.best_params_
    assert type(resumed.best_estimator_) is Pipeline
    assert type(resumed.estimator) is Pipeline
    pickle.loads(pickle.dumps(resumed.best_estimator_)).predict(X)


def test_resumed_run_has_every_child(mlflow_store, trained):
    search = make_search()
    first = stopped_after(5, trained, mlflow_store, search)
    tracking, _ = run(mlflow_store, search, "auto")

    children = mlflow_store.children(tracking.run_id)
    assert len(children) == 6 * 3 + 1
    assert {child.info.status for child in children} == {"FINISHED"}
    taken = [c for c in children if "kerasweep.taken_from" in c.data.tags]
    assert len(taken) == 4
    earlier = {c.info.run_id: c for c in mlflow_store.children(first)}
    for child in taken:
        source = earlier[child.data.tags["kerasweep.taken_from"]]
        assert source.data.params == child.data.params
        name = "score/validation"
        assert source.data.metrics[name] == child.data.metrics[name]
        assert source.info.run_id in child.data.tags["mlflow.note.content"]
    parent = mlflow_store.client.get_run(tracking.run_id)
    assert parent.data.tags["kerasweep.resumed"] == first


def test_fit_times_are_those_of_the_real_fits(mlflow_store, trained):
    search = make_search().set_params(estimator__net__seconds=0.02)
    stopped_after(5, trained, mlflow_store, search)
    _, resumed = run(mlflow_store, search, "auto")
    assert (resumed.cv_results_["mean_fit_time"] > 3 * 0.02).all()
    assert resumed.cv_results_["std_fit_time"][0] > 0
    assert np.isfinite(resumed.cv_results_["std_fit_time"]).all()


def test_second_resume_takes_from_both(mlflow_store, trained):
    search = make_search()
    first = stopped_after(5, trained, mlflow_store, search)
    trained.update(stop=4)
    tracking, nothing = run(mlflow_store, search, first)
    assert nothing is None
    trained.update(fits=[], stop=None)
    _, resumed = run(mlflow_store, search, tracking.run_id)
    assert len(trained["fits"]) == 18 - 4 - 3 + 1
    _, whole = run(mlflow_store, search)
    assert_same_results(whole.cv_results_, resumed.cv_results_)


def test_killed_in_the_refit(mlflow_store, trained):
    search = make_search()
    stopped_after(19, trained, mlflow_store, search)
    run(mlflow_store, search, "auto")
    assert len(trained["fits"]) == 1


def test_splits_that_can_be_read_once(mlflow_store, trained):
    def search(random_state):
        splits = StratifiedKFold(3, shuffle=True, random_state=random_state)
        return make_search().set_params(cv=splits.split(X, y))

    def run_it(one, resume=None):
        tracking = MlflowTracking(mlflow_store.name, log_model=False, resume=resume)
        one.set_params(scoring=tracking.scoring("accuracy"))
        try:
            one.set_callbacks(tracking).fit(X, y)
        except KeyboardInterrupt:
            pass
        return tracking

    trained.update(stop=8)
    run_it(search(0))
    trained.update(fits=[], stop=None)
    assert run_it(search(1), "auto").taken_from == []
    assert len(run_it(search(0), "auto").taken_from) == 7


def test_larger_grid(mlflow_store, trained):
    stopped_after(8, trained, mlflow_store, make_search())
    larger = {**GRID, "net__l2": [1e-5, *GRID["net__l2"]]}
    _, resumed = run(mlflow_store, make_search(grid=larger), "auto")
    assert len(trained["fits"]) == 24 - 7 + 1
    _, whole = run(mlflow_store, make_search(grid=larger))
    assert_same_results(whole.cv_results_, resumed.cv_results_)


def test_other_searches(mlflow_store, trained):
    for kind, settings in (
        (RandomizedSearchCV, {"n_iter": 4, "random_state": 0}),
        (HalvingGridSearchCV, {"random_state": 0, "min_resources": 30}),
        (
            HalvingGridSearchCV,
            {
                "random_state": 0,
                "resource": "net__epochs",
                "max_resources": 4,
                "factor": 2,
            },
        ),
    ):
        search = make_search(kind, **settings)
        trained.update(fits=[], stop=None)
        _, whole = run(mlflow_store, search)
        every = list(trained["fits"])
        stopped_after(len(every) - 2, trained, mlflow_store, search)
        _, resumed = run(mlflow_store, search, "auto")
        assert trained["fits"] == every[-3:]
        assert_same_results(whole.cv_results_, resumed.cv_results_)


def test_worker_processes(mlflow_store, trained):
    search = make_search(n_jobs=2)
    tracking, _ = run(mlflow_store, search)
    _, whole = run(mlflow_store, search)
    mlflow_store.client.set_terminated(tracking.run_id, "KILLED")
    tracking, resumed = run(mlflow_store, search, "auto")
    assert len(tracking.taken_from) == 18
    assert_same_results(whole.cv_results_, resumed.cv_results_)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("data", "data"),
        ("splits", "splits"),
        ("scoring", "scoring"),
        ("train scores", "settings"),
        ("version", "versions"),
    ],
)
def test_nothing_is_taken_of_another_search(
    change, what, mlflow_store, trained, monkeypatch
):
    run_id = stopped_after(8, trained, mlflow_store, make_search())
    search, data = make_search(), (X, y)
    if change == "data":
        data = (X + 1e-9, y)
    elif change == "splits":
        search.set_params(cv=StratifiedKFold(3, shuffle=True, random_state=1))
    elif change == "scoring":
        search.set_params(scoring="balanced_accuracy")
    elif change == "train scores":
        search.set_params(return_train_score=True)
    else:
        monkeypatch.setattr("kerasweep.__version__", "0.0.1")
    tracking, _ = run(mlflow_store, search, "auto", data)
    assert len(trained["fits"]) == 19
    assert tracking.taken_from == []
    trained.update(fits=[])
    with pytest.raises(ResumeError, match=f"differs in {what}"):
        run(mlflow_store, search, run_id, data)
    assert trained["fits"] == []
    assert type(search.estimator) is Pipeline


def test_other_parameters_are_trained(mlflow_store, trained):
    stopped_after(8, trained, mlflow_store, make_search())
    search = make_search().set_params(estimator__net__epochs=4)
    run(mlflow_store, search, "auto")
    assert len(trained["fits"]) == 19


def test_failed_fits_are_trained_again(mlflow_store, trained):
    grid = {"net__l2": [1e-4, 1e-2], "net__epochs": [3]}
    search = make_search(grid=grid)
    trained.update(fails=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tracking, _ = run(mlflow_store, search)
    mlflow_store.client.set_terminated(tracking.run_id, "FAILED")
    trained.update(fits=[], fails=None)
    run(mlflow_store, search, "auto")
    assert [l2 for l2, _ in trained["fits"][:3]] == [1e-4] * 3
    assert len(trained["fits"]) == 4


def test_finished_searches_are_not_resumed(mlflow_store, trained):
    run(mlflow_store, make_search())
    trained.update(fits=[])
    tracking, _ = run(mlflow_store, make_search(), "auto")
    assert len(trained["fits"]) == 19
    assert tracking.taken_from == []


def test_bad_requests(mlflow_store, trained):
    tracking = MlflowTracking(mlflow_store.name, resume="auto")
    search = make_search().set_callbacks(tracking)
    with pytest.raises(ResumeError, match=r"must be tracking.scoring\(...\)"):
        search.fit(X, y)
    with pytest.raises(ResumeError, match="'auto' or the id of a search's run in"):
        run(mlflow_store, make_search(), "0123456789abcdef0123456789abcdef")
    lone = MlflowTracking(mlflow_store.name, log_model=False)
    ToyNet().set_callbacks(lone).fit(X, y)
    with pytest.raises(ResumeError, match="must be the run of a search"):
        run(mlflow_store, make_search(), lone.run_id)
    drawn = make_search().set_params(cv=StratifiedKFold(3, shuffle=True))
    with pytest.raises(ResumeError, match="random_state of StratifiedKFold must be"):
        run(mlflow_store, drawn, "auto")
    assert trained["fits"] == []


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_again_and_again(kills, ready_python, empty_database, tmp_path):
    """No finished result is trained again or lost, and no store is broken."""
    database = tmp_path / "mlflow.db"
    database.write_bytes(empty_database.read_bytes())
    script = Path(__file__).with_name("killed_sweeps.py")
    done = ready_python.run(
        [script, database, kills], cwd=tmp_path, env=toy.environment(), timeout=600
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["kills"] == kills
    assert report["kills_in_training"] >= kills // 5
    assert report["trained_again"] == []
    assert report["lost"] == []
    assert report["same_results"]
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
