"""What an experiment shows: its results, tables and figures, listed in one file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kerasweep.experiments.settings import RECORD_FILE
from kerasweep.experiments.tables import print_table, write_table

if TYPE_CHECKING:
    import pandas as pd


def interval_of(result: Any) -> dict[str, Any]:
    """Return a share's interval as :meth:`ExperimentRecord.result` takes it."""
    interval = "95 % Wilson interval"
    return {"low": result.low, "high": result.high, "interval": interval, "n": result.n}


class ExperimentRecord:
    """Keep what an experiment shows in MLflow and in a folder.

    Each table and figure is written as soon as it is handed in. Leaving the ``with``
    block, by an error too, writes ``record.json``: the results, and the files with
    their captions, from which reports are made.

    Parameters
    ----------
    tracking : MlflowTracking
        Its run is open inside the block.
    folder : Path
        Where the files go; it exists.
    experiment : str
        As in :func:`kerasweep.datasets.load_reference_results`.
    dataset : str
        The data set's name.
    settings : dict of str to str
        Those that decide the outcome, as texts.
    title : str
        A heading for reports.
    """

    def __init__(
        self,
        tracking: Any,
        folder: Path,
        *,
        experiment: str,
        dataset: str,
        settings: Mapping[str, str],
        title: str,
    ):
        self._tracking = tracking
        self._folder = folder
        self._content: dict[str, Any] = {
            "experiment": experiment,
            "title": title,
            "dataset": dataset,
            "settings": dict(settings),
            "results": [],
            "tables": [],
            "figures": [],
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        content = {**self._content, "finished": error is None}
        text = json.dumps(content, indent=1)
        (self._folder / RECORD_FILE).write_text(text + "\n")
        self._tracking.log_text(text, RECORD_FILE)

    def result(
        self,
        metric: str,
        value: float,
        *,
        model: str,
        training: str,
        measured_on: str,
        low: float | None = None,
        high: float | None = None,
        interval: str = "",
        n: int | None = None,
        unit: str = "",
        headline: bool = False,
    ) -> None:
        """Keep one figure of the experiment, to be printed beside published ones.

        Parameters
        ----------
        metric : str
            Such as "accuracy"; the word that the published figures use.
        value : float
        model, training : str
            What was trained, and how.
        measured_on : str
            Such as "MNIST test".
        low, high : float, default=None
            Bounds of an interval about the value.
        interval : str, default=""
            What the interval is, such as "95 % Wilson interval".
        n : int, default=None
            Rows, or replicates, behind the value.
        unit : str, default=""
            Such as "nats"; none for shares in [0, 1].
        headline : bool, default=False
            Whether an overview shows this figure of all.
        """
        result = {
            "metric": metric,
            "value": float(value),
            "model": model,
            "training": training,
            "measured_on": measured_on,
            "low": None if low is None else float(low),
            "high": None if high is None else float(high),
            "interval": interval,
            "n": None if n is None else int(n),
            "unit": unit,
            "headline": headline,
        }
        self._content["results"].append(result)

    def table(
        self,
        frame: "pd.DataFrame",
        name: str,
        caption: str,
        *,
        shown: "pd.DataFrame | None" = None,
    ) -> None:
        """Write a table, and print it.

        Parameters
        ----------
        frame : DataFrame
        name : str
            Stem of its files.
        caption : str
        shown : DataFrame, default=None
            The same as texts, for the terminal and for reports.
        """
        write_table(frame, self._folder / name)
        self._tracking.log_table(frame, name)
        shown = frame if shown is None else shown
        print_table(shown, caption)
        self._content["tables"].append(
            {
                "file": f"tables/{name}.csv",
                "caption": caption,
                "columns": [str(c) for c in shown.columns],
                "rows": [
                    [str(v) for v in row] for row in shown.itertuples(index=False)
                ],
            }
        )

    def figure(self, picture: Any, name: str, caption: str) -> None:
        """Write a figure as PNG and SVG, and close it.

        Parameters
        ----------
        picture : matplotlib Figure, or a Display that was plotted
        name : str
            Stem of its files.
        caption : str
            One or two sentences that say what is seen; also its alternative text.
        """
        import matplotlib.pyplot as plt

        figure = getattr(picture, "figure_", picture)
        for suffix in (".png", ".svg"):
            figure.savefig(self._folder / f"{name}{suffix}", dpi=150)
        self._tracking.log_figure(figure, name)
        plt.close(figure)
        self._content["figures"].append(
            {"file": f"figures/{name}.png", "caption": caption}
        )
