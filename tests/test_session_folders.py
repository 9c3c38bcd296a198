"""What tests leave behind is in a folder that ends with the session."""

import os
from pathlib import Path

from kerasweep.tracking._messages import RunKey, RunUpdate
from kerasweep.tracking._unsent import Journal
from kerasweep.training.fleets._machine import calibration

CACHE = Path(os.environ["XDG_CACHE_HOME"])


def test_caches():
    assert CACHE.name.startswith("kerasweep-tests-")
    assert calibration.file().is_relative_to(CACHE)
    storage = Path(os.environ["HYPOTHESIS_STORAGE_DIRECTORY"])
    assert storage.is_relative_to(CACHE)


def test_what_was_not_sent():
    journal = Journal()
    journal.add(RunUpdate(RunKey("root", ()), 0))
    assert journal.path.is_relative_to(CACHE)
    journal.clear()


def test_artifacts_of_mlflow(store_uri):
    """MLflow still reads the variable that `conftest.py` sets."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=store_uri)
    experiment = client.get_experiment(client.create_experiment("of no folder"))
    assert CACHE in Path(experiment.artifact_location).parents
