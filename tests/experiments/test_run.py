"""How an experiment begins and ends, whatever its recipe does."""

import json
from dataclasses import dataclass
from typing import ClassVar

import pytest

from kerasweep.experiments import Command, FleetSettings, options as opt


@dataclass(frozen=True)
class Toy(FleetSettings):
    name: ClassVar[str] = "toy"
    data: str = opt.option("digits", str, "data")
    replicates: int = opt.replicates("2")
    train_size: int | None = opt.option("300", opt.readers.count_or_all, "rows")


@pytest.fixture
def command(store_uri, tmp_path, monkeypatch):
    """Return a function that runs a recipe as a script would."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_uri)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")

    def run(recipe, *typed):
        options = ["--register-as", "", "--out", str(tmp_path / "out"), *typed]
        Command(Toy, recipe)(options)

    return run


def record(tmp_path):
    return json.loads((tmp_path / "out" / "record.json").read_text())


@pytest.mark.parametrize("error", [ValueError, TypeError, OSError])
def test_an_error_before_the_run_begins_is_bad_input(error, command, tmp_path, capsys):
    def recipe(settings, run):
        raise error("The data\nlack a column.")

    with pytest.raises(SystemExit) as stop:
        command(recipe)
    assert stop.value.code == 2
    assert capsys.readouterr().err == "The data lack a column.\n"
    assert not (tmp_path / "out").exists()


def test_an_error_of_the_recipe_later_keeps_its_traceback(command, tmp_path, capsys):
    def recipe(settings, run):
        run.begin("A toy", "It breaks.")
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        command(recipe)
    assert record(tmp_path)["finished"] is False
    assert "Took" not in capsys.readouterr().out


def test_an_interruption_keeps_what_was_shown(command, tmp_path, capsys):
    def recipe(settings, run):
        run.begin("A toy", "It is interrupted.")
        run.result("accuracy", 0.5, model="a", training="b", measured_on="digits test")
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as stop:
        command(recipe)
    assert stop.value.code == 130
    said = capsys.readouterr()
    assert said.err.endswith("Interrupted. What finished is in MLflow.\n")
    assert said.out == (
        "digits: 300 rows, 50 of them for validation, 360 for the test\n"
    )
    kept = record(tmp_path)
    assert not kept["finished"] and kept["results"][0]["value"] == 0.5


def test_a_recipe_ends_with_its_lines_and_where_all_is(
    command, store_uri, tmp_path, capsys
):
    import mlflow
    from sklearn.dummy import DummyClassifier

    def recipe(settings, run):
        run.begin("A toy", "It ends.", opening="Hello.", published="conv")
        run.closing("First.")
        model = DummyClassifier().fit(run.data.X, run.data.y)
        result = run.test(model, model="dummy", training="none")
        run.closing(f"{result.n} rows, seeds {settings.seeds}")

    command(recipe, "--seed", "4")
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["Hello.", "First."]
    assert said[2].startswith("Test accuracy: 0.")
    assert said[3] == "360 rows, seeds [4, 5]"
    assert said[4] == f"Tables and figures: {tmp_path / 'out'}"
    assert said[-1].startswith("Took ")
    kept = record(tmp_path)
    assert kept["finished"] and kept["experiment"] == "conv"
    assert kept["settings"]["seed"] == "4" and "out" not in kept["settings"]
    (result,) = kept["results"]
    (run,) = mlflow.MlflowClient(store_uri).search_runs(
        [mlflow.get_experiment_by_name("toy").experiment_id],
        filter_string="attributes.run_name = 'A toy' and metrics.`test/accuracy` > 0",
    )
    assert run.data.metrics["test/accuracy"] == result["value"]
    assert run.data.tags["kerasweep.experiment"] == "toy"


def test_a_network_is_trained_in_the_fleet_or_one_by_one(command, monkeypatch):
    from kerasweep.experiments import run as module

    sizes = []
    together = module.fleet_or_cluster
    monkeypatch.setattr(
        module,
        "fleet_or_cluster",
        lambda *given: sizes.append(given) or together(*given),
    )

    def recipe(settings, run):
        run.begin("A toy", "It trains nothing.")
        with run.fleet_or_cluster(), run.training(1, 1):
            pass
        with run.training(1, 1, one_by_one=True):
            pass

    command(recipe, "--fleet", "3")
    assert sizes == [(3, None)]
