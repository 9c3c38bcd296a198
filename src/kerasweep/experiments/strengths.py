"""Regularizers, each of them alone, against their strengths."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sklearn.model_selection import GridSearchCV

from kerasweep.experiments.run import Run
from kerasweep.experiments.texts import dense_text, dense_training_text, per_cent
from kerasweep.plotting._strength_panels import (
    PREFIX,
    draw_strengths,
    strength_results,
)

if TYPE_CHECKING:
    import pandas as pd

_NAMES = {"l1": "L1", "l2": "L2"}


def strength_search(
    plain: Any, strengths: Mapping[str, Sequence[float]], cv: Any, scoring: Any
) -> GridSearchCV:
    """Return a search of several regularizers' strengths, each of them alone."""
    grids = [{f"net__{name}": list(v)} for name, v in strengths.items()]
    return GridSearchCV(
        plain, grids, cv=cv, scoring=scoring, refit=False, return_train_score=True
    )


def record_strengths(search: GridSearchCV, run: Run) -> None:
    """Show the table and the figure of a fitted :func:`strength_search`."""
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


def strength_table(cv_results: Mapping[str, Any]) -> "pd.DataFrame":
    """Return one row per candidate: `regularizer`, `strength`, and both accuracies."""
    import pandas as pd

    frames = [
        pd.DataFrame(
            {
                "regularizer": regularizer(name),
                "strength": results[PREFIX + name],
                "training": results["mean_train_score"],
                "validation": results["mean_test_score"],
            }
        )
        for name, results in strength_results(cv_results).items()
    ]
    return pd.concat(frames, ignore_index=True)


def regularizer(parameter: str) -> str:
    """Return what a parameter such as ``net__l2`` is called."""
    name = parameter.rpartition("__")[2]
    return _NAMES.get(name, name.replace("_", " "))
