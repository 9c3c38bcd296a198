"""What MLflow never takes costs one warning; all else is recorded, at once."""

import errno
import shutil
import time

import pytest
import requests
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos import databricks_pb2 as codes
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from tracking_toys import ToyNet

from kerasweep.tracking import MlflowTracking, send_unsent
from kerasweep.tracking._messages import (
    RunKey,
    RunRecord,
    RunUpdate,
    now,
)
from kerasweep.tracking._store import Store, is_outage, is_refusal
from kerasweep.tracking._unsent import Journal

X, y = load_iris(return_X_y=True)


@pytest.fixture(autouse=True)
def at_once():
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 30  # an outage is waited for twice as long


def http_error(status):
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(response=response)


def caused(code, cause):
    error = MlflowException("of a database", code)
    error.__cause__ = cause
    return error


def of_sqlalchemy(name):
    from sqlalchemy import exc

    return getattr(exc, name)("INSERT", {}, Exception())


@pytest.mark.parametrize(
    "error",
    [
        MlflowException("bad key", codes.INVALID_PARAMETER_VALUE),
        RestException({"error_code": "INVALID_PARAMETER_VALUE", "message": "bad"}),
        RestException({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "gone"}),
        caused(codes.INTERNAL_ERROR, UnicodeEncodeError("utf-8", "\ud800", 0, 1, "")),
        caused(codes.BAD_REQUEST, of_sqlalchemy("DataError")),
        OSError(errno.ENAMETOOLONG, "File name too long"),
        PermissionError(errno.EACCES, "Permission denied"),
        http_error(400),
        http_error(413),
        TypeError("no number"),
    ],
)
def test_refusals(error):
    assert is_refusal(error) and not is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        MlflowException("no answer", codes.INTERNAL_ERROR),
        caused(codes.INTERNAL_ERROR, requests.ConnectionError()),
        MlflowException("locked", codes.TEMPORARILY_UNAVAILABLE),
        RestException({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slower"}),
        caused(codes.BAD_REQUEST, of_sqlalchemy("InterfaceError")),
        OSError(errno.ENOSPC, "No space left on device"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        requests.Timeout(),
        http_error(503),
        http_error(429),
    ],
)
def test_outages(error):
    assert is_outage(error) and not is_refusal(error)


@pytest.mark.parametrize("error", [http_error(403), of_sqlalchemy("DatabaseError")])
def test_neither_is_waited_for_or_dropped(error):
    assert not is_outage(error) and not is_refusal(error)


@pytest.mark.parametrize("path", ["/tmp/notes.txt", "../x", "a//b", "", "a/", None])
def test_a_bad_path_is_named_and_the_rest_recorded(path, mlflow_store):
    with MlflowTracking(mlflow_store.name) as tracking:
        with pytest.warns(UserWarning) as warned:
            tracking.log_text("notes", path)
        tracking.log_metrics({"good": 1.0})
    (warning,) = warned
    assert repr(path) in str(warning.message)
    run = mlflow_store.client.get_run(tracking.run_id)
    assert run.data.metrics == {"good": 1.0} and run.info.status == "FINISHED"
    assert tracking.unsent is None


def test_what_is_no_number_no_figure_and_no_table(mlflow_store):
    with MlflowTracking(mlflow_store.name) as tracking:
        with pytest.warns(UserWarning, match="metric 'bad', the metric 'none'"):
            tracking.log_metrics({"bad": "x", "good": 1, "none": None})
        with pytest.warns(UserWarning, match="the metric 'test/accuracy'"):
            tracking.log_test(accuracy="high", n=5)
        with pytest.warns(UserWarning, match="the figure loss"):
            tracking.log_figure("no figure", "loss")
        with pytest.warns(UserWarning, match="the table of it"):
            tracking.log_table([1, 2], "of it")
        with pytest.warns(UserWarning, match="the file a.txt"):
            tracking.log_text(5, "a.txt")
    run = mlflow_store.client.get_run(tracking.run_id)
    assert run.data.metrics == {"good": 1.0, "test/n": 5.0}
    assert run.info.status == "FINISHED"


def test_one_bad_item_of_a_batch_is_left_out(mlflow_store):
    store = Store(mlflow_store.uri, mlflow_store.name)
    run_id = store.create_run("r", {}, None, now())
    store.log(run_id, params={"p": "1"})
    metrics = [("m", float(i), now(), i) for i in range(5)]
    params = {"a": "1", "p": "2", "b": "3"}
    store.log(run_id, metrics, params, {"t": "x"})
    data = store.client.get_run(run_id).data
    assert data.params == {"a": "1", "p": "1", "b": "3"}
    assert data.metrics == {"m": 4.0} and data.tags["t"] == "x"
    with pytest.warns(UserWarning, match="not take the param 'p', because of"):
        store.refusals.warn()
    store.refusals.warn()  # what was told is not told again


def test_a_tag_that_is_too_long_keeps_no_run_from_being(mlflow_store, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRUNCATE_LONG_VALUES", "false")
    store = Store(mlflow_store.uri, mlflow_store.name)
    create = store.client.create_run

    def create_strictly(experiment, start, tags, name):
        if "long" in tags:
            raise MlflowException("too long", codes.INVALID_PARAMETER_VALUE)
        return create(experiment, start, tags, name)

    monkeypatch.setattr(store.client, "create_run", create_strictly)
    run_id = store.create_run("r", {"long": "x" * 9000, "short": "s"}, None, now())
    run = store.client.get_run(run_id)
    assert run.data.tags["short"] == "s" and run.info.run_name == "r"
    with pytest.warns(UserWarning, match="the tag 'long'"):
        store.refusals.warn()


def test_artifacts_that_can_not_be_written_cost_no_run(mlflow_store, tmp_path):
    (tmp_path / "a").write_text("a file in the place of the artifacts")
    tracking = MlflowTracking(mlflow_store.name)
    search = GridSearchCV(
        ToyNet(), {"l2": [0.0, 0.1]}, cv=ShuffleSplit(1, random_state=0)
    )
    with pytest.warns(UserWarning) as warned:
        search.set_callbacks(tracking).fit(X, y)
    texts = "\n".join(str(one.message) for one in warned)
    assert "cv_results.csv" in texts and "has not recorded the model" in texts
    assert len([text for text in warned if "a pickle" not in str(text.message)]) == 2
    runs = mlflow_store.runs()
    assert [r.info.status for r in runs] == ["FINISHED"] * 4
    assert tracking.unsent is None


def test_a_run_that_was_deleted_meanwhile(mlflow_store):
    with pytest.warns(UserWarning, match="deleted run"):
        with MlflowTracking(mlflow_store.name) as tracking:
            mlflow_store.client.delete_run(tracking.run_id)
            tracking.log_metrics({"a": 1.0})
    assert tracking.unsent is None


def test_unsent_files_do_not_stick_at_a_refusal(mlflow_store, tmp_path):
    store = Store(mlflow_store.uri, mlflow_store.name)
    root = store.create_run("root", {}, None, now())
    child = store.create_run("child", {}, root, now())
    store.log(child, params={"l2": "1"})
    key = RunKey("tree", ())
    journal = Journal(tmp_path)
    params = {"l2": "2", "seed": "0"}
    for message in (
        RunRecord(key, run_id=root),
        RunRecord(key.child(0), "candidate", "c", key, now(), "", params),
        RunUpdate(key.child(0), now(), {"train/loss": 0.5}, 1),
    ):
        journal.add(message)
    journal.note_run(key.child(0), child)
    path = shutil.copy(journal.path, tmp_path / "left.jsonl")
    journal.clear()
    with pytest.warns(UserWarning, match="the param 'l2'"):
        assert send_unsent(path, tracking_uri=store.uri) == [root]
    assert not path.exists()
    data = store.client.get_run(child).data
    assert data.params == {"l2": "1", "seed": "0"}
    assert data.metrics == {"train/loss": 0.5}
