"""The denoising experiment: what is trained, and what is shown of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline

from kerasweep.estimators import ConvClassifier, DenoisingAutoencoder, KerasClassifier
from kerasweep.experiments.run import Run
from kerasweep.model_selection import half_accuracy_amounts
from kerasweep.plotting import (
    DenoisingDisplay,
    LearningCurvesDisplay,
    NoiseRobustnessDisplay,
)

if TYPE_CHECKING:
    import pandas as pd

NONE, MEDIAN = "no denoiser", "3x3 median filter"
DENSE, CONV = "dense autoencoder", "convolutional denoiser"
ON_NOISE = "classifier trained on noise"

#: Noise levels whose accuracies are results of their own.
_GOALS = (0.4, 0.6, 0.8)


def networks(settings: Any, image_shape: Sequence[int]) -> dict[str, Any]:
    """Return what is trained, by the name of its method."""
    common = {"batch_size": settings.batch_size, "random_state": settings.seed}
    reader = {"optimizer": "sgd", "epochs": settings.classifier_epochs, **common}
    return {
        NONE: ConvClassifier(image_shape=image_shape, learning_rate=0.1, **reader),
        ON_NOISE: KerasClassifier(
            reader_on_noise,
            loss="sparse_categorical_crossentropy",
            **reader,
            optimizer__learning_rate=0.1,
            model__image_shape=image_shape,
            model__amount=settings.train_amounts,
            model__seed=settings.seed,
        ),
        DENSE: DenoisingAutoencoder(
            settings.hidden, amount=settings.amount, epochs=settings.epochs, **common
        ),
        CONV: DenoisingAutoencoder(
            architecture="conv",
            filters=settings.filters,
            amount=settings.train_amounts,
            image_shape=image_shape,
            learning_rate=0.002,
            learning_rate_schedule="cosine",
            epochs=settings.denoiser_epochs,
            **common,
        ),
    }


def reader_on_noise(
    meta: Mapping[str, Any], image_shape: Sequence[int], amount: Any, seed: int
) -> Any:
    """Return the classifier's network, which sees noise in training."""
    import keras

    from kerasweep.networks import conv_network, noise_in_training

    shape = (*image_shape, 1)[:3]
    network = conv_network(
        shape, meta["n_classes_"], output_activation="softmax", seed=seed
    )
    rows = keras.Sequential(
        [keras.Input(meta["X_shape_"][1:]), keras.layers.Reshape(shape), network]
    )
    return noise_in_training(rows, "salt_and_pepper", amount, seed=seed)


def readers_behind(
    denoisers: Mapping[str, Any], reader: Any, on_noise: Any
) -> dict[str, Any]:
    """Return all that read noisy images: with and without a denoiser before them."""
    behind = {
        name: Pipeline([("denoise", denoiser), ("net", reader)])
        for name, denoiser in denoisers.items()
    }
    return {NONE: reader, **behind, ON_NOISE: on_noise}


def description(settings: Any, run: Run) -> str:
    """Return the text on the page of the experiment's run."""
    n, _ = run.sizes
    hidden = "-".join(map(str, settings.hidden))
    low, high = settings.train_amounts
    return f"""
**Salt and pepper on {run.dataset.name}.** A convolutional classifier, trained on
{len(run.data.X):,} clean images, reads {len(run.data.X_test):,} noisy ones as \
they are, through a 3 x 3 median
filter, through the autoencoder {n}-{hidden}-{n} (trained at {settings.amount:g}) and
through a convolutional denoiser (trained at {low:g} to {high:g}). Beside them a
classifier of the same architecture, trained at {low:g} to {high:g} itself. Each child
run is one network; the registered model denoises by convolutions, then reads.
"""


def record_denoising(
    run: Run, settings: Any, robustness: "pd.DataFrame", quality: "pd.DataFrame"
) -> None:
    """Show the tables and the results."""
    dataset = run.dataset.name
    amount = min(settings.amounts, key=lambda level: abs(level - settings.amount))
    low, high = settings.train_amounts
    trainings = {
        CONV: f"noise {low:g} to {high:g}, {settings.denoiser_epochs} epochs",
        DENSE: f"noise {settings.amount:g}, {settings.epochs} epochs",
        ON_NOISE: f"noise {low:g} to {high:g}, {settings.classifier_epochs} epochs",
    }
    half = half_accuracy_amounts(robustness)
    for goal in _GOALS:
        for row in _rows(robustness[robustness["amount"] == goal]):
            run.result(
                f"accuracy at noise {goal:g}",
                row.accuracy,
                low=row.accuracy_low,
                high=row.accuracy_high,
                interval="95 % Wilson interval",
                n=row.n,
                model=row.method,
                training=trainings.get(row.method, "clean images"),
                measured_on=f"{dataset} test",
                headline=row.method == CONV and goal == amount,
            )
    for row in _rows(half.dropna()):
        run.result(
            "noise level at which denoising stops working",
            row.amount,
            low=row.amount_low,
            high=row.amount_high,
            interval="where the ends of the accuracy's 95 % interval fall to the half",
            model=row.method,
            training=trainings.get(row.method, "clean images"),
            measured_on=f"{dataset} test, half of the accuracy lost",
        )
    restored_in_part = np.isfinite(quality["psnr"]) & (quality["amount"] == amount)
    for row in _rows(quality[restored_in_part]):
        untrained = "" if row.method in trainings else ", without a network"
        for metric, name, unit in (("psnr", "PSNR in dB", "dB"), ("ssim", "SSIM", "")):
            run.result(
                name,
                getattr(row, metric),
                low=getattr(row, f"{metric}_low"),
                high=getattr(row, f"{metric}_high"),
                interval="95 % normal interval of the mean",
                n=row.n,
                unit=unit,
                model=row.method,
                training=trainings.get(row.method, ""),
                measured_on=f"{dataset} test at {100 * amount:g} %{untrained}",
            )
    run.table(
        robustness,
        "robustness",
        f"Accuracy on {dataset}'s test images against the share of replaced pixels",
        shown=_by_method(robustness, "accuracy", 100, "{:.2f}"),
    )
    run.table(
        half,
        "half_accuracy",
        "Share of replaced pixels at which half of the accuracy is lost",
        shown=half.map(
            lambda v: v if isinstance(v, str) else f"{v:.3f}".replace("nan", "none")
        ),
    )
    run.table(
        quality,
        "quality",
        "PSNR in dB against the share of replaced pixels",
        shown=_by_method(quality, "psnr", 1, "{:.1f}"),
    )
    row = robustness.query("method == @CONV and amount == @amount").iloc[0]
    run.tracking.log_test(
        **{f"accuracy_at_noise_{amount:g}": row.accuracy},
        low=row.accuracy_low,
        high=row.accuracy_high,
        n=int(row.n),
    )


def draw_denoising(
    run: Run,
    settings: Any,
    robustness: "pd.DataFrame",
    quality: "pd.DataFrame",
    denoisers: Mapping[str, Any],
    reader: Any,
    clean: np.ndarray,
) -> None:
    """Show the figures."""
    dataset, y_test = run.dataset.name, run.data.y_test
    one_per_class = np.unique(y_test, return_index=True)[1]
    gallery = DenoisingDisplay.from_denoisers(
        denoisers,
        clean[one_per_class],
        settings.amounts,
        classifier=reader,
        y=y_test[one_per_class],
        image_shape=run.dataset.image_shape,
        random_state=settings.seed,
    )
    noise = "the share of pixels that salt and pepper replaced"
    run.figure(
        gallery.plot(),
        "gallery",
        f"Test images of {dataset} with growing noise, and what is made of them. "
        "Below each, what the classifier for clean images reads; in brackets if wrong.",
    )
    display = NoiseRobustnessDisplay.from_frame(robustness)
    display.interval = "95 % Wilson interval"
    run.figure(
        display.plot(metrics=["accuracy"]),
        "accuracy",
        f"Test accuracy on {dataset} against {noise}.",
    )
    display.interval = "95 % normal interval"
    run.figure(
        display.plot(metrics=["macro_tpr"]),
        "macro_tpr",
        f"Mean over the classes of the share that is recognized, against {noise}.",
    )
    display = NoiseRobustnessDisplay.from_frame(quality)
    display.interval = "95 % interval of the mean"
    run.figure(
        display.plot(),
        "quality",
        f"Likeness of denoised to clean images (PSNR and SSIM) against {noise}.",
    )
    run.figure(
        LearningCurvesDisplay.from_history(
            {name: denoisers[name] for name in (DENSE, CONV)}
        ).plot(),
        "denoisers",
        "Cross-entropy per pixel of the two denoisers in training; the levels of noise "
        "that they are trained at differ.",
    )


def _by_method(
    frame: "pd.DataFrame", metric: str, unit: float, form: str
) -> "pd.DataFrame":
    """Return a metric as texts: one line per noise level, one column per method."""
    table = unit * frame.pivot_table(
        index="amount", columns="method", values=metric, sort=False
    )
    return table.map(form.format).rename_axis("noise", axis=0).reset_index()


def _rows(frame: "pd.DataFrame") -> Iterator[Any]:
    """Return a frame's rows, whose types nobody knows."""
    return frame.itertuples()
