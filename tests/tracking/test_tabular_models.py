"""Estimators for tables under MLflow's tracking and in its registry."""

import mlflow
import numpy as np
import pandas as pd
import polars as pl
import pytest

import kerasweep
from kerasweep import TabularClassifier
from kerasweep.tracking import MlflowTracking


@pytest.mark.parametrize("form", [pd.DataFrame, pl.from_pandas])
def test_a_table_is_tracked_registered_and_served_with_its_columns(
    form, mlflow_store, monkeypatch
):
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    name = f"homes of {form.__module__.partition('.')[0]}"
    random = np.random.default_rng(0)
    homes = pd.DataFrame(
        {
            "size": random.normal(90, 20, 80),
            "kind": random.choice(["flat", "house"], 80),
            "garden": random.random(80) > 0.5,
        }
    )
    homes.loc[::5, "size"] = np.nan
    sold = np.where(homes["garden"], "yes", "no")
    net = TabularClassifier((8,), n_members=2, epochs=3, random_state=0)
    net.set_callbacks(MlflowTracking(mlflow_store.name, register_as=name))
    net.fit(form(homes), sold)
    address = f"models:/{name}@champion"
    loaded = kerasweep.load(address)
    np.testing.assert_array_equal(loaded.predict_proba(homes), net.predict_proba(homes))
    served = mlflow.pyfunc.load_model(address)
    kinds = {
        c.name: (c.type.name, c.required) for c in served.metadata.signature.inputs
    }
    assert kinds == {
        "size": ("double", False),
        "kind": ("string", True),
        "garden": ("boolean", True),
    }
    assert served.predict(homes).tolist() == net.predict(homes).tolist()
    # Each epoch was a task, told once for both members.
    run = mlflow.search_runs(experiment_names=[mlflow_store.name])["run_id"][0]
    curve = mlflow.MlflowClient().get_metric_history(run, "train/loss")
    assert [point.step for point in curve] == list(range(1, net.n_epochs_ + 1))
