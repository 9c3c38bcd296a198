"""Models fitted on frames, where MLflow is told to load no pickles."""

import json
import urllib.error

import mlflow
import numpy as np
import pandas as pd
import pytest
from scoring_servers import NO_PROJECT, environment, predict, register, serve
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import kerasweep
from kerasweep import DenseClassifier

SLOW = pytest.mark.slow
random = np.random.default_rng(0)
N = 120
FRAME = pd.DataFrame(
    {
        "age": random.normal(40, 9, N),
        "income": np.where(random.random(N) < 0.1, np.nan, random.lognormal(3, 1, N)),
        "rooms": random.integers(1, 6, N),
        "city": random.choice(["Bath", "Ghent", "Ulm"], N),
        "plan": pd.Series(random.choice(["a", "b", None], N), dtype=object),
    }
)
LABELS = np.array(["no", "yes"])[(FRAME["age"] > 40).astype(int)]
# With a missing value, an unknown category and a whole number for a float.
ROWS = FRAME.iloc[:4].assign(
    age=[30, 41, 52, 63],
    income=[np.nan, 20.0, 30.0, 8.5],
    city=["Rome", "Ulm", "Bath", "Ghent"],
    plan=pd.Series(["a", None, "b", "c"], dtype=object),
)


def table_model():
    prepare = make_column_transformer(
        (
            make_pipeline(
                SimpleImputer(), FunctionTransformer(np.log1p), StandardScaler()
            ),
            make_column_selector(dtype_include="number"),
        ),
        (
            OneHotEncoder(sparse_output=False, handle_unknown="ignore"),
            make_column_selector(dtype_exclude="number"),
        ),
    )
    return make_pipeline(prepare, DenseClassifier((8,), epochs=3, random_state=0))


@pytest.fixture(autouse=True)
def no_pickles(monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")


@pytest.fixture
def registered(store_uri, monkeypatch):
    """Return a fitted model and the address of the same one in the registry."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_uri)
    model = register(table_model(), (FRAME, LABELS), "a-table", store_uri)
    return model, "models:/a-table@champion"


def split(frame):
    return json.loads(frame.to_json(orient="split", index=False))


@pytest.mark.parametrize("kind", ["thread", pytest.param("process", marks=SLOW)])
def test_tables_over_http(kind, store_uri, tmp_path):
    model = table_model()
    server = serve(kind, model, (FRAME, LABELS), f"tables-{kind}", store_uri, tmp_path)
    shares = {"params": {"method": "predict_proba"}}
    expected = model.predict_proba(ROWS)
    try:
        records = json.loads(ROWS.to_json(orient="records"))
        for content in (
            {"dataframe_split": split(ROWS)},
            {"dataframe_records": records},
        ):
            found = server.ask({**content, **shares})
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        labels = model.predict(ROWS).tolist()
        assert server.ask(ROWS.to_csv(index=False), "text/csv").tolist() == labels
        one = ROWS.iloc[:1].drop(columns=["income", "plan"])[["rooms", "city", "age"]]
        found = server.ask({"dataframe_split": split(one), **shares})
        empty = ROWS.iloc[:1].assign(income=np.nan, plan=None)
        np.testing.assert_allclose(found, model.predict_proba(empty), rtol=1e-4)
        for wrong, said in (
            (ROWS.drop(columns="age"), "missing inputs ['age']"),
            (ROWS.assign(age="old"), "column age"),
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                server.ask({"dataframe_split": split(wrong)})
            assert refused.value.code == 400
            assert said in json.loads(refused.value.read())["message"]
    finally:
        server.close()


@SLOW
def test_a_file_of_a_table_without_a_server(registered, store_uri, tmp_path):
    model, _ = registered
    csv = ROWS.astype({"age": float}).to_csv(index=False)
    found = predict("a-table", csv, "csv", store_uri, tmp_path)
    assert np.ravel(found).tolist() == model.predict(ROWS).tolist()


def test_every_way_of_loading(registered, tmp_path):
    model, uri = registered
    expected = model.predict_proba(ROWS)
    loaded = kerasweep.load(uri)
    np.testing.assert_array_equal(loaded.predict_proba(ROWS), expected)
    served = mlflow.pyfunc.load_model(uri)
    typed = ROWS.astype({"age": float})  # MLflow makes no floats of whole numbers
    found = served.predict(typed, params={"method": "predict_proba"})
    np.testing.assert_array_equal(found, expected)
    info = mlflow.models.get_model_info(uri)
    assert set(info.flavors) == {"python_function", "kerasweep"}
    required = {one.name: one.required for one in info.signature.inputs}
    assert required == {
        **dict.fromkeys(["age", "rooms", "city"], True),
        **dict.fromkeys(["income", "plan"], False),
    }
    folder = mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path))
    names = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert folder and not names & {".pkl", ".pickle", ".skops", ".joblib"}
    assert served.input_example.columns.tolist() == list(FRAME)
    served.predict(served.input_example)


def test_a_process_that_does_not_know_the_project(
    registered, ready_python, store_uri, tmp_path
):
    model, uri = registered
    ROWS.astype({"age": float}).to_parquet(tmp_path / "rows.parquet")
    code = (
        f"{NO_PROJECT}\n"
        "import importlib.util, mlflow, pandas\n"
        "found = importlib.util.find_spec('kerasweep')\n"
        "assert found is None or 'site-packages' in found.origin\n"
        f"served = mlflow.pyfunc.load_model({uri!r})\n"
        "print(served.predict(pandas.read_parquet('rows.parquet')).tolist())\n"
    )
    env = environment(store_uri, tmp_path)
    done = ready_python.run(["-c", code], cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(model.predict(ROWS).tolist())
