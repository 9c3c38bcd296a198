"""Several parameters, each searched alone, side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasweep.plotting._sweep_display import SweepDisplay

PREFIX = "param_"


def draw_strengths(cv_results: Mapping[str, Any]) -> Any:
    """Draw one panel per regularizer: accuracies against its strength, log scale."""
    import matplotlib.pyplot as plt

    parts = strength_results(cv_results)
    figure, axes = plt.subplots(
        1,
        len(parts),
        squeeze=False,
        sharey=True,
        figsize=(3.4 * len(parts) + 0.6, 3.8),
        layout="constrained",
    )
    for ax, (name, results) in zip(axes[0], parts.items(), strict=True):
        display = SweepDisplay.from_cv_results(
            results, x=name, score_name="accuracy"
        ).plot(ax=ax, scale="log")
        display.legend_.remove()
        best = "" if display.selected is None else f"{display.selected:g}"
        ax.set_title(f"best on validation: {best}", fontsize="medium")
        ax.label_outer(remove_inner_ticks=False)
    handles = [display.errorbar_, display.train_errorbar_, display.selected_]
    labels = ["validation", "training", "best on validation"]
    shown = [(h, t) for h, t in zip(handles, labels, strict=True) if h is not None]
    figure.legend(
        [handle for handle, _ in shown],
        [text for _, text in shown],
        loc="outside upper center",
        ncols=len(shown),
        fontsize="small",
        frameon=False,
    )
    return figure


def strength_results(cv_results: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Part a search's results by the one parameter that each candidate sets."""
    searched = [key for key in cv_results if key.startswith(PREFIX)]
    parts = {}
    for key in searched:
        name = key.removeprefix(PREFIX)
        rows = [i for i, p in enumerate(cv_results["params"]) if name in p]
        parts[name] = {
            column: [values[i] for i in rows]
            if column in ("params", key)
            else np.asarray(values)[rows]
            for column, values in cv_results.items()
            if column == key or column not in searched
        }
    return parts
