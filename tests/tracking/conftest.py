"""An experiment for each test, in the store that the whole suite shares."""

from types import SimpleNamespace

import pytest


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
