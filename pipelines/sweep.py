"""Sweep the strength of the L2 penalty of a dense network.

Every factor is trained with several seeds on the training rows and compared on the
validation rows; the factor with the best mean is refitted on both with every seed, and
the test rows are read once. Everything is tracked in MLflow.
"""

from collections.abc import Mapping
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
from kerasweep.experiments.presets import SWEEP_PRESETS

SCHEDULE = read.OneOf(["auto", "constant", "cosine", "one_cycle"])
HINTON = (0.9847, 10_000, "Hinton, 98.47 %")


@dataclass(frozen=True)
class Sweep(ResumableSettings):
    """What is swept, and how its networks are trained."""

    name: ClassVar[str] = "sweep"
    kinds: Mapping[str, str] = opt.kinds()
    hidden: tuple[int, ...] = opt.hidden("500,300", quick="32")
    preset: str = opt.preset(SWEEP_PRESETS)
    factors: tuple[float, ...] | None = opt.option(
        "auto", read.auto(read.factors), "L2 factors to compare", quick="1e-4,1e-2"
    )
    replicates: int = opt.replicates(
        "3", quick="2", help="seeds a factor is trained with"
    )
    epochs: int | None = opt.epochs("auto", quick="15")
    batch_size: int = opt.batch_size("128")
    learning_rate: float | None = opt.learning_rate("auto")
    learning_rate_schedule: str = opt.option("auto", SCHEDULE, "how it changes")
    momentum: float | None = opt.auto(read.rate, "of sgd and rmsprop")
    optimizer: str = opt.optimizer("auto")
    noise: float = opt.option(
        "0", read.share, "share of salt-and-pepper noise in training"
    )
    n_jobs: int | None = opt.option(
        "auto", read.jobs, "fits at the same time; auto leaves it to the fleet"
    )
    register_as: str | None = opt.register_as("sweep")
    out: Path = opt.out("results/sweep")


def run(settings: Sweep, run: Run) -> None:
    """Train each factor with each seed, choose the best mean, test it once, show it."""
    from sklearn.model_selection import GridSearchCV

    from kerasweep import DenseClassifier, SaltAndPepper, select_by_mean
    from kerasweep.experiments import replicates, sweeps, texts

    chosen = settings.chosen()
    factors = list(chosen.pop("factors"))
    network = DenseClassifier(settings.hidden, batch_size=settings.batch_size, **chosen)
    noise = SaltAndPepper(amount=settings.noise, random_state=settings.seed)
    n_fits = len(factors) * settings.replicates
    run.begin(
        f"L2 sweep on {run.dataset.name}",
        sweeps.sweep_description(network, settings.noise, len(factors), run),
        opening=f"{run.rows}; {n_fits} networks and the refit",
    )
    search = GridSearchCV(
        run.pipeline(network, noise=noise),
        {"net__l2": factors, "net__random_state": settings.seeds},
        scoring=run.tracking.scoring("accuracy"),
        cv=run.data.cv,
        refit=select_by_mean(by="net__l2", over="net__random_state"),
        n_jobs=settings.n_jobs,
        return_train_score=True,
    )
    with run.fleet_or_cluster():
        run.fit(search)
        study = replicates.refit_selected(search, run)

    selected = search.best_params_["net__l2"]
    run.closing(f"Selected: l2={selected:g}")
    sizes = texts.sizes_text(run.sizes[0], settings.hidden, run.sizes[1])
    training = sweeps.schedule_text(network)
    sweeps.record_sweep(search, run, reference=HINTON)
    replicates.record_tests(
        study,
        run,
        model=f"{sizes} L2 {selected:g}",
        training=f"{training}; factor chosen on validation rows, refitted on all",
    )


main = Command(Sweep, run)

if __name__ == "__main__":
    main()
