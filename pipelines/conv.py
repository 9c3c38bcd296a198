"""Train a convolutional network with several seeds, and test it.

The preset is one of the reported networks, or a strong one with batch normalization,
dropout, shifts and rotations; each other option replaces one of its settings. Each seed
is trained on the training rows with its validation curve, then on all rows, and the
test rows are read once. Everything is tracked in MLflow.
"""

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
from kerasweep.experiments.presets import CONV_PRESETS

Sizes = int | tuple[int, ...] | None


@dataclass(frozen=True)
class Conv(FleetSettings):
    """Which network is trained, and how."""

    name: ClassVar[str] = "conv"
    preset: str = opt.preset(CONV_PRESETS)
    filters: Sizes = opt.auto(read.sizes, "output channels of each convolution")
    kernel_size: Sizes = opt.auto(read.sizes, "side of all or of each kernel, pixels")
    pool_size: Sizes = opt.auto(read.sizes, "side of pooling windows; 1 for none")
    dense: tuple[int, ...] | None = opt.auto(read.counts, "units of each dense layer")
    conv_dropout: float | None = opt.auto(
        read.rate, "share dropped behind each pooling"
    )
    dropout: float | None = opt.auto(read.rate, "share dropped behind each dense layer")
    max_shift: float | None = opt.auto(read.share, "largest shift, share of the image")
    max_rotation: float | None = opt.auto(read.degrees, "largest rotation, degrees")
    replicates: int = opt.replicates("3", quick="2")
    epochs: int | None = opt.epochs("auto", quick="15")
    batch_size: int | None = opt.batch_size("auto")
    learning_rate: float | None = opt.learning_rate("auto")
    optimizer: str = opt.optimizer("auto")
    register_as: str | None = opt.register_as("conv")
    out: Path = opt.out("results/conv")


def run(settings: Conv, run: Run) -> None:
    """Train with each seed, on the training rows and on all; test the latter; show."""
    from kerasweep import ConvClassifier
    from kerasweep.experiments import replicates, texts
    from kerasweep.experiments.data import check_trains

    network = ConvClassifier().set_params(**settings.chosen())
    pipeline = run.pipeline(network.set_params(image_shape=run.dataset.image_shape))
    check_trains(pipeline, run.data)
    model = texts.network_text(settings.chosen())
    training = texts.training_text(network)
    run.begin(
        f"Convolutional network ({settings.preset}) on {run.dataset.name}",
        replicates.study_description(run, model, training),
        opening=f"{run.rows}\n{model}; {training}; {settings.replicates} seeds",
    )
    study = replicates.study_replicates(pipeline, run)
    replicates.record_study(study, run, model=model, training=training)


main = Command(Conv, run)

if __name__ == "__main__":
    main()
