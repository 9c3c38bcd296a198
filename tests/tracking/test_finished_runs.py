import json

import pytest

from kerasweep.tracking import finished_experiments

TAG, FILE = "kerasweep.experiment", "record.json"


@pytest.fixture
def add_run(mlflow_store):
    """Return a function that leaves a run in the store."""
    client = mlflow_store.client

    def add(*, tags=None, record=None, status="FINISHED", files=None, start=1000):
        run = client.create_run(
            mlflow_store.experiment_id,
            start_time=start,
            tags={TAG: "conv"} if tags is None else tags,
        )
        if record is not None:
            client.log_text(run.info.run_id, record, FILE)
        for path, text in (files or {}).items():
            client.log_text(run.info.run_id, text, path)
        client.set_terminated(run.info.run_id, status, start + 90_000)
        return run.info.run_id

    def found():
        return [
            e
            for e in finished_experiments(TAG, FILE, tracking_uri=mlflow_store.uri)
            if e.experiment_id == mlflow_store.experiment_id
        ]

    add.found = found
    return add


def test_only_finished_experiments_with_their_record_are_found(add_run):
    done = json.dumps({"finished": True, "title": "a"})
    old, new = add_run(record=done, start=1000), add_run(record=done, start=5000)
    add_run(record=done, status="FAILED")
    add_run(record=done, tags={})
    add_run(record=json.dumps({"finished": False}))
    add_run(record="{broken")
    add_run(record=json.dumps([True]))
    add_run()
    found = add_run.found()
    assert [e.run_id for e in found] == [new, old]
    assert found[0].record["title"] == "a" and found[0].tags[TAG] == "conv"
    assert found[0].seconds == 90 and found[0].start == 5


def test_an_artifact_is_read_and_a_missing_one_is_none(add_run):
    add_run(record='{"finished": true}', files={"figures/a.txt": "content"})
    (experiment,) = add_run.found()
    assert experiment.read_artifact("figures/a.txt") == b"content"
    assert experiment.read_artifact("figures/b.txt") is None
    assert experiment.read_artifact("none/b.txt") is None


def test_how_to_open_names_the_command_and_the_page(add_run, mlflow_store):
    run_id = add_run(record='{"finished": true}')
    command, page = add_run.found()[0].how_to_open()
    assert command == f"mlflow ui --backend-store-uri {mlflow_store.uri}"
    assert page.endswith(f"/#/experiments/{mlflow_store.experiment_id}/runs/{run_id}")


def test_looking_makes_no_database(tmp_path):
    assert (
        finished_experiments(TAG, FILE, tracking_uri=f"sqlite:///{tmp_path}/a.db") == []
    )
    assert not list(tmp_path.iterdir())
