"""The winner as a model, registered, and loaded elsewhere."""

import pickle

import mlflow.sklearn
import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2 as codes
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.pipeline import Pipeline
from tracking_toys import ToyNet, run_python

from kerasweep.preprocessing import PixelScaler
from kerasweep.serving import ImagesToRows, taking_images
from kerasweep.tracking import MlflowTracking, RegisteredModel
from kerasweep.tracking._registry import champion_of

X, y = load_iris(return_X_y=True)
D, t = load_digits(return_X_y=True)


def fitted_search(tracking, l2=0.1, **params):
    search = GridSearchCV(
        ToyNet(**params),
        {"l2": [l2]},
        cv=ShuffleSplit(1, test_size=50, random_state=0),
    )
    return search.set_callbacks(tracking).fit(X, y)


def champion(store, name):
    version = store.client.get_model_version_by_alias(name, "champion").version
    return str(version)


def test_winner_is_the_one_model_of_the_parent(mlflow_store):
    search = fitted_search(MlflowTracking(mlflow_store.name))
    parent = mlflow_store.only("search")
    (output,) = parent.outputs.model_outputs
    loaded = mlflow.sklearn.load_model(f"models:/{output.model_id}")
    np.testing.assert_array_equal(loaded.predict(X), search.predict(X))
    model = mlflow_store.client.get_logged_model(output.model_id)
    assert model.status == "READY"
    assert model.source_run_id == parent.info.run_id
    assert not any(
        r.outputs and r.outputs.model_outputs for r in mlflow_store.runs("candidate")
    )


def test_lone_fit_logs_a_model_without_its_callback(mlflow_store):
    net = ToyNet().set_callbacks(MlflowTracking(mlflow_store.name))
    net.fit(X, y)
    (output,) = mlflow_store.only("fit").outputs.model_outputs
    loaded = mlflow.sklearn.load_model(f"models:/{output.model_id}")
    assert not hasattr(loaded, "_skl_callbacks")
    assert hasattr(net, "_skl_callbacks")


def test_champion_moves_only_to_a_better_score(mlflow_store):
    name = "moves"
    for l2, moved in [(0.1, True), (0.9, False), (0.1, False)]:
        tracking = MlflowTracking(mlflow_store.name, register_as=name)
        search = fitted_search(tracking, l2)
        versions = mlflow_store.client.search_model_versions(f"name='{name}'")
        newest = max(versions, key=lambda v: int(v.version))
        assert newest.tags["validation_score"] == repr(float(search.best_score_))
        assert (champion(mlflow_store, name) == str(newest.version)) is moved
    assert len(versions) == 3
    parent = mlflow_store.runs("search")[1]
    assert parent.data.tags["champion"].startswith("false: its validation score")
    loaded = mlflow.sklearn.load_model(f"models:/{name}@champion")
    assert loaded.score(X, y) > 0.8


def test_test_score_decides_where_both_have_one(mlflow_store):
    name = "by-test"
    for accuracy, winner in [(0.90, "1"), (0.85, "1"), (0.95, "3")]:
        tracking = MlflowTracking(mlflow_store.name, register_as=name)
        with tracking:
            fitted_search(tracking)
            tracking.log_test(accuracy=accuracy, low=0.8, high=0.99, n=50)
        assert champion(mlflow_store, name) == winner
    version = mlflow_store.client.get_model_version(name, "2")
    assert version.tags["test_score"] == "0.85"
    assert version.tags["test_metric"] == "accuracy"
    assert version.run_id == mlflow_store.runs("search")[1].info.run_id


def test_champion_of_another_data_set_stays(mlflow_store):
    name = "other-data"
    fitted_search(
        MlflowTracking(mlflow_store.name, register_as=name, dataset_name="a"), 0.9
    )
    fitted_search(
        MlflowTracking(mlflow_store.name, register_as=name, dataset_name="b"), 0.1
    )
    assert champion(mlflow_store, name) == "1"
    tags = mlflow_store.client.get_model_version(name, "2").tags
    assert tags["dataset"] == "b"


def test_register_after_the_fact(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    with pytest.raises(RuntimeError, match="needs a run"):
        tracking.register("later")
    fitted_search(tracking)
    registered = tracking.register("later")
    assert registered.version == "1" and registered.is_champion
    lines = tracking.how_to_open("later")
    assert lines[0] == f"mlflow ui --backend-store-uri {mlflow_store.uri}"
    assert f"#/experiments/{mlflow_store.experiment_id}/runs?" in lines[1]
    assert lines[2] == 'kerasweep.load("models:/later@champion")'


def test_register_needs_a_winner(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name)
    with tracking:
        pass
    with pytest.raises(RuntimeError, match="needs a refitted winner"):
        tracking.register("nothing")


def test_model_that_can_not_be_saved_costs_a_warning(mlflow_store):
    class Unpicklable:
        def __reduce__(self):
            raise TypeError("no pickle of this")

    tracking = MlflowTracking(mlflow_store.name, register_as="never")
    with pytest.warns(UserWarning, match="has not recorded the model"):
        net = ToyNet(random_state=Unpicklable()).set_callbacks(tracking).fit(X, y)
    assert net.score(X, y) > 0.8
    assert mlflow_store.only("fit").info.status == "FINISHED"


def test_served_model_takes_images_and_loads_in_a_fresh_process(
    ready_python, mlflow_store, tmp_path
):
    name = "digits"
    tracking = MlflowTracking(
        mlflow_store.name, register_as=name, image_shape=(8, 8), dataset_name="digits"
    )
    model = Pipeline([("scale", PixelScaler(16)), ("net", ToyNet())])
    search = GridSearchCV(model, {"net__l2": [0.1]}, cv=2)
    search.set_callbacks(tracking).fit(D, t)
    expected = search.predict(D[:20]).tolist()
    np.save(tmp_path / "rows.npy", D[:20])
    # Not on the path: the package, nor this checkout; only what the model brought.
    code = f"""
import importlib.util, json, sys
import numpy as np
import mlflow.pyfunc, mlflow.sklearn
rows = np.load("rows.npy")
served = mlflow.pyfunc.load_model("models:/{name}@champion")
import kerasweep
assert "artifacts" in kerasweep.__file__ or "model" in kerasweep.__file__
images = rows.reshape(-1, 8, 8)
print(served.predict(images).tolist() == {expected})
example = served.input_example
assert example.shape == (3, 8, 8), example.shape
print(served.predict(example).tolist() == {expected[:3]})
from mlflow.pyfunc.scoring_server import infer_and_parse_data
posted = json.dumps({{"inputs": images[:2].tolist()}})
parsed = infer_and_parse_data(json.loads(posted), served.metadata.get_input_schema())
print(served.predict(parsed).tolist() == {expected[:2]})
pipeline = mlflow.sklearn.load_model("models:/{name}@champion")
print([step for step, _ in pipeline.steps])
print(pipeline.predict(rows).tolist() == pipeline.predict(images).tolist())
"""
    toys = str(__import__("pathlib").Path(__file__).parent)
    out = run_python(ready_python, code, tmp_path, PYTHONPATH=toys)
    assert out.splitlines() == [
        "True",
        "True",
        "True",
        "['images_to_rows', 'scale', 'net']",
        "True",
    ]


def test_images_to_rows():
    rows = np.arange(24.0).reshape(2, 12)
    step = ImagesToRows((3, 4))
    np.testing.assert_array_equal(step.transform(rows.reshape(2, 3, 4)), rows)
    np.testing.assert_array_equal(step.transform(rows.reshape(2, 3, 4, 1)), rows)
    assert step.transform(rows) is rows
    assert step.transform(rows.tolist()).shape == (2, 12)
    with pytest.raises(ValueError, match="image_shape"):
        step.transform(np.zeros((2, 4, 4)))
    assert pickle.loads(pickle.dumps(step)).image_shape == (3, 4)
    net = ToyNet().fit(rows, [0, 1])
    served = taking_images(net, (3, 4))
    assert served.predict(rows.reshape(2, 3, 4)).tolist() == [0, 1]


def test_registry_that_does_not_answer_makes_no_champion():
    class Client:
        def get_model_version_by_alias(self, name, alias):
            raise MlflowException("no answer", codes.TEMPORARILY_UNAVAILABLE)

    with pytest.raises(MlflowException, match="no answer"):
        champion_of(Client(), "net")


def test_versions_of_a_model_with_a_quote_in_its_name(mlflow_store):
    fitted_search(MlflowTracking(mlflow_store.name, register_as="it's a net"))
    model = RegisteredModel("it's a net")
    assert model.champion == model.find("latest") == "1"


@pytest.mark.parametrize("model", [None, "net"])
def test_what_is_no_model_is_not_chosen(model, mlflow_store):
    with MlflowTracking(mlflow_store.name) as tracking:
        with pytest.raises(TypeError, match="estimator of choose_model must be"):
            tracking.choose_model(model)
        with pytest.raises(NotFittedError):
            tracking.choose_model(ToyNet())
