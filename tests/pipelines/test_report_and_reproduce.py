"""The report and the reproduction as their user runs them, on a store of their own."""

import os
import shutil

import pytest


@pytest.fixture
def store(empty_database, tmp_path, monkeypatch):
    """A database without any finished experiment."""
    database = tmp_path / "mlflow.db"
    shutil.copy(empty_database, database)
    uri = f"sqlite:///{database}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    monkeypatch.chdir(tmp_path)
    return uri


def test_an_empty_store_is_one_sentence(load_script, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(SystemExit) as stop:
        load_script("report").main(["--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "There is no finished experiment" in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.fixture
def ready_children(ready_python, monkeypatch):
    """Run each step in a fork of an interpreter that has imported what it needs."""

    def run_child(command):
        return ready_python.run(command[1:], cwd=os.getcwd()).returncode

    monkeypatch.setattr("kerasweep.experiments.reproduction.run_child", run_child)


@pytest.mark.usefixtures("ready_children")
def test_the_sweep_is_run_once_and_reported(load_script, store, tmp_path, capfd):
    reproduce = load_script("reproduce")
    options = ["--data", "digits", "--quick", "1", "--only", "sweep,report"]
    reproduce.main(options)
    page = (tmp_path / "results" / "report" / "index.html").read_text()
    assert "L2 sweep on digits" in page and page.count("data:image/png;base64") == 3
    assert "Hinton" not in page
    capfd.readouterr()
    options[-1] = "sweep"
    reproduce.main(options)
    assert "1 of 1, sweep: skipped: finished already" in capfd.readouterr().out


@pytest.mark.usefixtures("ready_children")
def test_a_step_that_fails_is_named_in_the_end(load_script, store, capfd):
    with pytest.raises(SystemExit) as stop:
        load_script("reproduce").main(["--only", "report"])
    assert stop.value.code == "Failed: report"  # which exits with 1


def test_an_unknown_step_is_one_sentence(load_script, capsys):
    with pytest.raises(SystemExit) as stop:
        load_script("reproduce").main(["--only", "sweeep"])
    assert stop.value.code == 2
    assert "'sweeep'" in capsys.readouterr().err
