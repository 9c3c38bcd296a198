"""Search the size and the dropout of a convolutional network.

Every combination of filters, dense units and dropout is trained on a part of the
training rows and compared on the validation rows; the best is refitted on all rows, and
the test rows are read once. Everything is tracked in MLflow.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import _checkout  # noqa: F401
from kerasweep.experiments import (
    Command,
    ResumableSettings,
    Run,
    options as opt,
    readers as read,
)
from kerasweep.experiments.presets import CONV_PRESETS


@dataclass(frozen=True)
class ConvSweep(ResumableSettings):
    """What is searched, and how its networks are trained."""

    name: ClassVar[str] = "conv_sweep"
    filters: tuple[int, ...] = opt.option(
        "32,64,128",
        read.counts,
        "channels of both convolutions to compare",
        quick="4,8",
    )
    dense: tuple[int, ...] = opt.option(
        "32,64,128", read.counts, "units of the dense layer to compare", quick="16,32"
    )
    dropout: tuple[float, ...] = opt.option(
        "0.5,0.65,0.8", read.rates, "shares dropped to compare", quick="0.2,0.5"
    )
    replicates: int = opt.replicates("1", help="seeds a combination is trained with")
    train_rows: int = opt.option(
        "10000", read.count, "rows that each candidate is trained on"
    )
    epochs: int = opt.epochs("6", quick="15")
    batch_size: int = opt.batch_size("64")
    learning_rate: float = opt.learning_rate("0.1")
    optimizer: str = opt.optimizer("sgd")
    fleet: int | None = opt.option(
        "0",
        read.fleet_size,
        "fits trained together at most; 0 for one after another, so that each "
        "candidate's time is its own",
    )
    register_as: str | None = opt.register_as("conv-sweep")
    out: Path = opt.out("results/conv_sweep")


def run(settings: ConvSweep, run: Run) -> None:
    """Train each combination on a part, choose the best mean, test it once, show it."""
    from sklearn.model_selection import GridSearchCV, ParameterGrid

    from kerasweep import ConvClassifier, select_by_mean
    from kerasweep.experiments import replicates, sweeps, texts
    from kerasweep.experiments.data import check_trains, with_fewer_training_rows

    network = ConvClassifier(
        pool_size=CONV_PRESETS["dropout"]["pool_size"],
        optimizer=settings.optimizer,
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        image_shape=run.dataset.image_shape,
    )
    cv = with_fewer_training_rows(
        run.data.cv, run.data.y, settings.train_rows, random_state=settings.seed
    )
    pipeline = run.pipeline(network)
    check_trains(pipeline, run.data)
    grid = {
        "net__filters": list(settings.filters),
        "net__dense": list(settings.dense),
        "net__conv_dropout": list(settings.dropout),
        "net__random_state": settings.seeds,
    }
    n_fits = len(ParameterGrid(grid))
    on, data = run.dataset.name, run.data
    run.begin(
        f"Sweep of convolutional networks on {on}",
        sweeps.conv_sweep_description(settings, run, cv, n_fits),
        opening=f"{on}: {len(cv.train)} rows to train candidates on, "
        f"{len(cv.validation)} for validation, {len(data.X)} for the refit, "
        f"{len(data.X_test)} for the test; {n_fits} networks and the refit",
        published="conv",
    )
    search = GridSearchCV(
        pipeline,
        grid,
        scoring=run.tracking.scoring("accuracy"),
        cv=cv,
        refit=select_by_mean(over="net__random_state"),
    )
    run.fit(search)
    model = texts.network_text(search.best_estimator_["net"].get_params())
    run.closing(f"Selected: {model}")
    run.test(
        search,
        model=model,
        training=f"{texts.training_text(network)}; chosen among "
        f"{n_fits // settings.replicates} on validation rows, refitted on all",
    )
    sweeps.record_candidates(search, run, len(cv.validation))
    replicates.record_layers(search, run, "the selected network")
    sweeps.record_refit(search, run)


main = Command(ConvSweep, run)

if __name__ == "__main__":
    main()
