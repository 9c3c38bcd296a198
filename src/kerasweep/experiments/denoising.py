"""What the denoising experiment shows."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.experiments.record import ExperimentRecord
from kerasweep.model_selection import half_accuracy_amounts
from kerasweep.plotting import (
    DenoisingDisplay,
    LearningCurvesDisplay,
    NoiseRobustnessDisplay,
)

if TYPE_CHECKING:
    import pandas as pd

#: Noise levels whose accuracies are results of their own.
_GOALS = (0.4, 0.6, 0.8)


def record_denoising(
    record: ExperimentRecord,
    robustness: "pd.DataFrame",
    quality: "pd.DataFrame",
    *,
    trainings: Mapping[str, str],
    amount: float,
    dataset: str,
    headline: str,
) -> None:
    """Write the tables and the results.

    Parameters
    ----------
    record : ExperimentRecord
    robustness : DataFrame
        From :func:`~kerasweep.model_selection.noise_robustness`.
    quality : DataFrame
        From :func:`~kerasweep.model_selection.denoising_quality`.
    trainings : dict of str to str
        How each method was trained; on clean images where it is not named.
    amount : float
        Noise level, one of those tested, whose PSNR and SSIM are results.
    dataset : str
        The data set's name.
    headline : str
        The method whose accuracy at that level an overview shows.
    """
    half = half_accuracy_amounts(robustness)
    for goal in _GOALS:
        for row in _rows(robustness[robustness["amount"] == goal]):
            record.result(
                f"accuracy at noise {goal:g}",
                row.accuracy,
                low=row.accuracy_low,
                high=row.accuracy_high,
                interval="95 % Wilson interval",
                n=row.n,
                model=row.method,
                training=trainings.get(row.method, "clean images"),
                measured_on=f"{dataset} test",
                headline=row.method == headline and goal == amount,
            )
    for row in _rows(half.dropna()):
        record.result(
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
            record.result(
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
    record.table(
        robustness,
        "robustness",
        f"Accuracy on {dataset}'s test images against the share of replaced pixels",
        shown=_by_method(robustness, "accuracy", 100, "{:.2f}"),
    )
    record.table(
        half,
        "half_accuracy",
        "Share of replaced pixels at which half of the accuracy is lost",
        shown=half.map(
            lambda v: v if isinstance(v, str) else f"{v:.3f}".replace("nan", "none")
        ),
    )
    record.table(
        quality,
        "quality",
        "PSNR in dB against the share of replaced pixels",
        shown=_by_method(quality, "psnr", 1, "{:.1f}"),
    )


def draw_denoising(
    record: ExperimentRecord,
    robustness: "pd.DataFrame",
    quality: "pd.DataFrame",
    gallery: DenoisingDisplay,
    denoisers: Mapping[str, Any],
    *,
    dataset: str,
) -> None:
    """Write the figures.

    Parameters
    ----------
    record, robustness, quality, dataset
        As for :func:`record_denoising`.
    gallery : DenoisingDisplay
    denoisers : dict of str to fitted estimator
        Those with learning curves.
    """
    noise = "the share of pixels that salt and pepper replaced"
    record.figure(
        gallery.plot().figure_,
        "gallery",
        f"Test images of {dataset} with growing noise, and what is made of them. "
        "Below each, what the classifier for clean images reads; in brackets if wrong.",
    )
    display = NoiseRobustnessDisplay.from_frame(robustness)
    display.interval = "95 % Wilson interval"
    record.figure(
        display.plot(metrics=["accuracy"]).figure_,
        "accuracy",
        f"Test accuracy on {dataset} against {noise}.",
    )
    display.interval = "95 % normal interval"
    record.figure(
        display.plot(metrics=["macro_tpr"]).figure_,
        "macro_tpr",
        f"Mean over the classes of the share that is recognized, against {noise}.",
    )
    display = NoiseRobustnessDisplay.from_frame(quality)
    display.interval = "95 % interval of the mean"
    record.figure(
        display.plot().figure_,
        "quality",
        f"Likeness of denoised to clean images (PSNR and SSIM) against {noise}.",
    )
    record.figure(
        LearningCurvesDisplay.from_history(denoisers).plot().figure_,
        "denoisers",
        "Cross-entropy a pixel of the two denoisers in training; the levels of noise "
        "that they are trained at differ.",
    )


def _by_method(
    frame: "pd.DataFrame", metric: str, unit: float, form: str
) -> "pd.DataFrame":
    """Return a metric as texts: a line a noise level, a column a method."""
    table = unit * frame.pivot_table(
        index="amount", columns="method", values=metric, sort=False
    )
    return table.map(form.format).rename_axis("noise", axis=0).reset_index()


def _rows(frame: "pd.DataFrame") -> Iterator[Any]:
    """Return a frame's rows, whose types nobody knows."""
    return frame.itertuples()
