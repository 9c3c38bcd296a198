"""The experiment that says whether a network is worth it on a table."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:The model is logged as a pickle")

N = 160


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A mixed table with classes, and one with a quantity."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    town, age = rng.choice(["Ulm", "Bonn", "Kiel"], N), rng.normal(40, 12, N)
    z = 1.5 * (town == "Ulm") + (age - 40) / 12
    frame = pd.DataFrame(
        {
            "customer": np.arange(N) + 1000,
            "town": town,
            "age": np.where(rng.random(N) < 0.1, np.nan, age),
            "member": rng.random(N) < 0.5,
        }
    )
    bought = np.where(z + rng.normal(0, 0.3, N) > 0.5, "yes", "no")
    frame.assign(bought=bought).to_csv(folder / "shop.csv", index=False)
    spent = z * 10 + rng.normal(0, 1, N)
    frame.assign(spent=spent).to_csv(folder / "spent.csv", index=False)
    return folder


@pytest.fixture
def run(load_script, empty_database, monkeypatch, tmp_path, capsys):
    """Return a function that runs an experiment in a folder of its own."""
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")

    def run(name, *options):
        load_script(name).main([*options, "--out", str(tmp_path / "out")])
        record = json.loads((tmp_path / "out" / "record.json").read_text())
        return tmp_path / "out", record, capsys.readouterr().out

    return run


def test_classes(files, run):
    out, record, said = run(
        *("table", "--data", str(files / "shop.csv"), "--target", "bought"),
        *("--quick", "1", "--models", "linear,boosting,dense,tabular"),
    )
    assert record["finished"]
    table = pd.read_csv(out / "comparison.csv")
    assert sorted(table["model"]) == ["boosting", "dense", "linear", "tabular"]
    assert table["mean"].is_monotonic_decreasing and (table["mean"] < 0).all()
    assert table["low"][1:].notna().all() and (table["fit_time"] > 0).all()
    best = table.iloc[0]
    for row in table[1:].itertuples():
        assert row.difference == pytest.approx(best["mean"] - row.mean)
        assert row.low < row.difference < row.high
    columns = pd.read_csv(out / "columns.csv").set_index("column")["kind"]
    assert columns.to_dict() == {
        "customer": "identifier (left out)",
        "town": "categorical",
        "age": "numeric",
        "member": "boolean",
    }
    assert "Column 'customer' has another integer in each row" in said
    for picture in ("calibration", "importance"):
        assert (out / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
    assert "With networks of 3 epochs: " in said

    import mlflow

    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    names = {each.info.run_name for each in runs}
    for model in table["model"]:
        for split in range(2):
            assert f"model={model} split={split}" in names
    served = mlflow.pyfunc.load_model("models:/shop-table@champion")
    inputs = served.metadata.signature.inputs
    assert inputs.input_names() == ["town", "age", "member"]
    unseen = pd.DataFrame({"town": ["Rome"], "age": [None], "member": [True]})
    assert served.predict(unseen)[0] in ("yes", "no")


def test_a_quantity_that_is_linear(files, run):
    out, record, said = run(
        *("table", "--data", str(files / "spent.csv"), "--target", "spent"),
        *("--quick", "1", "--models", "linear,dense", "--folds", "4"),
        *("--kinds", "member=drop"),
    )
    assert record["results"][0]["metric"] == "R2"
    assert record["results"][0]["model"] == "linear model"
    assert record["results"][0]["value"] > 0.8
    assert "The linear model wins: a network is not worth it on this table." in said
    assert (out / "residuals.png").exists()
    from kerasweep import load

    model = load("models:/spent-table@champion")  # data alone
    frame = pd.DataFrame({"town": ["Ulm", "Rome"], "age": [52.0, np.nan]})
    assert model.predict(frame)[0] == pytest.approx(25, abs=4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["baseline", "sweep"])
def test_other_experiments_take_mixed_columns(name, files, run):
    data = ("--data", str(files / "shop.csv"), "--target", "bought")
    _, record, said = run(name, *data, "--quick", "1", "--epochs", "30")
    assert record["finished"]
    assert "identifier (left out)" in said
    tested = [r for r in record["results"] if r["measured_on"] == "shop test"]
    assert tested[0]["value"] > 0.7


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("table", ["--models", "linear"], "models must be two or more of linear"),
        ("table", ["--models", "linear,forest"], "Got linear, forest instead"),
        ("table", ["--folds", "1"], "folds must be a whole number of at least 2"),
        ("table", ["--folds", "100"], "must have at least folds rows of each class"),
        ("table", ["--kinds", "town"], "must be COLUMN=KIND, several separated by"),
        ("table", ["--kinds", "twon=drop"], "Did you mean 'town'?"),
        ("conv", [], "must be images, or a table of numbers"),
    ],
)
def test_bad_input_is_one_sentence(name, options, words, files, run, capsys):
    data = ["--data", str(files / "shop.csv"), "--target", "bought"]
    with pytest.raises(SystemExit) as ended:
        run(name, *data, *options)
    assert ended.value.code == 2
    said = capsys.readouterr().err.strip()
    assert words in said and "\n" not in said


def test_a_quantity_is_for_the_table(files, run, capsys):
    with pytest.raises(SystemExit) as ended:
        run("baseline", "--data", str(files / "spent.csv"), "--target", "spent")
    assert ended.value.code == 2
    assert "which the experiment `table` takes" in capsys.readouterr().err
