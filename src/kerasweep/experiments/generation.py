"""What the generation experiment shows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.experiments.record import ExperimentRecord
from kerasweep.plotting import (
    LatentSpaceDisplay,
    LearningCurvesDisplay,
    SampleGridDisplay,
)

if TYPE_CHECKING:
    import pandas as pd

FREE, CONDITIONAL, MAP = "free", "conditional", "map"
REAL = "test images"
PRIORS = {"normal": "N(0, I)", "mixture": "mixture"}
SCORE = "classification accuracy score"
_MEASURES = {
    "elbo": "ELBO",
    "log_likelihood": "negative log-likelihood",
    "reconstruction": "reconstruction",
    "kl": "KL divergence",
}
_MAPPED = 5000  # images on the map
_LINES = 10  # of interpolations


def record_likelihood(
    table: "pd.DataFrame",
    record: ExperimentRecord,
    tracking: Any,
    *,
    names: Mapping[str, str],
    trainings: Callable[[str, str], str],
    n_draws: int,
    dataset: str,
) -> None:
    """Write how likely the test images are.

    Parameters
    ----------
    table : DataFrame
        From :func:`~kerasweep.model_selection.likelihood_table`.
    record : ExperimentRecord
    tracking : MlflowTracking
        Its run is open.
    names : dict of str to str
        What each network is.
    trainings : callable
        From a network and the prior of its codes to how it was trained.
    n_draws : int
        Codes a row, behind the log-likelihood.
    dataset : str
        The data set's name.
    """
    import pandas as pd

    for row in _rows(table):
        # Published figures are of free networks with many latent units and N(0, I).
        given = {CONDITIONAL: ", given the class", MAP: ", two latent units"}.get(
            row.model, ""
        )
        given += "" if row.prior == "normal" else ", prior fitted afterwards"
        training = trainings(row.model, row.prior)
        for column, metric in _MEASURES.items():
            ends = [getattr(row, f"{column}{end}") for end in ("", "_low", "_high")]
            tracking.log_metrics({f"test/{row.model}_{row.prior}_{column}": ends[0]})
            if column == "log_likelihood":
                ends = [-ends[0], -ends[2], -ends[1]]
            record.result(
                f"{metric} in nats",
                ends[0],
                low=ends[1],
                high=ends[2],
                interval="95 % normal interval of the mean",
                n=row.n,
                unit="nats",
                model=names[row.model],
                training=f"{training}; {n_draws} draws a row"
                if column == "log_likelihood"
                else training,
                measured_on=f"{dataset} test{given}",
            )
    # What registered models are compared by.
    row = table.query(f"model == '{CONDITIONAL}' and prior == 'mixture'").iloc[0]
    tracking.log_test(elbo=row.elbo, low=row.elbo_low, high=row.elbo_high, n=int(row.n))
    shown: dict[str, Any] = {
        "model": table["model"],
        "prior": table["prior"].map(PRIORS),
    }
    for column in _MEASURES:
        half = table[f"{column}_high"] - table[column]
        pairs = zip(table[column], half, strict=True)
        name = {"elbo": "ELBO", "kl": "KL"}.get(column, column.replace("_", "-"))
        shown[name] = [f"{value:.2f}±{h:.2f}" for value, h in pairs]
    record.table(
        table,
        "likelihood",
        f"{dataset}'s test images, drawn as zeros and ones, in nats an image with "
        "95 % intervals of the mean. The conditional network is told the class",
        shown=pd.DataFrame({**shown, "units used": table["active_units"]}),
    )


def record_sample_quality(
    quality: Sequence[tuple[str, str, str, float, Any]],
    record: ExperimentRecord,
    tracking: Any,
    *,
    names: Mapping[str, str],
    judge: str,
    trainings: Callable[[str, str], str],
    dataset: str,
) -> None:
    """Write what classifiers read in samples, and in test images.

    Parameters
    ----------
    quality : list of tuple
        Measure, what was read, prior of the samples, share, and the result with its
        interval.
    record, tracking, names, trainings, dataset
        As for :func:`record_likelihood`.
    judge : str
        What the classifiers are.
    """
    import pandas as pd

    rows = []
    for measure, source, prior, share, result in quality:
        rows.append(
            {
                "measure": measure,
                "images": source,
                "prior": prior,
                "share": share,
                "low": result.low,
                "high": result.high,
                "n": result.n,
            }
        )
        if source == REAL:
            continue
        name = f"{source}_{prior}_{measure}".replace(" ", "_")
        tracking.log_metrics({f"test/{name}": share})
        read = f"{dataset} test" if measure == SCORE else f"{source} samples"
        record.result(
            measure,
            share,
            low=result.low,
            high=result.high,
            interval="95 % Wilson interval",
            n=result.n,
            model=f"{names[source]}; {judge} "
            f"{'trained on its samples' if measure == SCORE else 'reads'}",
            training=trainings(source, prior),
            measured_on=read,
            headline=measure == SCORE,
        )
    table = pd.DataFrame(rows)
    per_cent = [(100 * table[c]).map("{:.2f}".format) for c in ("share", "low", "high")]
    record.table(
        table,
        "quality",
        f"What classifiers read: {judge}, trained on real images of {dataset} but "
        "for the classification accuracy score",
        shown=pd.DataFrame(
            {
                "measure": table["measure"],
                "images": table["images"],
                "prior": table["prior"].map(lambda name: PRIORS.get(name, "")),
                "%": per_cent[0],
                "95 % Wilson interval": per_cent[1] + " to " + per_cent[2],
                "images read": table["n"].map("{:,}".format),
            }
        ),
    )


def draw_generation(
    record: ExperimentRecord,
    fitted: Mapping[str, Any],
    X_test: np.ndarray,
    y_test: np.ndarray,
    *,
    dataset: str,
    image_shape: Sequence[int],
    random_state: int,
) -> None:
    """Write the figures.

    Parameters
    ----------
    record : ExperimentRecord
    fitted : dict of str to VariationalAutoencoder
    X_test, y_test : ndarray
        Scaled test rows, and their classes.
    dataset : str
        The data set's name.
    image_shape : tuple of int
    random_state : int
        Draws the samples.
    """
    shape: dict[str, Any] = {"image_shape": image_shape}
    samples = {**shape, "random_state": random_state}
    record.figure(
        SampleGridDisplay.from_estimator(
            fitted[FREE], random_state=random_state, **shape
        )
        .plot()
        .figure_,
        "samples",
        f"Samples of the free network that learnt {dataset}: codes drawn from the "
        "mixture, decoded.",
    )
    record.figure(
        SampleGridDisplay.from_estimator(fitted[CONDITIONAL], **samples).plot().figure_,
        "conditional",
        "Samples of the conditional network: the class asked for, and what it drew.",
    )
    _, shown = np.unique(y_test, return_index=True)
    ends = X_test[shown[:_LINES]]
    record.figure(
        SampleGridDisplay.from_interpolations(
            fitted[FREE], ends, np.roll(ends, -1, axis=0), **shape
        )
        .plot()
        .figure_,
        "interpolations",
        "Two test images a line, outermost, and between them what the free network "
        "decodes on the straight line between their codes.",
    )
    record.figure(
        LatentSpaceDisplay.from_estimator(
            fitted[MAP], X_test[:_MAPPED], y_test[:_MAPPED], **shape
        )
        .plot()
        .figure_,
        "latent_space",
        f"Two latent units: where test images of {dataset} lie, by class, and "
        "what each place is decoded to.",
    )
    record.figure(
        LearningCurvesDisplay.from_history(
            {f"{name} autoencoder": network for name, network in fitted.items()}
        )
        .plot(metrics=["reconstruction", "kl"])
        .figure_,
        "learning_curves",
        "The two terms of the loss on training and validation rows, in nats an image.",
    )


def _rows(frame: "pd.DataFrame") -> Iterator[Any]:
    """Return a frame's rows, whose types nobody knows."""
    return frame.itertuples()
