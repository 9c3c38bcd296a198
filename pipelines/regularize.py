"""Regularize a wide dense network, and see what it gets wrong.

The network is trained without regularizers, which shows the gap between training and
validation rows, and with the preset's; the epochs are chosen on the validation rows.
The regularized one is then refitted on all rows and tested once. With ``scan=1`` L1,
L2 and dropout are first tried alone, at several strengths. Everything is tracked in
MLflow.
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
from kerasweep.experiments.presets import (
    NO_REGULARIZER,
    REGULARIZED_PRESETS,
    REGULARIZER_STRENGTHS,
)


@dataclass(frozen=True)
class Regularize(ResumableSettings):
    """How the network is regularized and trained."""

    name: ClassVar[str] = "regularize"
    interrupted: ClassVar[str] = (
        "What finished is in MLflow; -P resume=auto takes the fits of a scan from "
        "there."
    )
    preset: str = opt.preset(REGULARIZED_PRESETS)
    hidden: tuple[int, ...] | None = opt.hidden(
        "auto", quick="128,64", parameter="hidden_layer_sizes"
    )
    l1: float | None = opt.auto(read.strength, "strength of the L1 penalty")
    l2: float | None = opt.auto(read.strength, "strength of the L2 penalty")
    max_norm: float | None = opt.auto(
        read.strength, "largest norm of a hidden unit's weights; 0 for no bound"
    )
    input_dropout: float | None = opt.auto(read.rate, "share of inputs dropped")
    dropout: tuple[float, ...] | None = opt.auto(
        read.rates, "share of units dropped behind all hidden layers, or behind each"
    )
    epochs: int | None = opt.epochs(
        "auto", quick="20", help="most passes over the training rows"
    )
    plain_epochs: int = opt.option(
        "15", read.count, "passes of the unregularized network", quick="10"
    )
    batch_size: int | None = opt.batch_size("auto", quick="16")
    learning_rate: float | None = opt.learning_rate("auto", quick="0.002")
    scan: bool = opt.option("0", read.flag, "1: also try L1, L2 and dropout alone")
    scan_epochs: int = opt.option(
        "10", read.count, "passes of each network of the scan", quick="3"
    )
    fleet: int | None = opt.option(
        "auto", read.fleet_size, "scan's fits trained together; 0 for no fleet"
    )
    seed: int = opt.option("0", read.seed, "draws the split and the networks")
    register_as: str | None = opt.register_as("regularize")
    out: Path = opt.out("results/regularize")


def run(settings: Regularize, run: Run) -> None:
    """Scan, if asked to; train without and with regularizers; refit, test, show."""
    from sklearn.base import clone

    from kerasweep import DenseClassifier
    from kerasweep.experiments import regularization, strengths, texts
    from kerasweep.experiments.data import check_trains

    network = DenseClassifier(random_state=settings.seed)
    network.set_params(**regularization.network_parameters(settings.chosen()))
    plain = clone(network).set_params(**NO_REGULARIZER, epochs=settings.plain_epochs)
    pipelines = run.pipeline(plain), run.pipeline(network)
    check_trains(clone(pipelines[1]).set_params(net__early_stopping=False), run.data)
    models = [texts.dense_text(net, *run.sizes) for net in (plain, network)]
    trainings = [texts.dense_training_text(net) for net in (plain, network)]
    trainings[0] += ", unregularized"
    run.begin(
        f"Regularization ({settings.preset}) on {run.dataset.name}",
        regularization.description(run, models[1], trainings[1]),
        opening=f"{run.rows}\n{models[1]}; {trainings[1]}",
        published="regularized",
    )
    if settings.scan:
        scan = strengths.strength_search(
            clone(pipelines[0]).set_params(net__epochs=settings.scan_epochs),
            REGULARIZER_STRENGTHS,
            run.data.cv,
            run.tracking.scoring("accuracy"),
        )
        strengths.record_strengths(run.fit(scan), run)
    epochs = max(plain.epochs, network.epochs)
    with run.training(3, epochs, *pipelines, one_by_one=True):
        study = regularization.study_regularization(*pipelines, run.data)
    regularization.record_regularization(study, run, models, trainings)


main = Command(Regularize, run)

if __name__ == "__main__":
    main()
