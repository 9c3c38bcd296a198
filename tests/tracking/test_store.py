"""What is read of MLflow's store beyond its public names is still there."""

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy import event

from kerasweep.tracking._messages import RunKey, RunRecord, now
from kerasweep.tracking._store import Store, Transactions


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


def test_a_run_is_read_once_to_be_completed(mlflow_store):
    store = Store(mlflow_store.uri, mlflow_store.name)
    run_id = store.create_run("one", {}, None, now())
    end = now()
    record = RunRecord(RunKey("tree", ()), run_id=run_id)
    record.add({"a": 1.0, "b": 2.0}, 1, end)
    record.params, record.tags = {"l2": "1"}, {"c": "d"}
    record.finish("FINISHED", None, end)
    statements = []
    engine = store.client._tracking_client.store.engine

    def note(connection, cursor, statement, *_):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert store.write_together([record], False) == [run_id]
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len([text for text in statements if "FROM runs" in text]) == 1
    run = store.client.get_run(run_id)
    assert (run.info.status, run.info.end_time) == ("FINISHED", end)
    assert run.data.metrics == {"a": 1.0, "b": 2.0}
    assert run.data.params == {"l2": "1"} and run.data.tags["c"] == "d"


def test_a_deleted_run_is_not_ended(mlflow_store):
    store = Store(mlflow_store.uri, mlflow_store.name)
    run_id = store.create_run("one", {}, None, now())
    store.client.delete_run(run_id)
    record = RunRecord(RunKey("tree", ()), run_id=run_id)
    record.finish("FINISHED", None, now())
    assert store.write_together([record], False) is None
    assert store.client.get_run(run_id).info.status == "RUNNING"
