import socket
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from tracking_toys import ToyNet, run_python

from kerasweep.tracking import MlflowTracking, check_tracking

X, y = load_iris(return_X_y=True)


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


def one_sentence(error):
    text = str(error.value)
    assert "\n" not in text and len(text) < 400
    return text


def test_unreachable_server_is_one_sentence_before_any_training():
    uri = f"http://127.0.0.1:{free_port()}"
    net = ToyNet()
    started = time.monotonic()
    with pytest.raises(ConnectionError) as error:
        net.set_callbacks(MlflowTracking("x", tracking_uri=uri)).fit(X, y)
    assert time.monotonic() - started < 15
    assert uri in one_sentence(error)
    assert not hasattr(net, "means_")


def test_server_that_does_not_answer_takes_no_longer_than_the_timeout():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        uri = f"http://127.0.0.1:{server.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(ConnectionError, match="can't be reached"):
            check_tracking(uri, timeout=1)
        assert time.monotonic() - started < 30


def test_unreachable_database_server():
    with pytest.raises(ConnectionError) as error:
        check_tracking(f"postgresql://user:secret@127.0.0.1:{free_port()}/mlflow")
    assert "secret" not in one_sentence(error)


def test_locked_database(tmp_path):
    path = tmp_path / "mlflow.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(ConnectionError, match="locked") as error:
            check_tracking(f"sqlite:///{path}", timeout=0.5)
        assert str(path) in one_sentence(error)
    finally:
        holder.close()


def test_file_that_is_no_database(tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_text("not a database, and long enough to be read as one" * 100)
    with pytest.raises(ConnectionError, match="not a database"):
        check_tracking(f"sqlite:///{path}")


def test_database_whose_migration_was_interrupted(tmp_path):
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE _alembic_tmp_metrics (key TEXT)")
    connection.close()
    with pytest.raises(ConnectionError, match="broken"):
        check_tracking(f"sqlite:///{path}", timeout=0.5)


def test_folder_that_does_not_exist(tmp_path):
    with pytest.raises(ConnectionError, match="can't be made"):
        check_tracking(f"sqlite:///{tmp_path}/nowhere/mlflow.db")


def test_default_is_what_mlflow_was_told(mlflow_store):
    assert check_tracking() == mlflow_store.uri


def test_database_of_another_program_is_one_sentence(tmp_path):
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.execute("INSERT INTO alembic_version VALUES ('0123456789ab')")
    connection.commit()
    connection.close()
    with pytest.raises(ConnectionError) as error:
        with MlflowTracking("x", tracking_uri=f"sqlite:///{path}"):
            pass
    one_sentence(error)


def test_importing_the_folder_does_not_import_mlflow(tmp_path):
    code = (
        "import sys, kerasweep.tracking as t; t.MlflowTracking();"
        "assert not {'mlflow', 'keras', 'tensorflow'} & set(sys.modules)"
    )
    run_python(None, code, tmp_path)


@pytest.mark.parametrize("name", ["experiment", "run_name", "register_as"])
def test_names_must_be_text(name):
    with pytest.raises(ValueError, match=f"{name} of MlflowTracking must be"):
        MlflowTracking(**{name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("experiment", 5),
        ("experiment", "e" * 501),
        ("run_name", ["a"]),
        ("run_name", "r" * 251),
        *[("register_as", name) for name in ("team/net", "a:b", " ", ".", "..", "a?b")],
        ("register_as", "two\nlines"),
        ("tracking_uri", 5),
        ("tags", ["a"]),
        ("tags", {5: "a"}),
        ("tags", {"": "a"}),
        ("tags", {"a": None}),
        ("tags", {"a": ["b"]}),
        ("tags", {"a": "x" * 8001}),
        ("description", 5),
        ("description", "x" * 8001),
        ("dataset_name", ""),
        ("dataset_name", "x" * 501),
        ("dataset_source", 5),
        *[("image_shape", shape) for shape in (28, "28", (28,), (28, 0), (28.0, 28))],
        ("image_shape", (1, 2, 3, 4)),
        ("log_model", "no"),
        ("log_model", None),
        ("resume", ""),
        ("resume", "no id"),
        ("resume", True),
    ],
)
def test_settings_are_refused_when_they_are_given(name, value):
    with pytest.raises(ValueError, match="of MlflowTracking must be") as error:
        MlflowTracking(**{name: value})
    said = one_sentence(error)
    assert said.startswith(name) or (name == "tags" and "ag" in said)


def test_settings_that_exclude_each_other():
    with pytest.raises(ValueError, match=r"log_model .* must be True .*register_as"):
        MlflowTracking(register_as="net", log_model=False)


def test_settings_that_work():
    MlflowTracking(
        "e/f: g",
        register_as="it's a net (1)",
        tags={"a (b)": 5, "c": True},
        image_shape=np.array([8, 8]),
        dataset_source=Path("digits.csv"),
        resume="auto",
    )


@pytest.mark.parametrize("shape", [(28, 28), (8, 8, 3)])
def test_images_that_do_not_fit_are_refused_before_any_training(shape, mlflow_store):
    digits, labels = load_digits(return_X_y=True)
    net = ToyNet()
    tracking = MlflowTracking(mlflow_store.name, image_shape=shape)
    for one in (net, GridSearchCV(net, {"l2": [0.0]}), Pipeline([("net", net)])):
        one.set_callbacks(tracking)
        with pytest.raises(ValueError, match=r"image_shape` .*needs .*X has 64") as e:
            one.fit(digits, labels)
        assert "Pass image_shape=(8, 8)." in one_sentence(e)
    assert not hasattr(net, "means_")
    assert {r.info.status for r in mlflow_store.runs()} == {"FAILED"}
    assert {r.data.tags["stage"] for r in mlflow_store.runs()} == {"fit", "search"}


def test_data_from_nowhere_is_refused_before_any_training(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, dataset_source="nowhere://x")
    net = ToyNet().set_callbacks(tracking)
    with pytest.raises(ValueError, match="dataset_source of MlflowTracking must be"):
        net.fit(X, y)
    assert not hasattr(net, "means_") and mlflow_store.runs() == []


def test_a_name_for_later_is_checked_as_well(mlflow_store):
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    ToyNet().set_callbacks(tracking).fit(X, y)
    with pytest.raises(ValueError, match="name of register of MlflowTracking"):
        tracking.register("team/net")
    with pytest.raises(ValueError, match=r"low of log_test \(=0.9\)"):
        tracking.log_test(accuracy=0.8, low=0.9, high=0.7)
