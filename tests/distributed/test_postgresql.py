"""Many runs from a cluster in MLflow on a PostgreSQL server."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from tracking_toys import ToyNet

from kerasweep import MlflowTracking

pytest.importorskip("distributed", reason="Dask is not installed")
pytest.importorskip("psycopg", reason="psycopg is not installed")

from kerasweep.distributed import cluster


def _program(name):
    found = shutil.which(name)
    if found is None:
        installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        found = installed[-1] if installed else None
    return found


@pytest.fixture(scope="module")
def database():
    """The address of a server's empty database; the server is this test's own."""
    initdb, postgres = _program("initdb"), _program("postgres")
    if initdb is None or postgres is None:
        pytest.skip("PostgreSQL is not installed")
    # It refuses to run as root; others can't look into pytest's own folders.
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    with tempfile.TemporaryDirectory() as folder, closing(socket.socket()) as free:
        shutil.chown(folder, user)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        subprocess.run(
            [initdb, "-D", f"{folder}/data", "-A", "trust", "-U", "kerasweep"],
            user=user,
            cwd=folder,
            check=True,
            capture_output=True,
        )
        free.close()
        with open(f"{folder}/log", "w") as log:
            server = subprocess.Popen(
                [
                    *(postgres, "-D", f"{folder}/data", "-k", folder),
                    *("-h", "127.0.0.1", "-p", str(port)),
                ],
                user=user,
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        try:
            _wait_for(port)
            yield f"postgresql+psycopg://kerasweep@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # does not wait for MLflow's connections
            server.wait(timeout=60)


def _wait_for(port):
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user="kerasweep", dbname="postgres"
            ).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("n_factors", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_all_fits_of_a_cluster_are_complete_runs(
    n_factors, database, dask_cluster, tmp_path, monkeypatch
):
    name, n_fits = f"{n_factors} factors", 10 * n_factors
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
    client = MlflowClient()
    experiment = client.create_experiment(name, artifact_location=str(tmp_path / "a"))
    tracking = MlflowTracking(name, log_model=False)
    search = GridSearchCV(
        ToyNet(epochs=2),
        {"l2": np.logspace(-6, 0, n_factors).tolist(), "random_state": list(range(10))},
        cv=ShuffleSplit(1, test_size=50, random_state=0),
        scoring=tracking.scoring("accuracy"),
    )
    search.set_callbacks(tracking)
    with cluster(dask_cluster.address):
        search.fit(*load_iris(return_X_y=True))
    runs = client.search_runs(
        [experiment], "tags.stage = 'candidate'", max_results=1000
    )
    assert Counter(run.info.status for run in runs) == {"FINISHED": n_fits}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {tracking.run_id}
    given = {(run.data.params["l2"], run.data.params["random_state"]) for run in runs}
    assert len(given) == n_fits
    scores = sorted(run.data.metrics["score/validation"] for run in runs)
    np.testing.assert_allclose(scores, np.sort(search.cv_results_["mean_test_score"]))
    for run in runs[::n_factors]:
        curve = client.get_metric_history(run.info.run_id, "train/loss")
        assert [m.step for m in curve] == [1, 2]
    parent = client.get_run(tracking.run_id)
    assert parent.info.status == "FINISHED"
