"""Finished experiments without a store."""

import base64

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAA"
    "SUVORK5CYII="
)


class Toy:
    """Stands in for a FinishedExperiment."""

    run_name, experiment_id = "a run", "1"
    tracking_uri = "postgresql://me:secret@db/runs"

    def __init__(self, script, record, *, start=0.0, tags=None, files=None):
        self.run_id = f"{script}-{start:g}"
        self.record, self.start, self.end = record, start, start + 75
        self.tags = {"kerasweep.experiment": script, **(tags or {})}
        self.files = {"figures/curves.png": PIXEL} if files is None else files
        self.seconds = 75.0

    def read_artifact(self, path):
        return self.files.get(path)

    def how_to_open(self):
        return [f"mlflow ui --backend-store-uri {self.tracking_uri}", "http://h/#/1"]


def result(value, *, metric="accuracy", on="MNIST test", half=0.003, **more):
    return {
        "metric": metric,
        "value": value,
        "model": "784-500-300-10",
        "training": "sgd",
        "measured_on": on,
        "low": None if half is None else value - half,
        "high": None if half is None else value + half,
        "interval": "95 % Wilson interval",
        "n": 10_000,
        "unit": "",
        **more,
    }


def record(experiment="sweep", *, dataset="MNIST", results=(), **settings):
    return {
        "experiment": experiment,
        "title": f"{experiment} on {dataset}",
        "dataset": dataset,
        "settings": {"quick": "False", "seed": "0", **settings},
        "results": list(results),
        "tables": [
            {
                "file": "tables/t.csv",
                "caption": "A table",
                "columns": ["name", "share, %"],
                "rows": [["a|b", "1.5"], ["<c>", "2"]],
            }
        ],
        "figures": [{"file": "figures/curves.png", "caption": 'Curves "of" <it>'}],
        "finished": True,
    }
