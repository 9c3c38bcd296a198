"""Train a dense network with several seeds, and test it.

By default 784-64-64-10 with plain gradient descent; ``hidden=500,300 epochs=40`` is the
wide one. Each seed is trained on the training rows with its validation curve, then on
all rows, and the test rows are read once. Everything is tracked in MLflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import _checkout  # noqa: F401
from kerasweep.experiments import (
    Command,
    FleetSettings,
    Run,
    options as opt,
    readers as read,
)

WIDE = (500, 300)


@dataclass(frozen=True)
class Baseline(FleetSettings):
    """What is trained, and how."""

    name: ClassVar[str] = "baseline"
    kinds: Mapping[str, str] = opt.kinds()
    hidden: tuple[int, ...] = opt.hidden("64,64", quick="32")
    replicates: int = opt.replicates("3", quick="2")
    epochs: int = opt.epochs("10", quick="5")
    batch_size: int = opt.batch_size("128", quick="32")
    learning_rate: float = opt.learning_rate("0.1")
    optimizer: str = opt.optimizer("sgd")
    register_as: str | None = opt.option(
        "auto",
        read.optional,
        "name in the model registry; auto is DATA-baseline or DATA-wide, an empty name "
        "registers none",
    )
    out: Path = opt.out("results/baseline")


def run(settings: Baseline, run: Run) -> None:
    """Train with each seed, on the training rows and on all; test the latter; show."""
    from kerasweep import DenseClassifier
    from kerasweep.experiments import replicates, texts

    network = DenseClassifier(
        settings.hidden,
        optimizer=settings.optimizer,
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
    )
    key = "wide" if settings.hidden == WIDE else "baseline"
    model = texts.dense_text(network, *run.sizes)
    training = texts.training_text(network)
    run.begin(
        f"{model} on {run.dataset.name}",
        replicates.study_description(run, model, training),
        opening=f"{run.rows}; {settings.replicates} seeds",
        published=key,
        model_name=key,
    )
    study = replicates.study_replicates(run.pipeline(network), run)
    replicates.record_study(study, run, model=model, training=training)


main = Command(Baseline, run)

if __name__ == "__main__":
    main()
