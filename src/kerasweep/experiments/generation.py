"""The generation experiment: what is trained and judged, and what is shown of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.estimators import ConvClassifier, VariationalAutoencoder
from kerasweep.experiments.presets import CONV_PRESETS
from kerasweep.experiments.record import interval_of
from kerasweep.experiments.run import Run
from kerasweep.experiments.texts import network_text
from kerasweep.model_selection import share_as_asked, share_recognized
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
JUDGE = CONV_PRESETS["reported"]
Quality = tuple[str, str, str, float, Any]
_THRESHOLD = 0.9
_SURE = f"share recognized with confidence over {_THRESHOLD:g}"
_ASKED = "share read as asked"
_MEASURES = {
    "elbo": "ELBO",
    "log_likelihood": "negative log-likelihood",
    "reconstruction": "reconstruction",
    "kl": "KL divergence",
}
_MAPPED = 5000  # images on the map
_LINES = 10  # of interpolations


def classifier(settings: Any, image_shape: Sequence[int]) -> ConvClassifier:
    """Return the architecture of both classifiers, not fitted."""
    return ConvClassifier().set_params(
        **{**JUDGE, "epochs": settings.classifier_epochs},
        image_shape=image_shape,
        random_state=settings.seed,
    )


def networks(settings: Any) -> dict[str, VariationalAutoencoder]:
    """Return the autoencoders by name, not fitted."""
    common: dict[str, Any] = {
        "hidden_layer_sizes": settings.hidden,
        "binarize": True,
        "beta": settings.beta,
        "learning_rate": settings.learning_rate,
        "learning_rate_schedule": "cosine",
        "batch_size": settings.batch_size,
        "random_state": settings.seed,
    }
    mixture = {
        "prior": "mixture",
        "n_components": settings.components,
        "epochs": settings.epochs,
        **common,
    }
    units = settings.latent_dim
    return {
        FREE: VariationalAutoencoder(units, **mixture),
        CONDITIONAL: VariationalAutoencoder(units, conditional=True, **mixture),
        MAP: VariationalAutoencoder(2, epochs=settings.map_epochs, **common),
    }


def judged(
    settings: Any,
    judge: Any,
    fitted: Mapping[str, Any],
    X_test: np.ndarray,
    y_test: np.ndarray,
) -> list[Quality]:
    """Return what the classifier makes of test images and of samples."""
    free, conditional = fitted[FREE], fitted[CONDITIONAL]
    asked = np.resize(conditional.classes_, settings.samples)
    quality: list[Quality] = []

    def read(source: str, prior: str, X: np.ndarray, y: Any = None) -> None:
        sure = share_recognized(judge, X, threshold=_THRESHOLD)
        quality.append((_SURE, source, prior, sure.share, sure))
        if y is not None:
            right = share_as_asked(judge, X, y)
            quality.append((_ASKED, source, prior, right.share, right))

    for prior in PRIORS:
        how: dict[str, Any] = {"prior": prior, "random_state": settings.seed + 1}
        read(FREE, prior, free.sample(settings.samples, **how))
        read(CONDITIONAL, prior, conditional.sample(y=asked, **how), asked)
    read(REAL, "", X_test, y_test)
    return quality


def description(settings: Any, run: Run) -> str:
    """Return the text on the page of the experiment's run."""
    hidden, data = "-".join(map(str, settings.hidden)), run.data
    return f"""
**Variational autoencoders on {run.dataset.name}.** A free and a conditional one
({hidden}-{settings.latent_dim}), and one with two latent units for a map, learnt
{len(data.cv.train):,} images; the curves show {len(data.cv.validation):,} others. A
convolutional classifier, trained on {len(data.X):,} real images, reads samples of both;
the same architecture, trained on {len(data.X):,} samples, reads {len(data.X_test):,}
test images. Each child run is one network. The conditional one is registered: serve it
with `method` "sample" and the classes to draw.
"""


def _name(settings: Any, network: str) -> str:
    """Return what an autoencoder is."""
    hidden = "-".join(map(str, settings.hidden))
    return f"{network} VAE {hidden}-{2 if network == MAP else settings.latent_dim}"


def _training(settings: Any, network: str, prior: str) -> str:
    """Say how an autoencoder was trained, and what its codes are drawn from."""
    epochs = settings.map_epochs if network == MAP else settings.epochs
    text = (
        f"dynamic binarization, Adam {settings.learning_rate:g} along a cosine, batch "
        f"{settings.batch_size}, {epochs} epochs, "
    )
    if settings.beta != 1:
        text += f"beta {settings.beta:g}, "
    if prior == "normal":
        return f"{text}prior N(0, I)"
    return (
        f"{text}prior a mixture of {settings.components} normals, fitted to the codes"
    )


def record_likelihood(table: "pd.DataFrame", run: Run, settings: Any) -> None:
    """Show how likely the test images are."""
    import pandas as pd

    dataset = run.dataset.name
    for row in _rows(table):
        # Published figures are of free networks with many latent units and N(0, I).
        given = {CONDITIONAL: ", given the class", MAP: ", two latent units"}.get(
            row.model, ""
        )
        given += "" if row.prior == "normal" else ", prior fitted afterwards"
        training = _training(settings, row.model, row.prior)
        for column, metric in _MEASURES.items():
            ends = [getattr(row, f"{column}{end}") for end in ("", "_low", "_high")]
            run.tracking.log_metrics(
                {f"test/{row.model}_{row.prior}_{column}": ends[0]}
            )
            if column == "log_likelihood":
                ends = [-ends[0], -ends[2], -ends[1]]
            run.result(
                f"{metric} in nats",
                ends[0],
                low=ends[1],
                high=ends[2],
                interval="95 % normal interval of the mean",
                n=row.n,
                unit="nats",
                model=_name(settings, row.model),
                training=f"{training}; {settings.draws} draws per row"
                if column == "log_likelihood"
                else training,
                measured_on=f"{dataset} test{given}",
            )
    # What registered models are compared by.
    row = table.query(f"model == '{CONDITIONAL}' and prior == 'mixture'").iloc[0]
    run.tracking.log_test(
        elbo=row.elbo, low=row.elbo_low, high=row.elbo_high, n=int(row.n)
    )
    shown: dict[str, Any] = {
        "model": table["model"],
        "prior": table["prior"].map(PRIORS),
    }
    for column in _MEASURES:
        half = table[f"{column}_high"] - table[column]
        pairs = zip(table[column], half, strict=True)
        name = {"elbo": "ELBO", "kl": "KL"}.get(column, column.replace("_", "-"))
        shown[name] = [f"{value:.2f}±{h:.2f}" for value, h in pairs]
    run.table(
        table,
        "likelihood",
        f"{dataset}'s test images, drawn as zeros and ones, in nats per image with "
        "95 % intervals of the mean. The conditional network is told the class",
        shown=pd.DataFrame({**shown, "units used": table["active_units"]}),
    )


def record_sample_quality(quality: Sequence[Quality], run: Run, settings: Any) -> None:
    """Show what classifiers read in samples, and in test images."""
    import pandas as pd

    dataset, judge = run.dataset.name, network_text(JUDGE)
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
        run.tracking.log_metrics({f"test/{name}": share})
        read = f"{dataset} test" if measure == SCORE else f"{source} samples"
        run.result(
            measure,
            share,
            **interval_of(result),
            model=f"{_name(settings, source)}; {judge} "
            f"{'trained on its samples' if measure == SCORE else 'reads'}",
            training=_training(settings, source, prior),
            measured_on=read,
            headline=measure == SCORE,
        )
    table = pd.DataFrame(rows)
    per_cent = [(100 * table[c]).map("{:.2f}".format) for c in ("share", "low", "high")]
    run.table(
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


def draw_generation(fitted: Mapping[str, Any], X_test: np.ndarray, run: Run) -> None:
    """Show the figures."""
    dataset, y_test = run.dataset.name, run.data.y_test
    shape: dict[str, Any] = {"image_shape": run.dataset.image_shape}
    draw = {**shape, "random_state": run.settings.seed}
    run.figure(
        SampleGridDisplay.from_estimator(fitted[FREE], **draw).plot(),
        "samples",
        f"Samples of the free network that learnt {dataset}: codes drawn from the "
        "mixture, decoded.",
    )
    run.figure(
        SampleGridDisplay.from_estimator(fitted[CONDITIONAL], **draw).plot(),
        "conditional",
        "Samples of the conditional network: the class asked for, and what it drew.",
    )
    _, shown = np.unique(y_test, return_index=True)
    ends = X_test[shown[:_LINES]]
    run.figure(
        SampleGridDisplay.from_interpolations(
            fitted[FREE], ends, np.roll(ends, -1, axis=0), **shape
        ).plot(),
        "interpolations",
        "Two test images per line, outermost, and between them what the free network "
        "decodes on the straight line between their codes.",
    )
    run.figure(
        LatentSpaceDisplay.from_estimator(
            fitted[MAP], X_test[:_MAPPED], y_test[:_MAPPED], **shape
        ).plot(),
        "latent_space",
        f"Two latent units: where test images of {dataset} lie, by class, and "
        "what each place is decoded to.",
    )
    run.figure(
        LearningCurvesDisplay.from_history(
            {f"{name} autoencoder": network for name, network in fitted.items()}
        ).plot(metrics=["reconstruction", "kl"]),
        "learning_curves",
        "The two terms of the loss on training and validation rows, in nats per image.",
    )


def _rows(frame: "pd.DataFrame") -> Iterator[Any]:
    """Return a frame's rows, whose types nobody knows."""
    return frame.itertuples()
