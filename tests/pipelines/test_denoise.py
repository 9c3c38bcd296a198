"""The denoising experiment as its user runs it."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def small_run(quick_run):
    return quick_run(
        *("denoise", "--filters", "8,16", "--denoiser-epochs", "10"),
        *("--epochs", "5", "--classifier-epochs", "8", "--batch-size", "32"),
    )


def test_it_leaves_tables_figures_and_results(small_run):
    table = pd.read_csv(small_run / "robustness.csv")
    assert table["method"].nunique() == 5
    assert sorted(table["amount"].unique()) == [0, 0.2, 0.4, 0.6, 0.8]
    accuracy = table.pivot(index="amount", columns="method", values="accuracy")
    assert accuracy.loc[0, "no denoiser"] > 0.8
    assert (
        accuracy.loc[0.4, "convolutional denoiser"] > accuracy.loc[0.4, "no denoiser"]
    )
    for name in ("gallery", "accuracy", "macro_tpr", "quality", "denoisers"):
        assert (small_run / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    record = json.loads((small_run / "record.json").read_text())
    assert record["finished"]
    assert len(record["tables"]) == 3
    assert len(record["figures"]) == 5
    metrics = {result["metric"] for result in record["results"]}
    assert {"accuracy at noise 0.4", "PSNR in dB", "SSIM"} <= metrics
    assert all(result["value"] == result["value"] for result in record["results"])


def test_the_registered_model_reads_noisy_raw_pixels(small_run, store_uri, monkeypatch):
    from sklearn.datasets import load_digits

    from kerasweep import SaltAndPepper, load

    X, y = load_digits(return_X_y=True)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_uri)
    model = load("models:/digits-denoise@champion")
    noisy = SaltAndPepper(amount=0.3, high=16, random_state=0).fit_transform(X)
    assert np.mean(model.predict(noisy) == y) > 0.6


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--amounts", "0.2,0.1"], "must be two or more numbers that grow"),
        (["--amounts", "0.5,1.5"], "must be a number from 0 to 1"),
        (["--train-amounts", "0,0.2,0.4"], "train_amounts must be two numbers"),
        (["--data", "table.csv"], "must be images"),
    ],
)
def test_bad_input_is_one_sentence_before_any_training(
    options, sentence, load_script, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text("a,target\n1,x\n2,y\n")
    with pytest.raises(SystemExit) as stop:
        load_script("denoise").main(["--data", "digits", *options])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
