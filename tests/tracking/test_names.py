"""Odd names: MLflow gets keys that it takes, and different names stay different."""

import math

import pytest
import tracking_toys as toy
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.pipeline import Pipeline
from tracking_toys import ToyNet, ToyScaler

from kerasweep.tracking import MlflowTracking, finished_experiments
from kerasweep.tracking._names import clean_key, clean_path, run_name, value_text

X, y = load_iris(return_X_y=True)
ODD = [
    *("net (wide)", "net [wide]", "net {wide}", "a,b", "a=b", "a;b", "a|b", "a b"),
    *("a/b", "/a", "a/", "a//b", "a/./b", "a/../b", ".", "..", "...", "..a", ""),
    *("50%", "µ²", "loss\n", "naïve\0", "\ud800", "x" * 300 + "1", "x" * 300 + "2"),
]


class ToyDenoiser(ToyNet):
    def transform(self, X):
        return X


def test_odd_keys_are_all_taken_and_stay_apart(mlflow_store):
    assert len({clean_key(key) for key in ODD}) == len(ODD)
    for key in ODD:
        assert clean_key(clean_key(key)) == clean_key(key)
    tags = {key: str(i) for i, key in enumerate(ODD) if key.strip()}
    with MlflowTracking(mlflow_store.name, tags=tags) as tracking:
        tracking.log_metrics({key: i for i, key in enumerate(ODD)})
    data = mlflow_store.client.get_run(tracking.run_id).data
    assert sorted(data.metrics.values()) == list(range(len(ODD)))
    assert set(tags.values()) <= set(data.tags.values())
    for key in ODD:
        assert data.metrics[clean_key(key)] == ODD.index(key)


def test_keys_that_mlflow_takes_stay_as_they_are():
    for key in ("net__l2", "score/validation_f1-macro", "a b.c", "Größe"):
        assert clean_key(key) == key


def test_search_over_steps_of_odd_names(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    names = ["a (b)", "a [b]", "train", "net = x, y/z"]
    steps = [("scale, [0, 1]", ToyScaler())]
    steps += [(name, ToyDenoiser(epochs=2)) for name in names]
    grid = {f"{name}__l2": [i / 10] for i, name in enumerate(names)}
    grid["net = x, y/z__l2"] = [0.5, 0.05]
    search = GridSearchCV(
        Pipeline(steps),
        grid,
        cv=ShuffleSplit(1, test_size=50, random_state=0),
        scoring=tracking.scoring({"f (a)": "accuracy", "f [a]": "f1_macro"}),
        refit="f (a)",
    )
    search.set_callbacks(tracking).fit(X, y)
    parent = mlflow_store.only("search")
    for start in ("search/grid/", "best/"):
        found = [key for key in parent.data.params if key.startswith(start)]
        assert len(found) == len(grid)
    found = [key for key in parent.data.params if key.startswith("estimator/")]
    assert len(found) == len(steps)
    runs = mlflow_store.runs("candidate")
    assert [r.info.status for r in runs] == ["FINISHED"] * 2
    for run in runs:
        numbers = {k: v for k, v in run.data.params.items() if "__l2" in k}
        assert len(numbers) == len(grid)
        assert {"0.0", "0.1", "0.2"} < set(numbers.values())
        scores = [key for key in run.data.metrics if key.startswith("score/validation")]
        assert len(scores) == 2
        losses = [key for key in run.data.metrics if key.endswith("/loss")]
        assert "train/loss" in losses and "step train/loss" in losses


def test_odd_names_are_resumed(mlflow_store):
    toy.TRAINED.update(fits=[], stop=3)
    net = ToyNet(raises=toy.counts_fits)
    search = GridSearchCV(
        Pipeline([("net (wide)", net)]),
        {"net (wide)__l2": [0.0, 0.1], "net (wide)__random_state": [0, 1]},
        cv=ShuffleSplit(1, test_size=50, random_state=0),
    )
    for resume in (None, "auto"):
        tracking = MlflowTracking(mlflow_store.name, log_model=False, resume=resume)
        search.set_params(scoring=tracking.scoring("accuracy"))
        search.set_callbacks(tracking)
        if resume is None:
            with pytest.raises(KeyboardInterrupt):
                search.fit(X, y)
            toy.TRAINED.update(fits=[], stop=None)
    search.fit(X, y)
    assert len(tracking.taken_from) == 2
    assert len(toy.TRAINED["fits"]) == 2 + 1


def test_odd_values_and_long_ones_stay_apart(mlflow_store):
    values = ["a\nb\0", "\udcff", "v" * 600 + "1", "v" * 600 + "2", math.nan]
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    search = GridSearchCV(
        ToyNet(), {"raises": values}, cv=ShuffleSplit(1, random_state=0), refit=False
    )
    search.set_callbacks(tracking).fit(X, y)
    runs = mlflow_store.runs("candidate")
    assert [r.info.status for r in runs] == ["FINISHED"] * len(values)
    assert len({r.data.params["raises"] for r in runs}) == len(values)
    assert len({r.info.run_name for r in runs}) == len(values)
    assert run_name({"a": "x\n y"}, {}) == "a=x y"
    assert len(value_text("v" * 600)) <= 500


def test_files_of_odd_names(mlflow_store):
    from matplotlib.figure import Figure

    texts = ["notes (1).txt", "50% #1?.txt", "50% #2?.txt", "a=1, [b]/c:d", "n" * 400]
    assert clean_path("notes (1).txt") == "notes (1).txt"
    with MlflowTracking(mlflow_store.name) as tracking:
        for path in texts:
            tracking.log_text(path, path)
        tracking.log_figure(Figure(), "loss: (a=1) #2")
    found = set()
    for path in ["", "a=1, [b]", "figures"]:
        items = mlflow_store.client.list_artifacts(tracking.run_id, path or None)
        found |= {item.path for item in items if not item.is_dir}
    assert found >= {clean_path(path) for path in texts}
    assert len(found) == len(texts) + 1
    assert clean_path("50% #1?.txt").endswith(".txt")


def test_finished_experiments_are_found_by_an_odd_tag(mlflow_store):
    tag = "kind (of `it`)"
    with MlflowTracking(mlflow_store.name, tags={tag: "x"}) as tracking:
        tracking.log_text('{"finished": true}', "record.json")
    (found,) = finished_experiments(tag, "record.json")
    assert found.run_id == tracking.run_id
