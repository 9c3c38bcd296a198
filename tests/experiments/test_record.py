import json

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from kerasweep.experiments.record import ExperimentRecord


class Tracking:
    """Keeps what a MlflowTracking would log."""

    def __init__(self):
        self.logged = {}

    def log_table(self, frame, name):
        self.logged[f"tables/{name}.csv"] = frame

    def log_figure(self, figure, name):
        self.logged[f"figures/{name}.png"] = figure

    def log_text(self, text, path):
        self.logged[path] = text


def record_in(folder, tracking):
    return ExperimentRecord(
        tracking,
        folder,
        experiment="conv",
        dataset="digits",
        settings={"epochs": "3"},
        title="Convolutions",
    )


def test_every_file_is_listed_with_its_caption(tmp_path, capsys):
    tracking = Tracking()
    before = plt.get_fignums()
    with record_in(tmp_path, tracking) as record:
        record.result(
            "accuracy", 0.99, model="a", training="b", measured_on="digits test", n=10
        )
        record.table(pd.DataFrame({"a": [1.5]}), "numbers", "Some numbers")
        record.figure(plt.figure(), "curves", "Some curves")
    content = json.loads((tmp_path / "record.json").read_text())
    assert content == json.loads(tracking.logged["record.json"])
    assert content["finished"] and content["settings"] == {"epochs": "3"}
    assert content["results"][0]["value"] == 0.99
    listed = {
        item["file"]: item["caption"]
        for k in ("tables", "figures")
        for item in content[k]
    }
    assert listed == {
        "tables/numbers.csv": "Some numbers",
        "figures/curves.png": "Some curves",
    }
    assert set(tracking.logged) == {*listed, "record.json"}
    assert (tmp_path / "curves.svg").exists() and (tmp_path / "numbers.md").exists()
    assert plt.get_fignums() == before
    assert "Some numbers" in capsys.readouterr().out


def test_what_was_shown_before_an_error_is_kept(tmp_path):
    tracking = Tracking()
    with pytest.raises(RuntimeError), record_in(tmp_path, tracking) as record:
        record.table(pd.DataFrame({"a": [1]}), "numbers", "Some numbers")
        raise RuntimeError
    content = json.loads(tracking.logged["record.json"])
    assert not content["finished"] and len(content["tables"]) == 1
