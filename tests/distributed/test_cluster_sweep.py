"""The sweep on a cluster, as its user runs it."""

import os
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

pytest.importorskip("distributed", reason="Dask is not installed")

SCRIPT = Path(__file__).parents[2] / "pipelines" / "sweep.py"
SMALL = (
    "--data digits --epochs 3 --replicates 2 --hidden 32 --factors 1e-4,1e-2 "
    "--batch-size 32 --optimizer adam --learning-rate 0.01"
).split()


def sweep(python, folder, store_uri, scheduler):
    return python.run(
        [SCRIPT, *SMALL, "--scheduler", scheduler],
        cwd=folder,
        env=dict(os.environ, MLFLOW_TRACKING_URI=store_uri),
    )


@pytest.mark.slow
def test_the_sweep_gives_what_it_gives_on_one_machine(
    ready_python, tmp_path, store, dask_cluster
):
    tables = []
    for scheduler in ("", dask_cluster.address):
        folder = tmp_path / f"from {scheduler.partition(':')[0]}"
        folder.mkdir()
        done = sweep(ready_python, folder, store.uri, scheduler)
        assert done.returncode == 0, done.stderr
        assert "5 of 5 fits done" in done.stderr
        table = pd.read_csv(folder / "results" / "sweep" / "sweep.csv")
        tables.append(table.filter(regex="^(?!.*time)"))
    pd.testing.assert_frame_equal(*tables, atol=0.003)
    client = MlflowClient(store.uri)
    sweeps = client.get_experiment_by_name("sweep").experiment_id
    runs = client.search_runs([sweeps], "tags.stage = 'candidate'")
    assert [run.info.status for run in runs] == ["FINISHED"] * 8


def test_an_address_without_a_scheduler_is_one_sentence(ready_python, tmp_path, store):
    done = sweep(ready_python, tmp_path, store.uri, "127.0.0.1:8786")
    assert done.returncode == 2
    assert "scheduler must be an address such as" in done.stderr
    assert "Traceback" not in done.stderr
