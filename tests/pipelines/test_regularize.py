"""The regularization experiment as its user runs it."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasweep.experiments.regularization import network_parameters


@pytest.fixture(scope="module")
def small_run(quick_run):
    return quick_run(
        *("regularize", "--scan", "1", "--scan-epochs", "1", "--hidden", "64,32"),
    )


def test_it_leaves_tables_figures_and_results(small_run):
    record = json.loads((small_run / "record.json").read_text())
    assert record["finished"] and record["experiment"] == "regularized"
    where = {(r["metric"], r["measured_on"]): r["value"] for r in record["results"]}
    assert list(where) == [
        ("accuracy", "digits train (1197)"),
        ("accuracy", "digits validation (240)"),
        ("accuracy", "digits test"),
        ("macro F1", "digits test"),
    ]
    assert where["accuracy", "digits train (1197)"] > 0.97
    assert min(where.values()) > 0.8
    tables = {t["file"] for t in record["tables"]}
    assert {f"tables/{name}.csv" for name in ("classes", "networks", "strengths")} <= (
        tables
    )
    for name in (
        "classes",
        "confusion",
        "learning_curves",
        "misclassified",
        "strengths",
    ):
        assert (small_run / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_tables_agree_with_each_other(small_run):
    wrong = pd.read_csv(small_run / "misclassified.csv")
    assert (wrong["true"] != wrong["predicted"]).all()
    assert wrong["confidence"].is_monotonic_decreasing
    results = json.loads((small_run / "record.json").read_text())["results"]
    assert 1 - len(wrong) / 360 == pytest.approx(results[2]["value"])
    classes = pd.read_csv(small_run / "classes.csv")
    assert classes["f1"].mean() == pytest.approx(results[3]["value"])
    strengths = pd.read_csv(small_run / "strengths.csv")
    assert strengths["regularizer"].unique().tolist() == ["L1", "L2", "dropout"]
    alone = strengths[strengths["strength"] == 0]
    assert alone["validation"].nunique() == 1  # three times the same network


def test_one_run_holds_all_and_the_registered_model_predicts(
    small_run, store_uri, monkeypatch
):
    import mlflow
    from sklearn.datasets import load_digits

    from kerasweep import load

    client = mlflow.MlflowClient(tracking_uri=store_uri)
    experiment = client.get_experiment_by_name("regularize").experiment_id
    runs = client.search_runs([experiment])
    parents = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    assert len(parents) == 1 and len(runs) == 1 + 18 + 3
    assert {"test/accuracy", "test/macro_f1"} <= set(parents[0].data.metrics)
    X, y = load_digits(return_X_y=True)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_uri)
    model = load("models:/digits-regularize@champion")
    assert np.mean(model.predict(X) == y) > 0.8


def test_an_option_replaces_a_setting_of_the_preset(load_script):
    main = load_script("regularize").main

    def settings(*options):
        return network_parameters(main.read(options).chosen())

    assert settings()["dropout"] == (0.6, 0.5)
    strong = settings("--preset", "strong", "--max-norm", "0", "--dropout", "0.4")
    assert strong["max_norm"] is None and strong["dropout"] == 0.4
    assert strong["optimizer"] == "adam"
    assert settings("--quick", "1")["hidden_layer_sizes"] == (128, 64)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--dropout", "1"], "must be a number from 0 to below 1"),
        (["--max-norm", "-1"], "must be a number of at least 0"),
        (["--hidden", "32,32,32"], "one for each of the 3 hidden layers"),
        (["--preset", "weak"], "must be one of reported, strong"),
    ],
)
def test_bad_input_is_one_sentence_before_any_training(
    options, sentence, load_script, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        load_script("regularize").main(["--data", "digits", *options])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
