"""Settings of the whole suite."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture(scope="session")
def store_uri(tmp_path_factory):
    """One SQLite store for all tests: a fresh one costs seconds of migrations."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    from mlflow import MlflowClient

    # Artifacts beside the database, not in the working directory.
    client = MlflowClient(tracking_uri=uri)
    client.create_experiment("warm-up", artifact_location=str(folder / "artifacts"))
    return uri
