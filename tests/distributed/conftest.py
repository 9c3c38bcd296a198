"""A scheduler and two worker processes for all tests, and a store for each."""

import shutil
import sys
from types import SimpleNamespace

import pytest
from local_cluster import TOYS, Cluster

sys.path.insert(0, str(TOYS))


@pytest.fixture(scope="session")
def dask_cluster(tmp_path_factory):
    pytest.importorskip("distributed", reason="Dask is not installed")
    from distributed import Client

    own = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        own.add_worker()
        own.add_worker()
        with Client(own.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield own
    finally:
        own.stop()


@pytest.fixture
def store(empty_database, tmp_path, monkeypatch):
    """A store of the test's own."""
    from mlflow import MlflowClient

    for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    client = MlflowClient(tracking_uri=uri)
    experiment = client.create_experiment("x", artifact_location=str(tmp_path / "a"))

    def candidates():
        query = "tags.stage = 'candidate'"
        return list(client.search_runs([experiment], query, max_results=1000))

    return SimpleNamespace(uri=uri, client=client, candidates=candidates)
