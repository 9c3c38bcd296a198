import warnings
from pathlib import Path

import numpy as np
import pytest
import tracking_toys as toy
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.pipeline import Pipeline
from tracking_toys import ToyNet, ToyScaler

from kerasweep.tracking import MlflowTracking
from kerasweep.tracking._messages import RunUpdate

X, y = load_iris(return_X_y=True)
GRID = {"net__l2": [1e-4, 1e-2], "net__random_state": [0, 1]}


def pipeline(**params):
    return Pipeline([("scale", ToyScaler()), ("net", ToyNet(**params))])


def hold_out():
    return ShuffleSplit(1, test_size=50, random_state=0)


def test_search_is_a_parent_with_a_child_for_each_fit(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(pipeline(), GRID, cv=hold_out())
    search.set_callbacks(tracking).fit(X, y)

    parent = mlflow_store.only("search")
    assert parent.info.status == "FINISHED"
    assert parent.info.run_name == "GridSearchCV over l2, seed"
    assert parent.data.params["search/class"] == "GridSearchCV"
    assert parent.data.params["search/grid/net__l2"] == "1e-4, 0.01"
    assert parent.data.params["estimator/net"] == "ToyNet()"
    assert parent.data.metrics["best/score"] == pytest.approx(search.best_score_)
    assert parent.data.tags["version.mlflow"]
    assert "Best: l2=" in parent.data.tags["mlflow.note.content"]
    assert [d.dataset.name for d in parent.inputs.dataset_inputs] == ["array 150x4"]

    children = mlflow_store.children(parent.info.run_id)
    assert sorted(r.info.run_name for r in children) == [
        "l2=0.01 seed=0",
        "l2=0.01 seed=1",
        "l2=1e-4 seed=0",
        "l2=1e-4 seed=1",
        "refit",
    ]
    assert {r.info.status for r in children} == {"FINISHED"}
    child = next(r for r in children if r.info.run_name == "l2=1e-4 seed=1")
    assert child.data.params == {
        "net__l2": "0.0001",
        "net__random_state": "1",
        "log10_l2": "-4",
    }
    assert child.data.metrics["score/validation"] == pytest.approx(
        search.cv_results_["split0_test_score"][1]
    )
    assert child.data.metrics["time/fit_seconds"] > 0
    assert child.info.end_time >= child.info.start_time
    history = mlflow_store.client.get_metric_history(
        child.info.run_id, "validation/loss"
    )
    assert [(m.step, m.value) for m in history] == [
        (1, pytest.approx(1.0001)),
        (2, pytest.approx(0.5001)),
        (3, pytest.approx(1 / 3 + 1e-4)),
    ]
    refit = mlflow_store.only("refit")
    assert refit.data.metrics["train/loss"] == pytest.approx(1 / 3)
    assert refit.data.params["net__l2"] == str(search.best_params_["net__l2"])
    assert "candidate" in {r.data.tags["stage"] for r in children}
    path = mlflow_store.client.download_artifacts(parent.info.run_id, "cv_results.csv")
    header = Path(path).read_text().splitlines()[0]
    assert "mean_test_score" in header and "param_net__l2" in header


def test_splits_are_in_the_name_only_where_there_are_several(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(ToyNet(), {"l2": [0.0, 0.1]}, cv=2, return_train_score=True)
    search.set_callbacks(tracking).fit(X, y)
    runs = mlflow_store.runs("candidate")
    assert sorted(r.info.run_name for r in runs) == [
        "l2=0 split=0",
        "l2=0 split=1",
        "l2=0.1 split=0",
        "l2=0.1 split=1",
    ]
    by_name = {r.info.run_name: r.data.metrics for r in runs}
    assert by_name["l2=0.1 split=1"]["score/train"] == pytest.approx(
        search.cv_results_["split1_train_score"][1]
    )


def test_child_is_running_in_the_store_while_its_fit_goes_on(mlflow_store):
    toy.LOOK.update(
        uri=mlflow_store.uri, experiment_id=mlflow_store.experiment_id, seen=[]
    )
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(
        ToyNet(raises=toy.looks_at_store), {"l2": [0.1]}, cv=hold_out(), refit=False
    )
    search.set_callbacks(tracking).fit(X, y)
    assert toy.LOOK["seen"] == [[("l2=0.1", "RUNNING")]]


def test_scoring_sends_the_score_before_the_search_ends(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    sent = []
    put = tracking._main.writer.put

    def watch(message):
        sent.append(message)
        put(message)

    from sklearn.callback import _transport

    address = tracking._channel.handle.address
    _transport._message_consumers[address] = watch
    search = GridSearchCV(
        ToyNet(),
        {"l2": [0.1, 0.9]},
        scoring=tracking.scoring("accuracy"),
        cv=hold_out(),
        return_train_score=True,
    )
    search.set_callbacks(tracking).fit(X, y)
    updates = [one for one in sent if type(one) is RunUpdate]
    first_end = [one.status for one in updates].index("FINISHED")
    assert list(updates[first_end + 1].metrics) == ["score/validation"]
    parent = mlflow_store.only("search")
    assert parent.data.params["search/scoring"] == "accuracy"
    by_name = {r.info.run_name: r.data.metrics for r in mlflow_store.runs("candidate")}
    for row, name in enumerate(["l2=0.1", "l2=0.9"]):
        for kind, column in (("validation", "test"), ("train", "train")):
            assert by_name[name][f"score/{kind}"] == pytest.approx(
                search.cv_results_[f"split0_{column}_score"][row]
            )
    before = len(sent)
    search.score(X, y)  # the user's own use of the scorer is no validation score
    assert len(sent) == before


def test_several_scorers_have_their_names(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(
        ToyNet(),
        {"l2": [0.1]},
        scoring=tracking.scoring(["accuracy", "f1_macro"]),
        refit="f1_macro",
        cv=hold_out(),
    )
    search.set_callbacks(tracking).fit(X, y)
    metrics = mlflow_store.only("candidate").data.metrics
    assert metrics["score/validation_accuracy"] == pytest.approx(
        search.cv_results_["split0_test_accuracy"][0]
    )
    assert "score/validation_f1_macro" in metrics


def test_two_worker_processes_write_through_this_one(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(
        pipeline(),
        GRID,
        cv=hold_out(),
        n_jobs=2,
        scoring=tracking.scoring("accuracy"),
    )
    search.set_callbacks(tracking).fit(X, y)
    runs = mlflow_store.runs("candidate")
    assert len(runs) == 4
    for run in runs:
        assert run.info.status == "FINISHED"
        assert run.data.metrics["train/loss"] == pytest.approx(1 / 3)
        assert "score/validation" in run.data.metrics


def test_estimator_without_callbacks_still_has_its_runs(mlflow_store):
    from sklearn.naive_bayes import GaussianNB

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-1]}, cv=2)
    search.set_callbacks(tracking).fit(X, y)
    runs = mlflow_store.runs("candidate")
    assert sorted(r.info.run_name for r in runs)[0] == "var_smoothing=0.1 split=0"
    assert all(r.info.status == "FINISHED" for r in runs)
    assert all("score/validation" in r.data.metrics for r in runs)
    assert {r.data.params["log10_var_smoothing"] for r in runs} == {"-9", "-1"}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_steps_without_callbacks_are_passed_over_quietly(n_jobs, mlflow_store):
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    columns = ColumnTransformer([("scale", StandardScaler(), [0, 1, 2, 3])])
    search = GridSearchCV(
        Pipeline([("columns", columns), ("net", ToyNet())]),
        {"net__l2": [0.0, 0.1]},
        cv=hold_out(),
        n_jobs=n_jobs,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.set_callbacks(tracking).fit(X, y)
    for run in mlflow_store.runs("candidate"):
        assert "train/loss" in run.data.metrics


def test_randomized_search_names_what_it_drew(mlflow_store):
    from scipy.stats import loguniform
    from sklearn.model_selection import RandomizedSearchCV

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = RandomizedSearchCV(
        ToyNet(), {"l2": loguniform(1e-6, 1e-3)}, n_iter=3, cv=hold_out()
    )
    search.set_callbacks(tracking).fit(X, y)
    drawn = {str(p["l2"]) for p in search.cv_results_["params"]}
    runs = mlflow_store.runs("candidate")
    assert {r.data.params["l2"] for r in runs} == drawn
    assert all("log10_l2" in r.data.params for r in runs)
    grid = mlflow_store.only("search").data.params["search/grid/l2"]
    assert grid == "loguniform(1e-6, 0.001)"


@pytest.mark.parametrize("resource", ["n_samples", "epochs"])
def test_halving_maps_each_iteration(mlflow_store, resource):
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingGridSearchCV

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = HalvingGridSearchCV(
        ToyNet(),
        {"l2": [0.0, 1e-3, 0.01, 0.9]},
        cv=2,
        factor=2,
        resource=resource,
        min_resources=30 if resource == "n_samples" else 2,
        max_resources=120 if resource == "n_samples" else 8,
        random_state=0,
    )
    search.set_callbacks(tracking).fit(X, y)
    runs = mlflow_store.runs("candidate")
    assert len(runs) == 2 * len(search.cv_results_["params"])
    assert {r.info.status for r in runs} == {"FINISHED"}
    results = search.cv_results_
    by_name = {r.info.run_name: r for r in runs}
    assert len(by_name) == len(runs)
    for row, params in enumerate(results["params"]):
        more = "" if resource == "n_samples" else f" epochs={params['epochs']}"
        name = f"l2={params['l2']:g}{more} split=1 iter={results['iter'][row]}"
        run = by_name[name]
        assert run.data.metrics["score/validation"] == pytest.approx(
            results["split1_test_score"][row]
        )
        key = "n_resources" if resource == "n_samples" else "epochs"
        assert run.data.params[key] == str(results["n_resources"][row])


def test_search_in_threads(mlflow_store):
    import joblib

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(pipeline(seconds=0.01), GRID, cv=hold_out())
    search.set_callbacks(tracking)
    with joblib.parallel_config("threading", n_jobs=4):
        search.fit(X, y)
    assert len(mlflow_store.runs("candidate")) == 4


def test_same_callback_for_two_searches(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    for l2 in (0.1, 0.2):
        search = GridSearchCV(ToyNet(), {"l2": [l2]}, cv=hold_out())
        search.set_callbacks(tracking).fit(X, y)
    assert len(mlflow_store.runs("search")) == 2
    assert len(mlflow_store.runs("candidate")) == 2


def test_a_transformers_epochs_have_their_own_section(mlflow_store):
    class ToyDenoiser(ToyNet):
        def transform(self, X):
            return X

    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    model = Pipeline([("denoise", ToyDenoiser(epochs=2)), ("net", ToyNet())])
    model.set_callbacks(tracking).fit(X, y)
    metrics = mlflow_store.only("fit").data.metrics
    assert metrics["denoise/loss"] == pytest.approx(1 / 2)
    assert metrics["train/loss"] == pytest.approx(1 / 3)
    assert np.isfinite(metrics["denoise/val_loss"])
