"""What a comparison of models on a table shows: a table, pictures and a verdict."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from kerasweep.experiments.run import Run
from kerasweep.experiments.tabular import CALLED, NETWORKS, Comparison, Table
from kerasweep.plotting import PermutationImportanceDisplay
from kerasweep.plotting._style import CYCLE

if TYPE_CHECKING:
    import pandas as pd

_IMPORTANCE_ROWS, _MANY_COLUMNS = 1000, 50


def record_comparison(comparison: Comparison, run: Run) -> None:
    """Show the table, the pictures and the verdict, and choose the best model."""
    table, frame = comparison.table, comparison.frame()
    n_splits = comparison.search.n_splits_
    run.table(
        frame,
        "comparison",
        f"{table.said} of {run.dataset.name} on {n_splits} splits (mean and SD), each "
        "model compared with the first by Nadeau and Bengio's corrected t-test",
        shown=_readable(frame, table),
    )
    epochs = f"{comparison.epochs} epochs" if comparison.epochs else "defaults"
    rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    for row in rows:
        trained = epochs if row["model"] in NETWORKS else "defaults"
        mean = table.shown(row["mean"])
        run.result(
            table.said,
            mean,
            low=mean - row["sd"],
            high=mean + row["sd"],
            interval=f"SD of {n_splits} splits about the mean",
            n=n_splits,
            model=_name(row["model"]),
            training=f"{trained}, repeated cross-validation",
            measured_on=f"{run.dataset.name}, held-out folds",
            headline=row is rows[0],
        )
    draw = residual_picture if table.is_quantity else calibration_picture
    run.figure(*draw(comparison))
    run.figure(*importance_picture(comparison, run.settings.seed))
    best = comparison.search.best_estimator_.named_steps["model"]
    # As a plain pipeline, which can be saved as data.
    run.tracking.choose_model(Pipeline(best.steps))
    run.tracking.log_metrics(
        {
            f"comparison/{row['model']} {table.said}": table.shown(row["mean"])
            for row in rows
        }
    )
    run.closing(
        comparison.verdict(),
        f"Refitted on all {len(table.y):,} rows: {CALLED[best.label]}",
    )
    if best.label == "boosting":
        run.closing(
            "Its trees are logged as a pickle, which mlflow.pyfunc.load_model loads, "
            "and kerasweep.load doesn't."
        )


def _readable(frame: "pd.DataFrame", table: Table) -> "pd.DataFrame":
    texts = frame[["model"]].copy()
    if table.is_quantity:
        texts["R2"] = list(map(_mean_sd, frame["mean"], frame["sd"]))
        texts["RMSE"] = (-frame["neg_rmse"]).map("{:.4g}".format)
    else:
        texts["log loss"] = list(map(_mean_sd, -frame["mean"], frame["sd"]))
        texts["accuracy, %"] = (100 * frame["accuracy"]).map("{:.2f}".format)
    texts["worse by"] = ["" if d != d else f"{d:.4f}" for d in frame["difference"]]
    texts["95 % interval"] = [
        "" if low != low else f"{low:+.4f} to {high:+.4f}"
        for low, high in zip(frame["low"], frame["high"], strict=True)
    ]
    texts["p"] = ["" if p != p else f"{p:.3g}" for p in frame["p_value"]]
    texts["s/fit"] = frame["fit_time"].map("{:.2f}".format)
    return texts


def _name(label: str) -> str:
    return CALLED[label].removeprefix("the ")


def _mean_sd(mean: float, sd: float) -> str:
    return f"{mean:.4f} ± {sd:.4f}"


def calibration_picture(comparison: Comparison) -> tuple[Any, str, str]:
    """Draw how often predictions of a probability come true, held out.

    Of two classes the probability of the second; of more that of the class chosen.
    """
    import matplotlib.pyplot as plt
    from sklearn.calibration import CalibrationDisplay

    table = comparison.table
    classes = np.unique(table.y)
    figure, ax = plt.subplots(figsize=(6, 5.5), layout="constrained")
    for label, colour in zip(comparison.scores(), CYCLE, strict=False):
        shares = comparison.held_out.of(label)
        if len(classes) == 2:
            come_true, probability = table.y == classes[1], shares[:, 1]
        else:
            come_true = classes[shares.argmax(axis=1)] == table.y
            probability = shares.max(axis=1)
        if len({*come_true.tolist()}) < 2:  # all right: no curve to draw
            continue
        CalibrationDisplay.from_predictions(
            come_true,
            probability,
            n_bins=10,
            strategy="quantile",
            name=_name(label),
            ax=ax,
            color=colour,
        )
    what = (
        f"of class {classes[1]}" if len(classes) == 2 else "of the class that is chosen"
    )
    ax.set(
        xlabel=f"mean predicted probability {what}, in tenths of the rows",
        ylabel="share of rows where it is right",
    )
    caption = (
        f"Calibration on held-out rows: how often a probability {what} came true; on "
        "the diagonal it can be taken at its word."
    )
    return figure, "calibration", caption


def residual_picture(comparison: Comparison) -> tuple[Any, str, str]:
    """Draw each model's residuals on held-out rows against its predictions."""
    import matplotlib.pyplot as plt
    from sklearn.metrics import PredictionErrorDisplay

    table, labels = comparison.table, list(comparison.scores())
    n_columns = 2 if len(labels) > 1 else 1
    n_rows = -(-len(labels) // n_columns)
    figure, axes = plt.subplots(
        n_rows,
        n_columns,
        figsize=(8, 3.4 * n_rows),
        sharex=True,
        sharey=True,
        layout="constrained",
        squeeze=False,
    )
    for label, ax, colour in zip(labels, axes.flat, CYCLE, strict=False):
        PredictionErrorDisplay.from_predictions(
            table.y,
            comparison.held_out.of(label),
            kind="residual_vs_predicted",
            subsample=2000,
            random_state=0,
            ax=ax,
            scatter_kwargs={"color": colour, "alpha": 0.4, "s": 10},
        )
        ax.set_title(_name(label))
    for ax in axes.flat[len(labels) :]:
        ax.set_visible(False)
    caption = (
        "Residuals, target less prediction, on held-out rows against the prediction "
        "(2,000 rows at most)."
    )
    return figure, "residuals", caption


def importance_picture(comparison: Comparison, seed: int) -> tuple[Any, str, str]:
    """Draw how much the best model's score suffers from shuffling each column."""
    from kerasweep._private_callbacks import remove_callbacks

    table, search = comparison.table, comparison.search
    train, test = next(iter(search.cv.split(table.X, table.y)))
    best = search.best_estimator_.named_steps["model"]
    model = Pipeline(clone(best).steps)
    for part in (model, *(step for _, step in model.steps)):
        remove_callbacks(part)
    model.fit(table.X.iloc[train], table.y[train])
    test = test[:_IMPORTANCE_ROWS]
    display = PermutationImportanceDisplay.from_estimator(
        model,
        table.X.iloc[test],
        table.y[test],
        scoring=table.score,
        score_name="R2" if table.is_quantity else "log likelihood (nats/row)",
        n_repeats=5 if table.X.shape[1] <= _MANY_COLUMNS else 1,
        random_state=seed,
    )
    caption = (
        f"Permutation importance: how much worse the {table.said} of "
        f"{CALLED[best.label]} becomes on {len(test):,} held-out rows when one "
        "column is shuffled."
    )
    return display.plot().figure_, "importance", caption


def description(table: Table, labels: Sequence[str], run: Run, n_repeats: int) -> str:
    """Return the text on the page of a comparison's run."""
    settings: Any = run.settings
    models = ", ".join(_name(label) for label in labels)
    return (
        f"**{models}** on {run.dataset.name}: {len(table.y):,} rows, "
        f"{table.X.shape[1]} columns, {settings.folds} folds x {n_repeats} repeats, "
        f"the same for all; compared by {table.said}. The best is refitted on all rows."
    )
