"""Take salt-and-pepper noise out of images, and see what a classifier gains.

A classifier is trained on clean images, and reads noisy ones: as they are, through a
median filter, through the reported autoencoder, and through a convolutional denoiser
that learnt a range of noise levels. Beside them stands a classifier of the same
architecture that was trained on that range itself. All of them read the same noisy
test images, once. Everything is tracked in MLflow.
"""

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
class Denoise(ExperimentSettings):
    """Which denoisers are trained, and at which noise levels they are tested."""

    name: ClassVar[str] = "denoise"
    data: str = opt.image_data()
    hidden: tuple[int, ...] = opt.hidden(
        "128,96,128", help="units of the autoencoder's hidden layers"
    )
    amount: float = opt.option(
        "0.4", read.share, "noise that the autoencoder is trained at"
    )
    epochs: int = opt.epochs(
        "32", quick="20", help="the autoencoder's passes over the rows"
    )
    filters: tuple[int, ...] = opt.option(
        "32,64", read.counts, "channels of the convolutional denoiser"
    )
    train_amounts: tuple[float, ...] = opt.option(
        "0,0.95",
        read.shares,
        "range of noise for the convolutional denoiser and the classifier on noise",
    )
    denoiser_epochs: int = opt.epochs(
        "6", quick="20", help="the convolutional denoiser's passes"
    )
    classifier_epochs: int = opt.epochs(
        "10", quick="20", help="each classifier's passes"
    )
    batch_size: int = opt.batch_size("64")
    amounts: tuple[float, ...] = opt.option(
        "0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1",
        read.shares,
        "noise levels to test at",
        quick="0,0.2,0.4,0.6,0.8",
    )
    train_size: int | None = opt.option("all", read.count_or_all, "rows to train on")
    seed: int = opt.option("0", read.seed, "draws split, weights and noise")
    register_as: str | None = opt.register_as("denoise")
    out: Path = opt.out("results/denoise")


def run(settings: Denoise, run: Run) -> None:
    """Train classifiers and denoisers, read the test images at each level, show."""
    from sklearn.pipeline import Pipeline

    from kerasweep import MedianFilter, denoising_quality, noise_robustness
    from kerasweep.experiments import denoising
    from kerasweep.experiments.denoising import CONV, DENSE, MEDIAN, NONE, ON_NOISE

    shape = run.images.image_shape
    if len(settings.train_amounts) != 2:
        raise ValueError(
            "train_amounts must be two numbers, the ends of a range. Got "
            f"{len(settings.train_amounts)} instead."
        )
    X, y, _, X_test, y_test = run.data
    on = run.dataset.name
    run.begin(
        f"Denoising of {on}",
        denoising.description(settings, run),
        opening=f"{on}: {len(X)} rows to train on, {len(X_test)} for the test",
        run_name=f"denoising of {on}",
    )
    fitted = {
        name: run.train(
            "classifier on clean images" if name == NONE else name, net, X, y
        )
        for name, net in denoising.networks(settings, shape).items()
    }
    scaler, reader = run.scaler.fit(X), fitted[NONE]
    clean = scaler.transform(X_test)
    median = MedianFilter(image_shape=shape).fit(clean)
    denoisers = {MEDIAN: median, DENSE: fitted[DENSE], CONV: fitted[CONV]}
    readers = denoising.readers_behind(denoisers, reader, fitted[ON_NOISE])

    print("Reading the test images at each noise level", flush=True)
    noise = {"random_state": settings.seed}
    robustness = noise_robustness(readers, clean, y_test, settings.amounts, **noise)
    quality = denoising_quality(
        {"noisy": None, **denoisers},
        clean,
        settings.amounts,
        image_shape=shape,
        **noise,
    )
    denoising.record_denoising(run, settings, robustness, quality)
    steps = [("scale", scaler), ("denoise", fitted[CONV]), ("net", reader)]
    run.tracking.choose_model(Pipeline(steps))
    denoising.draw_denoising(
        run, settings, robustness, quality, denoisers, reader, clean
    )


main = Command(Denoise, run)

if __name__ == "__main__":
    main()
