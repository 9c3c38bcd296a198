"""One SQLite store for all tests here: a fresh one costs seconds of migrations."""

import os
from types import SimpleNamespace

import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"


@pytest.fixture(scope="session")
def store_uri(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    from mlflow import MlflowClient

    # Artifacts beside the database, not in the working directory.
    client = MlflowClient(tracking_uri=uri)
    client.create_experiment("warm-up", artifact_location=str(folder / "artifacts"))
    return uri


@pytest.fixture
def mlflow_store(store_uri, request, monkeypatch, tmp_path):
    """An experiment of the test's own, and ways to look into it."""
    from mlflow import MlflowClient

    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_uri)
    client = MlflowClient(tracking_uri=store_uri)
    name = request.node.nodeid
    experiment = client.create_experiment(name, artifact_location=str(tmp_path / "a"))

    def runs(stage=None):
        found = client.search_runs([experiment], order_by=["attributes.start_time ASC"])
        return [r for r in found if stage in (None, r.data.tags.get("stage"))]

    def only(stage):
        (run,) = runs(stage)
        return run

    def children(run_id):
        return [r for r in runs() if r.data.tags.get("mlflow.parentRunId") == run_id]

    return SimpleNamespace(
        uri=store_uri,
        client=client,
        name=name,
        experiment_id=experiment,
        runs=runs,
        only=only,
        children=children,
    )


def pytest_collection_modifyitems(items):
    # MLflow 3.17 on SQLAlchemy 2.1, in its own queries.
    for item in items:
        if item.path.is_relative_to(os.path.dirname(__file__)):
            item.add_marker(
                pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")
            )
