"""Registered models that hold data alone, and those that can't."""

import warnings
import zipfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from tracking_toys import ToyNet

import kerasweep
from kerasweep import DenseClassifier, MinMaxScaler, PixelScaler
from kerasweep.tracking import MlflowTracking, RegisteredModel
from kerasweep.tracking._model import example_rows, save_winner

X, y = load_iris(return_X_y=True)
FRAME = pd.DataFrame(
    {
        "income": np.array([1.5, np.nan, 2.5], np.float32),
        "floors": pd.array([1, None, 2], "Int64"),
        "rooms": pd.array([1, 3, 2], "Int8"),
        "plan": pd.Series(["a", None, "b"], dtype=object),
        "size": pd.Categorical(["s", "m", None]),
        "sold": pd.array([True, None, False], "boolean"),
        "new": [True, False, False],
        "since": pd.to_datetime(["2020-01-01", "2021-01-01", None]),
    }
)
NAMES = np.array(["setosa", "versicolor", "virginica"])
LOADERS = {
    "kerasweep": kerasweep.load,
    "pyfunc": lambda uri: mlflow.pyfunc.load_model(uri).get_raw_model(),
    "registry": lambda uri: RegisteredModel(uri[8:-2]).load("1"),
}


def registered(store, name, model, rows=X, **options):
    tracking = MlflowTracking(store.name, register_as=name, **options)
    return model.set_callbacks(tracking).fit(rows, NAMES[y])


def forbid(monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")


@pytest.fixture
def champion(mlflow_store, monkeypatch):
    forbid(monkeypatch)
    net = DenseClassifier((4,), epochs=2, random_state=np.random.RandomState(0))
    model = make_pipeline(MinMaxScaler(), FunctionTransformer(np.sqrt), net)
    # scikit-learn says so of a step that hands no callbacks on
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The estimator FunctionTransformer")
        return registered(mlflow_store, "data", model)


@pytest.mark.parametrize("loader", LOADERS)
def test_a_pipeline_loads_where_pickles_are_forbidden(champion, loader):
    loaded = LOADERS[loader]("models:/data/1")
    np.testing.assert_array_equal(loaded.predict_proba(X), champion.predict_proba(X))
    assert not hasattr(loaded, "_skl_callbacks")


def test_its_files_are_data(champion, tmp_path):
    folder = tmp_path / "model"
    mlflow.artifacts.download_artifacts("models:/data@champion", dst_path=str(folder))
    files = [p.relative_to(folder) for p in folder.rglob("*") if p.is_file()]
    assert Path("data/fitted/estimator.kerasweep") in files
    suffixes = {path.suffix for path in files if path.parts[0] != "code"}
    assert suffixes == {".kerasweep", "", ".json", ".yaml", ".txt"}
    assert not any(path.suffix in (".pkl", ".pickle", ".npz") for path in files)
    with zipfile.ZipFile(folder / "data/fitted/estimator.kerasweep") as archive:
        assert "kerasweep.json" in archive.namelist()


def test_its_description(champion):
    info = mlflow.models.get_model_info("models:/data@champion")
    assert set(info.flavors) == {"kerasweep", "python_function"}
    assert info.flavors["kerasweep"]["format"] == 1
    assert info.signature.inputs is None  # of an array
    assert info.signature.params.to_dict()[0]["default"] == "predict"
    with pytest.raises(mlflow.MlflowException, match="sklearn"):
        mlflow.sklearn.load_model("models:/data@champion")


def test_code_beside_the_data_is_not_run_by_load(champion, mlflow_store, tmp_path):
    version = mlflow_store.client.get_model_version_by_alias("data", "champion")
    folder = mlflow.artifacts.download_artifacts(f"models:/data/{version.version}")
    loaders = list(Path(folder).glob("code/**/kerasweep/__init__.py"))
    assert loaders
    for path in loaders:
        path.write_text(f"import os; os.mkdir({str(tmp_path / 'ran')!r})")
    kerasweep.load("models:/data@champion").predict(X)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("image_shape", [None, (2, 2)])
def test_a_part_that_needs_a_pickle_is_named(image_shape, mlflow_store, monkeypatch):
    name = f"pickled-{image_shape is None}"
    message = r"logged as a pickle, which .* Got ToyNet of tracking_toys instead\."
    with pytest.warns(UserWarning, match=message):
        net = registered(mlflow_store, name, ToyNet(), image_shape=image_shape)
    uri = f"models:/{name}@champion"
    np.testing.assert_array_equal(
        mlflow.pyfunc.load_model(uri).predict(X), net.predict(X)
    )
    loaded = RegisteredModel(name).load("1")
    np.testing.assert_array_equal(loaded.predict(X), net.predict(X))
    with pytest.raises(ValueError, match=r"reads no pickles\. Got one of .*sklearn"):
        kerasweep.load(uri)
    forbid(monkeypatch)
    for load in (mlflow.pyfunc.load_model, mlflow.sklearn.load_model):
        with pytest.raises(Exception, match="MLFLOW_ALLOW_PICKLE_DESERIALIZATION") as e:
            load(uri)
        if image_shape and load is mlflow.pyfunc.load_model:
            assert "is a pickle, which could run any code, and" in str(e.value)


@pytest.mark.parametrize("first", [PixelScaler(), StandardScaler()])
def test_a_pickle_of_a_frame_has_its_columns(first, tmp_path, monkeypatch):
    frame = load_iris(as_frame=True).data.set_axis(list("abcd"), axis=1)
    frame.iloc[100, 2] = np.nan
    tree = make_pipeline(
        SimpleImputer().set_output(transform="pandas"), first, DecisionTreeClassifier()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree.fit(frame, y)
        save_winner(tree, example_rows(frame), None, tmp_path / "model")
        served = mlflow.pyfunc.load_model(str(tmp_path / "model"))
        assert served.predict(frame).tolist() == tree.predict(frame).tolist()
    inputs = served.metadata.get_input_schema().inputs
    assert [one.required for one in inputs] == [True, True, False, True]
    assert {one.type.name for one in inputs} == {"double"}


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        pd.DataFrame(X[:3]),
        pd.DataFrame({"a": pd.to_timedelta(["1h", "2h", "3h"])}),
        pd.DataFrame({"a": pd.to_datetime(["2020-01-01"] * 3).tz_localize("UTC")}),
        pd.DataFrame({"a": ["x", 1.0, 2.0]}, dtype=object),
    ],
    ids=["many types", "numbered", "durations", "zone", "mixed"],
)
def test_frames_of_every_kind_are_logged(frame, tmp_path):
    model = DummyClassifier().fit(frame, NAMES[[0, 1, 1]])
    save_winner(model, example_rows(frame), None, tmp_path / "model")
    served = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    rows = frame if served.input_example is None else served.input_example
    assert served.predict(rows).tolist() == [NAMES[1]] * 3
    assert (served.metadata.get_input_schema() is not None) is (frame is FRAME)


def test_what_takes_polars_alone_is_logged_without_columns(tmp_path):
    frame = pl.DataFrame({"a": [1.0, 2.0, 3.0]})
    model = make_pipeline(
        FunctionTransformer(lambda rows: rows.select(pl.col("a") * 2)),
        DummyClassifier(),
    ).fit(frame, NAMES[[0, 1, 1]])
    with pytest.warns(UserWarning, match="logged as a pickle"):
        save_winner(model, example_rows(frame), None, tmp_path / "model")
    served = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    assert served.predict(frame).tolist() == [NAMES[1]] * 3


def test_a_model_that_is_not_there(mlflow_store):
    with pytest.raises(mlflow.MlflowException, match="not found"):
        kerasweep.load("models:/no-such-model@champion")
