"""The generation experiment as its user runs it."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def small_run(quick_run):
    return quick_run(
        *("generate", "--epochs", "40", "--map-epochs", "10", "--hidden", "64"),
        *("--classifier-epochs", "8", "--samples", "200"),
    )


def test_it_leaves_tables_figures_and_results(small_run):
    likelihood = pd.read_csv(small_run / "likelihood.csv")
    assert likelihood["model"].tolist() == ["free"] * 2 + ["conditional"] * 2 + ["map"]
    assert (likelihood["log_likelihood"] > likelihood["elbo"]).all()
    assert np.allclose(
        likelihood["elbo"], -likelihood["reconstruction"] - likelihood["kl"]
    )
    assert (likelihood["kl"] > 1).all()  # the codes have not collapsed
    quality = pd.read_csv(small_run / "quality.csv")
    assert (quality["low"] <= quality["share"]).all()
    asked = quality[quality["measure"] == "share read as asked"]
    assert len(asked) == 3
    assert (asked.loc[asked["prior"] != "normal", "share"] > 0.7).all()
    for name in (
        "samples",
        "conditional",
        "interpolations",
        "latent_space",
        "learning_curves",
    ):
        assert (small_run / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    record = json.loads((small_run / "record.json").read_text())
    assert record["finished"]
    assert len(record["tables"]) == 2
    assert len(record["figures"]) == 5
    metrics = {result["metric"] for result in record["results"]}
    assert {"negative log-likelihood in nats", "ELBO in nats"} <= metrics
    assert "classification accuracy score" in metrics
    for result in record["results"]:
        assert result["low"] <= result["value"] <= result["high"]


def test_the_registered_model_draws_the_digits_asked_for(
    small_run, store_uri, monkeypatch
):
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_uri)
    model = mlflow.pyfunc.load_model("models:/digits-generate@champion")
    asked = np.repeat(np.arange(10), 5)[:, None]
    params = {"method": "sample", "random_state": 1}
    images = model.predict(asked, params=params)
    assert images.shape == (50, 8, 8)
    assert 8 < images.max() <= 16  # pixels as in the data
    assert len(np.unique(images.reshape(50, -1).round(3), axis=0)) == 50


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--beta", "0"], "must be a number above 0"),
        (["--data", "table.csv"], "must be images"),
    ],
)
def test_bad_input_is_one_sentence_before_any_training(
    options, sentence, load_script, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text("a,target\n1,x\n2,y\n")
    with pytest.raises(SystemExit) as stop:
        load_script("generate").main(["--data", "digits", *options])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
