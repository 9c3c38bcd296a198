"""Settings of the whole suite."""

import os
import shutil
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


def pytest_collection_modifyitems(items):
    """Test the engine first: XLA's programs fill this process in the course of time."""
    items.sort(key=lambda item: item.path.parent.name != "training")


@pytest.fixture(scope="session")
def store_uri(tmp_path_factory):
    """One SQLite store for all tests: a fresh one costs seconds of migrations."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder}/mlflow.db"
    from mlflow import MlflowClient

    # Artifacts beside the database, not in the working directory.
    client = MlflowClient(tracking_uri=uri)
    client.create_experiment("warm-up", artifact_location=str(folder / "artifacts"))
    shutil.copy(folder / "mlflow.db", folder / "empty.db")
    return uri


@pytest.fixture(scope="session")
def empty_database(store_uri):
    """The path of a database as `store_uri` was before any test; to be copied."""
    return Path(store_uri.removeprefix("sqlite:///")).with_name("empty.db")


@pytest.fixture
def undo_what_scikeras_leaves_behind():
    """Plain scikeras patches Keras' classes, and makes TensorFlow deterministic."""
    import keras
    from tensorflow.python.framework import config as tensorflow_config

    patched = [
        keras.Model,
        keras.losses.Loss,
        keras.metrics.Metric,
        keras.optimizers.Optimizer,
    ]
    names = ("__reduce__", "__deepcopy__")
    before = [{n: vars(c)[n] for n in names if n in vars(c)} for c in patched]
    yield
    tensorflow_config.disable_op_determinism()
    for cls, own in zip(patched, before, strict=True):
        for name in names:
            if name in own:
                setattr(cls, name, own[name])
            elif name in vars(cls):
                delattr(cls, name)
