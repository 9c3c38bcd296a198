"""Requests in the form of the frame that a model was fitted on."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasweep.serving import ServedModel
from kerasweep.serving._columns import (
    as_fitted,
    describe_columns,
    mlflow_schema,
    read_columns,
    write_columns,
)

FRAME = pd.DataFrame(
    {
        "age": [30.5, 41.0, 22.0],
        "income": np.array([1.5, np.nan, 2.5], np.float32),
        "rooms": [1, 2, 3],
        "floors": pd.array([1, None, 2], "Int64"),
        "small": np.array([1, 2, 3], np.int8),
        "city": ["Ulm", "Bath", None],
        "plan": pd.Series(["a", None, "b"], dtype=object),
        "band": pd.Series(["a", np.nan, "b"], dtype=object),
        "size": pd.Categorical(["s", "m", "s"]),
        "new": [True, False, True],
        "let": pd.Series([True, None, False], dtype=object),
        "sold": pd.array([True, None, False], "boolean"),
        "since": pd.to_datetime(["2020-01-01", "2021-01-01", None]),
    }
)
COLUMNS = describe_columns(FRAME)


def test_the_signature_of_a_frame():
    schema = mlflow_schema(COLUMNS)
    found = {spec.name: (spec.type.name, spec.required) for spec in schema.inputs}
    assert found == {
        "age": ("double", True),
        "income": ("double", False),
        "rooms": ("long", True),
        "floors": ("double", False),
        "small": ("long", True),
        "city": ("string", False),
        "plan": ("string", False),
        "band": ("string", False),
        "size": ("string", True),
        "new": ("boolean", True),
        "let": ("string", False),
        "sold": ("string", False),
        "since": ("datetime", False),
    }


def asked(kind, frame, schema):
    """Return a frame as MLflow's server makes it of a request."""
    from io import StringIO

    from mlflow.pyfunc.scoring_server import infer_and_parse_data, parse_csv_input

    if kind == "csv":
        return parse_csv_input(StringIO(frame.to_csv(index=False)), schema)
    orient = kind.removeprefix("dataframe_")
    content = json.loads(frame.to_json(orient=orient, date_format="iso"))
    return infer_and_parse_data({kind: content}, schema)


@pytest.mark.parametrize("kind", ["dataframe_split", "dataframe_records", "csv"])
def test_requests_become_the_frame_again(kind):
    from mlflow.models.utils import _enforce_schema

    frame = FRAME.drop(columns="since") if kind == "csv" else FRAME  # MLflow's gap
    columns = describe_columns(frame)
    schema = mlflow_schema(columns)
    parsed = asked(kind, frame, schema)
    found = as_fitted(_enforce_schema(parsed, schema), columns)
    expected = frame.assign(size=frame["size"].astype("str"))
    pd.testing.assert_frame_equal(found, expected)
    assert found["plan"][1] is None and found["band"][1] is not None


def test_columns_that_were_optional_may_be_left_out_and_others_are_dropped():
    given = FRAME.drop(columns=["income", "floors", "plan", "since"]).assign(more=1)
    found = as_fitted(given[given.columns[::-1]], COLUMNS)
    assert list(found) == list(FRAME)
    assert found.dtypes.astype(str).tolist() == [one.dtype for one in COLUMNS]
    assert found[["income", "floors", "plan", "since"]].isna().all(axis=None)
    assert "age" not in as_fitted(given.drop(columns="age"), COLUMNS)


@pytest.mark.parametrize(
    ("column", "value"),
    [("rooms", 1.5), ("rooms", None), ("new", "no"), ("age", "old"), ("small", 300)],
)
def test_what_a_type_can_not_hold_stays_for_the_model_to_judge(column, value):
    values = pd.Series([value], dtype=object)
    given = FRAME.iloc[:1].drop(columns=column).assign(**{column: values})
    found = as_fitted(given, COLUMNS)[column][0]
    assert found == value or (found is None and value is None)


def test_unknown_categories_are_no_missing_values():
    given = FRAME.iloc[:1].assign(size="xl")
    assert as_fitted(given, COLUMNS)["size"].tolist() == ["xl"]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({0: [1.0]}),
        pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]),
        pd.DataFrame({"a": [object()]}),
        pd.DataFrame({"a": ["x", 1.0]}, dtype=object),
        pd.DataFrame({"a": pd.to_timedelta(["1h"])}),
        pd.DataFrame({"a": pd.to_datetime(["2020-01-01"]).tz_localize("UTC")}),
        pd.DataFrame({"a": [1 + 2j]}),
    ],
    ids=["numbers", "twice", "objects", "mixed", "timedelta", "zone", "complex"],
)
def test_frames_without_a_signature(frame):
    assert describe_columns(frame) is None


def test_columns_in_a_file(tmp_path):
    write_columns(COLUMNS, tmp_path / "columns.json")
    assert read_columns(tmp_path / "columns.json") == COLUMNS
    assert read_columns(tmp_path / "none.json") is None


def test_a_served_model_hands_on_the_form():
    class Model:
        def predict(self, X):
            return X.dtypes.astype(str).to_numpy()

    rows = FRAME.astype(object)
    found = ServedModel(Model(), COLUMNS).predict(rows)
    assert found.tolist() == [one.dtype for one in COLUMNS]
    assert set(ServedModel(Model()).predict(rows)) == {"object"}
