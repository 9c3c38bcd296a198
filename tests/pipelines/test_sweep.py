"""The sweep as its user runs it."""

import os
import time

import numpy as np
import pandas as pd
import pytest

SMALL = (
    "--data digits --epochs 3 --replicates 2 --hidden 32 --factors 1e-4,1e-2 "
    "--batch-size 32 --optimizer adam --learning-rate 0.01"
).split()


@pytest.fixture(scope="module")
def small_run(project_root, ready_python, tmp_path_factory, store_uri):
    folder = tmp_path_factory.mktemp("sweep")
    done = ready_python.run(
        [project_root / "pipelines" / "sweep.py", *SMALL],
        cwd=folder,
        env=dict(os.environ, MLFLOW_TRACKING_URI=store_uri),
    )
    assert done.returncode == 0, done.stderr
    return folder, done


def test_the_sweep_leaves_table_figure_and_a_way_on(small_run):
    folder, done = small_run
    out = folder / "results" / "sweep"
    table = pd.read_csv(out / "sweep.csv")
    assert table["net__l2"].tolist() == [1e-4, 1e-2]
    assert table["n"].tolist() == [2, 2]
    assert table["mean"].between(0.5, 1).all()
    assert (out / "sweep.md").read_text().startswith("|")
    assert (out / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (out / "sweep.svg").read_text()
    for text in ("1e-04", "Test accuracy: 0.", "Wilson", "mlflow ui", "digits-sweep"):
        assert text in done.stdout.replace("0.0001", "1e-04"), text
    assert "Hinton" not in done.stdout  # a figure of MNIST


def test_the_registered_model_predicts_raw_pixels(small_run, store_uri, monkeypatch):
    from sklearn.datasets import load_digits

    from kerasweep import load

    X, y = load_digits(return_X_y=True)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_uri)
    model = load("models:/digits-sweep@champion")
    assert np.mean(model.predict(X) == y) > 0.8


def run(load_script, *options):
    load_script("sweep").main(list(options))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--data", "mnits"], "Did you mean 'mnist'"),
        (["--data", "missing.csv"], "does not exist"),
        (["--factors", "1e-4,-1"], "must be a number of at least 0"),
        (["--factors", "a"], "must be a number of at least 0"),
        (["--replicates", "0"], "a whole number of at least 1"),
        (["--data", "digits", "--train-size", "99999"], "at most 1437"),
        (["--data", "one_class.csv"], "class"),
        (["--data", "short.csv"], "line 3"),
    ],
)
def test_bad_input_is_one_sentence_before_any_training(
    options, sentence, load_script, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one_class.csv").write_text("a,target\n1,x\n2,x\n")
    (tmp_path / "short.csv").write_text("a,b,target\n1,2,x\n1,y\n")
    with pytest.raises(SystemExit) as stop:
        run(load_script, *options)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_an_unreachable_server_is_told_within_15_seconds(
    load_script, monkeypatch, capsys
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(SystemExit) as stop:
        run(load_script, "--data", "digits")
    assert time.monotonic() - start < 15
    assert stop.value.code == 2
    assert "http://127.0.0.1:9" in capsys.readouterr().err
