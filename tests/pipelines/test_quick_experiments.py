"""The experiments with small settings, as their user runs them."""

import io
import json
from contextlib import redirect_stdout
from functools import cache

import numpy as np
import pandas as pd
import pytest

TABLES = {
    "baseline": {"layers", "seeds"},
    "conv": {"layers", "seeds"},
    "conv_sweep": {"ranked", "layers"},
}
FIGURES = {
    "baseline": {"learning_curves"},
    "conv": {"learning_curves"},
    "conv_sweep": {"parallel_coordinates", "parameters", "refit"},
}
#: What makes them smaller still.
SMALL = {
    "baseline": (),
    "conv": ("--filters", "8,16", "--dense", "32", "--epochs", "8"),
    "conv_sweep": ("--epochs", "6"),
}


@pytest.fixture(scope="module")
def run(load_script, store_uri, tmp_path_factory):
    """Return a function that runs an experiment once, and returns what it left."""

    @cache
    def main(name, *options):
        out = tmp_path_factory.mktemp(name)
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(said):
            patch.setenv("MLFLOW_TRACKING_URI", store_uri)
            load_script(name).main([*options, "--out", str(out)])
        return out, json.loads((out / "record.json").read_text()), said.getvalue()

    return main


@pytest.mark.parametrize("name", sorted(TABLES))
def test_an_experiment_on_digits(name, run):
    out, record, said = run(name, "--data", "digits", "--quick", "1", *SMALL[name])
    assert record["finished"]
    assert {entry["file"] for entry in record["tables"]} == {
        f"tables/{table}.csv" for table in TABLES[name]
    }
    for figure in FIGURES[name]:
        assert (out / f"{figure}.png").read_bytes().startswith(b"\x89PNG")
    tested = [r for r in record["results"] if r["measured_on"] == "digits test"]
    assert len(tested) == 1
    assert tested[0]["n"] == 360
    assert tested[0]["low"] < tested[0]["value"] < tested[0]["high"]
    assert tested[0]["value"] > 0.6
    assert "Published" not in said  # figures of MNIST
    assert f"models:/digits-{name.replace('_', '-')}@champion" in said


def test_the_ranked_table_is_ranked_and_timed(run):
    options = ("--data", "digits", "--quick", "1", *SMALL["conv_sweep"])
    out, record, _ = run("conv_sweep", *options)
    table = pd.read_csv(out / "ranked.csv")
    assert len(table) == 8
    assert table["mean"].is_monotonic_decreasing
    assert table["selected"].tolist() == [True] + [False] * 7
    assert (table["fit_time"] > 0).all()
    shown = record["tables"][0]
    assert shown["columns"][-3:] == ["validation, %", "95 % Wilson interval", "time, s"]


@pytest.mark.slow
def test_colour_images_that_are_not_square(run, tmp_path):
    draw = np.random.default_rng(0)
    y = np.arange(240) % 3
    images = draw.integers(0, 60, size=(240, 10, 12, 3), dtype=np.uint8)
    images[np.arange(240), :, :, y] += 150  # a class is a colour
    path = tmp_path / "colours.npz"
    np.savez(path, x_train=images[:200], y_train=y[:200], x_test=images[200:],
             y_test=y[200:])  # fmt: skip
    _, record, _ = run("conv", "--data", str(path), "--quick", "1", "--register-as", "")
    (tested,) = [r for r in record["results"] if r["measured_on"].endswith("test")]
    assert tested["n"] == 40
    assert tested["value"] > 0.9


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("baseline", ["--hidden", "0"], "must be a whole number of at least 1"),
        (
            "conv",
            ["--preset", "huge"],
            "must be one of reported, wide_kernel, dropout, strong",
        ),
        ("conv", ["--filters", "4,4", "--kernel-size", "3,3,3"], "kernel_size"),
        ("conv_sweep", ["--dropout", "1"], "must be a number from 0 to below 1"),
        ("conv_sweep", ["--train-rows", "all"], "must be a whole number of at least 1"),
    ],
)
def test_bad_input_is_one_sentence_before_any_training(
    name, options, sentence, load_script, capsys
):
    with pytest.raises(SystemExit) as stop:
        load_script(name).main(["--data", "digits", *options])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
