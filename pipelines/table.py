"""Compare a linear model, boosting and networks on a table, and say what pays.

Each, with its defaults, is scored on the same splits of a repeated cross-validation;
differences have intervals by Nadeau and Bengio's corrected t-test. The best is refitted
on all rows and registered. Everything is tracked in MLflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import _checkout  # noqa: F401
from kerasweep.experiments import (
    Command,
    ExperimentSettings,
    Run,
    options as opt,
    readers as read,
)


@dataclass(frozen=True)
class Table(ExperimentSettings):
    """What is compared, and on how many splits."""

    name: ClassVar[str] = "table"
    data: str = opt.option(
        "digits",
        str,
        "digits, mnist, openml:NAME_OR_ID, or a path to a .csv, .parquet or .npz file",
    )
    target: str | None = opt.option(
        "", read.optional, "column of a table to predict: classes, or numbers"
    )
    kinds: Mapping[str, str] = opt.kinds()
    models: tuple[str, ...] = opt.option(
        "linear,boosting,dense,tabular", read.names, "what is compared, two or more"
    )
    folds: int = opt.option(
        "5", read.count, "folds of each cross-validation", quick="2"
    )
    repeats: int = opt.option(
        "2", read.count, "cross-validations, each with folds of its own", quick="1"
    )
    epochs: int | None = opt.epochs(
        "auto", quick="3", help="of the networks; auto for their defaults"
    )
    train_size: int | None = opt.option(
        "all", read.count_or_all, "rows to compare on", quick="300"
    )
    seed: int = opt.option("0", read.seed, "draws the splits, and the weights")
    register_as: str | None = opt.register_as("table")
    out: Path = opt.out("results/table")


def run(settings: Table, run: Run) -> None:
    """Score each model on each split, compare them, refit the best, show it."""
    from kerasweep.experiments import tabular, tabular_record

    table = tabular.table_of(run, settings.folds)
    models = tabular.candidates(
        table, settings.models, random_state=settings.seed, epochs=settings.epochs
    )
    n_splits = settings.folds * settings.repeats
    run.begin(
        f"Is a network worth it on {run.dataset.name}?",
        tabular_record.description(table, list(models), run, settings.repeats),
        opening=f"{run.dataset.name}: {len(table.y)} rows, {table.X.shape[1]} columns; "
        f"{len(models)} models on {n_splits} splits",
    )
    comparison = tabular.compare(table, models, run, n_repeats=settings.repeats)
    tabular_record.record_comparison(comparison, run)


main = Command(Table, run)

if __name__ == "__main__":
    main()
