"""What searches of networks show: ranked tables, and accuracy against parameters."""

from typing import TYPE_CHECKING, Any

from kerasweep.experiments.run import Run
from kerasweep.experiments.texts import mean_and_sd, per_cent, sizes_text
from kerasweep.model_selection import replicate_summary, wilson_interval
from kerasweep.plotting import (
    GridSearchDisplay,
    LearningCurvesDisplay,
    SweepDisplay,
)

if TYPE_CHECKING:
    import pandas as pd


def sweep_description(network: Any, noise: float, n_factors: int, run: Run) -> str:
    """Return the text on the page of a sweep's run."""
    data, (n_features, n_classes) = run.data, run.sizes
    sizes = sizes_text(n_features, network.hidden_layer_sizes, n_classes)
    return f"""
**{sizes}** on {run.dataset.name},
{schedule_text(network)}, salt-and-pepper noise {noise:g}.

{n_factors} L2 factors x {len(run.settings.seeds)} seeds, compared on
{len(data.cv.validation):,} of {len(data.X):,} rows; the factor with the best mean is
refitted on all of them with every seed and tested on {len(data.X_test):,} others. Each
child run is one fit; group them by `net__l2`, or draw `score/validation` against
`log10_l2`.
"""


def schedule_text(network: Any) -> str:
    """Describe how a network of the sweep is trained, with its schedule."""
    return (
        f"{network.optimizer} {network.learning_rate:g}"
        + (f", momentum {network.momentum:g}" if network.momentum else "")
        + f", {network.learning_rate_schedule} rate, batch {network.batch_size}, "
        f"{network.epochs} epochs"
    )


def record_sweep(search: Any, run: Run, *, reference: tuple[float, int, str]) -> None:
    """Show a search's means against the L2 factor, and the refit's curves."""
    over: dict[str, Any] = {"over": "net__random_state"}
    name = run.dataset.name
    summary = replicate_summary(search.cv_results_, by="net__l2", **over)
    run.table(
        summary,
        "sweep",
        f"Validation accuracy on {name}",
        shown=_readable_sweep(summary),
    )
    display = SweepDisplay.from_search(
        search, x="net__l2", score_name="accuracy", **over
    )
    keys = ("reference", "reference_n", "reference_label")
    known: Any = dict(zip(keys, reference, strict=True)) if name == "MNIST" else {}
    means = "Mean accuracy against the L2 factor, on"
    both, alone = "training and validation rows", "validation rows alone"
    run.figure(display.plot(**known), "sweep", f"{means} {both}.")
    run.figure(
        display.plot(train=False, **known), "sweep_validation", f"{means} {alone}."
    )
    record_refit(search, run)


def conv_sweep_description(settings: Any, run: Run, cv: Any, n_networks: int) -> str:
    """Return the text on the page of a search of convolutional networks."""
    filters, dense, dropout = (
        ", ".join(map(str, values))
        for values in (settings.filters, settings.dense, settings.dropout)
    )
    return f"""
**conv - pool - dropout - conv - dense** on {run.dataset.name}, \
{settings.optimizer} with
learning rate {settings.learning_rate:g}, batches of {settings.batch_size}, \
{settings.epochs}
epochs. {n_networks} networks: filters {filters} x dense units
{dense} x dropout {dropout} x
{settings.replicates} seeds, each trained on {len(cv.train):,} rows and compared on
{len(cv.validation):,} others; the best is refitted on {len(run.data.X):,} and tested \
once
on {len(run.data.X_test):,}.
"""


def record_candidates(search: Any, run: Run, n_validation: int) -> None:
    """Show a search's candidates, ranked, and against each parameter."""
    name = run.dataset.name
    display = GridSearchDisplay.from_search(
        search, over="net__random_state", score_name="accuracy"
    )
    ranked = display.to_frame()
    run.table(
        ranked,
        "ranked",
        f"Validation accuracy on {name}, the best first",
        shown=_readable_candidates(ranked, n_validation),
    )
    of = f"of {len(ranked)} networks on {n_validation:,} validation rows of {name}"
    run.figure(
        display.plot(),
        "parallel_coordinates",
        f"Accuracy {of}: one line per network, across its parameters.",
    )
    run.figure(
        display.plot("parameters", fit_time=True),
        "parameters",
        f"Accuracy {of}, and the time that a fit took, against each parameter; lines "
        "join the means over all networks that share a value.",
    )


def record_refit(search: Any, run: Run) -> None:
    """Show the learning curves of a search's refitted network."""
    curves = LearningCurvesDisplay.from_estimator(search).plot()
    run.figure(curves, "refit", "Learning curves of the refitted network.")


def _readable_sweep(summary: "pd.DataFrame") -> "pd.DataFrame":
    """Return a sweep's summary as texts: factor, mean and SD in per cent, n."""
    texts = summary[["net__l2"]].rename(columns={"net__l2": "L2 factor"})
    texts["L2 factor"] = texts["L2 factor"].map("{:g}".format)
    for column, name in (("", "validation, %"), ("train_", "training, %")):
        means, sds = summary[f"{column}mean"], summary[f"{column}sd"]
        texts[name] = list(map(mean_and_sd, means, sds))
    texts["n"] = summary["n"]
    return texts


def _readable_candidates(ranked: "pd.DataFrame", n_rows: int) -> "pd.DataFrame":
    """Return ranked candidates as texts, in per cent, with intervals."""
    names = [name for name in map(str, ranked) if name.startswith("net__")]
    texts = ranked[["rank", *names]].astype(str)
    texts.columns = [
        name.removeprefix("net__").replace("_", " ") for name in map(str, texts)
    ]
    texts["validation, %"] = list(map(mean_and_sd, ranked["mean"], ranked["sd"]))
    texts["95 % Wilson interval"] = [
        " to ".join(map(per_cent, wilson_interval(round(mean * n_rows), n_rows)))
        if mean == mean
        else ""
        for mean in ranked["mean"]
    ]
    texts["time, s"] = ranked["fit_time"].map("{:.1f}".format)
    return texts
