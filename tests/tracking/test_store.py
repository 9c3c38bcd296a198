"""What is read of MLflow's store beyond its public names is still there."""

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from kerasweep.tracking._messages import now
from kerasweep.tracking._store import Transactions


@pytest.mark.parametrize(
    "name",
    [
        *("ManagedSessionMaker", "_get_run_inputs", "get_experiment", "create_run"),
        *("_get_run", "_check_run_is_active"),
    ],
)
def test_private_name_of_mlflow(name, mlflow_store):
    inner = mlflow_store.client._tracking_client
    assert hasattr(inner.store, name), f"MLflow's SqlAlchemyStore has no {name} now."


def test_the_store_of_others_stays_as_it_is(mlflow_store):
    store = mlflow_store.client._tracking_client.store
    before = dict(vars(store))
    transactions = Transactions.of(mlflow_store.client)
    with pytest.raises(MlflowException), transactions.begin() as database:
        database.create_run(mlflow_store.experiment_id, "me", now(), [], "lost")
        raise KeyError
    assert mlflow_store.runs() == []
    with transactions.begin() as database:
        database.create_run(mlflow_store.experiment_id, "me", now(), [], "kept")
    assert [run.info.run_name for run in mlflow_store.runs()] == ["kept"]
    assert vars(store) == before


def test_a_server_has_none():
    assert Transactions.of(MlflowClient("http://127.0.0.1:9")) is None
