"""Regularizers, each of them alone, against their strengths."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import GridSearchCV

from kerasweep.experiments.run import Run
from kerasweep.experiments.texts import dense_text, dense_training_text, per_cent
from kerasweep.plotting import SweepDisplay

if TYPE_CHECKING:
    import pandas as pd

_PREFIX = "param_"
_NAMES = {"l1": "L1", "l2": "L2"}


def strength_search(
    plain: Any, strengths: Mapping[str, Sequence[float]], cv: Any, scoring: Any
) -> GridSearchCV:
    """Return a search of several regularizers' strengths, each of them alone.

    Parameters
    ----------
    plain : Pipeline
        Ends in a network without regularizers, called "net".
    strengths : dict of str to sequence of float
        Values of each parameter of the network, such as ``{"l2": (0, 1e-4)}``.
    cv : splitter
    scoring : str or callable

    Returns
    -------
    search : GridSearchCV
        Not fitted. It chooses and refits nothing.
    """
    grids = [{f"net__{name}": list(v)} for name, v in strengths.items()]
    return GridSearchCV(
        plain, grids, cv=cv, scoring=scoring, refit=False, return_train_score=True
    )


def record_strengths(search: GridSearchCV, run: Run) -> None:
    """Show the table and the figure of a fitted :func:`strength_search`.

    Parameters
    ----------
    search : fitted GridSearchCV
    run : Run
    """
    net, cv, dataset = search.estimator["net"], run.data.cv, run.dataset.name
    protocol = (
        f"{dense_text(net, *run.sizes)}, {dense_training_text(net)}, trained on "
        f"{len(cv.train):,} rows and validated on {len(cv.validation):,}, one seed"
    )
    table = strength_table(search.cv_results_)
    shown = table[["regularizer"]].assign(
        strength=table["strength"].map("{:g}".format),
        **{
            f"{part}, %": table[part].map(per_cent)
            for part in ("training", "validation")
        },
    )
    run.table(
        table,
        "strengths",
        f"Each regularizer alone on {dataset}: {protocol}",
        shown=shown,
    )
    run.figure(
        draw_strengths(search.cv_results_),
        "strengths",
        f"Accuracy on {dataset} against the strength of each regularizer, the others "
        f"switched off; 0 is no regularizer. {protocol[0].upper()}{protocol[1:]}.",
    )


def strength_results(cv_results: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Part a search's results by the one parameter that each candidate sets.

    Parameters
    ----------
    cv_results : dict
        Of a search over a list of grids with one parameter each.

    Returns
    -------
    results : dict of str to dict
        For each parameter the results of its candidates, as if it alone were searched.
    """
    searched = [key for key in cv_results if key.startswith(_PREFIX)]
    parts = {}
    for key in searched:
        name = key.removeprefix(_PREFIX)
        rows = [i for i, p in enumerate(cv_results["params"]) if name in p]
        parts[name] = {
            column: [values[i] for i in rows]
            if column in ("params", key)
            else np.asarray(values)[rows]
            for column, values in cv_results.items()
            if column == key or column not in searched
        }
    return parts


def strength_table(cv_results: Mapping[str, Any]) -> "pd.DataFrame":
    """Return one row per candidate: `regularizer`, `strength`, and both accuracies.

    Parameters
    ----------
    cv_results : dict
        As in :func:`strength_results`, with training scores.

    Returns
    -------
    table : DataFrame
        With the columns `training` and `validation`, as shares.
    """
    import pandas as pd

    frames = [
        pd.DataFrame(
            {
                "regularizer": regularizer(name),
                "strength": results[_PREFIX + name],
                "training": results["mean_train_score"],
                "validation": results["mean_test_score"],
            }
        )
        for name, results in strength_results(cv_results).items()
    ]
    return pd.concat(frames, ignore_index=True)


def draw_strengths(cv_results: Mapping[str, Any]) -> Any:
    """Draw one panel per regularizer: accuracies against its strength, on a log scale.

    Parameters
    ----------
    cv_results : dict
        As in :func:`strength_results`.

    Returns
    -------
    figure : matplotlib Figure
    """
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


def regularizer(parameter: str) -> str:
    """Return what a parameter such as ``net__l2`` is called."""
    name = parameter.rpartition("__")[2]
    return _NAMES.get(name, name.replace("_", " "))
