import socket
import sqlite3
import time

import pytest
from sklearn.datasets import load_iris
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
