"""Generate images with variational autoencoders, and have a classifier judge them.

A free network learns images alone, a conditional one draws the class that is asked for,
and one with two latent units makes a map. A convolutional classifier that was trained
on real images reads the samples; another, trained on samples, reads real images. All
networks learn the training rows, and the test rows are read once. Everything is tracked
in MLflow.
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
class Generate(ExperimentSettings):
    """Which autoencoders are trained, and how their samples are judged."""

    name: ClassVar[str] = "generate"
    data: str = opt.image_data()
    latent_dim: int = opt.option(
        "10", read.count, "latent units of the free and conditional one"
    )
    hidden: tuple[int, ...] = opt.hidden(
        "500,500", quick="128", help="units of the encoders' hidden layers"
    )
    beta: float = opt.option("1", read.positive, "weight of the divergence in the loss")
    components: int = opt.option(
        "50",
        read.count,
        "normals in the mixture that is fitted to the codes, to draw samples from",
        quick="10",
    )
    epochs: int = opt.epochs("50", quick="120")
    map_epochs: int = opt.epochs(
        "20", quick="120", help="passes of the network with two latent units"
    )
    classifier_epochs: int = opt.epochs(
        "10", quick="20", help="each classifier's passes"
    )
    batch_size: int = opt.batch_size(
        "128", quick="32", help="rows per update of the autoencoders"
    )
    learning_rate: float = opt.learning_rate(
        "0.001", quick="0.003", help="Adam's; falls to 0 along a cosine"
    )
    samples: int = opt.option(
        "10000", read.count, "samples to be judged, of each kind", quick="500"
    )
    draws: int = opt.option(
        "200", read.count, "codes per test row for its log-likelihood", quick="20"
    )
    seed: int = opt.option("0", read.seed, "draws split, weights, codes and samples")
    register_as: str | None = opt.register_as(
        "generate", "name of the conditional network"
    )
    out: Path = opt.out("results/generate")


def run(settings: Generate, run: Run) -> None:
    """Train a judge and the autoencoders, judge their samples, show everything."""
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    from kerasweep import classification_accuracy_score, likelihood_table
    from kerasweep.experiments import generation
    from kerasweep.experiments.generation import CONDITIONAL, SCORE

    shape, data, seed = run.images.image_shape, run.data, settings.seed
    run.begin(
        f"Generation of {run.dataset.name}", generation.description(settings, run)
    )
    classifier = generation.classifier(settings, shape)
    judge = run.train("classifier on real images", classifier, data.X, data.y)
    scaler = run.scaler.fit(data.X)
    train, held_out = data.cv.train, data.cv.validation
    watch = {"X_val": scaler.transform(data.X[held_out]), "y_val": data.y[held_out]}
    fitted = {
        name: run.train(
            f"{name} autoencoder", network, data.X[train], data.y[train], **watch
        )
        for name, network in generation.networks(settings).items()
    }

    print("Rating the test images and the samples", flush=True)
    X_test, y_test = scaler.transform(data.X_test), data.y_test
    likelihood = likelihood_table(
        fitted,
        X_test,
        y_test,
        n_importance_samples=settings.draws,
        random_state=seed,
    )
    quality = generation.judged(settings, judge, fitted, X_test, y_test)

    print("Training the classifier on samples", flush=True)
    drawn = fitted[CONDITIONAL].sample(y=data.y, random_state=seed + 2)
    pupil = clone(classifier)
    with run.training(1, pupil.epochs, pupil, one_by_one=True):
        score = classification_accuracy_score(pupil, drawn, data.y, X_test, y_test)
    quality.append((SCORE, CONDITIONAL, "mixture", score.accuracy, score))

    generation.record_likelihood(likelihood, run, settings)
    generation.record_sample_quality(quality, run, settings)
    steps = [("scale", scaler), ("net", fitted[CONDITIONAL])]
    run.tracking.choose_model(Pipeline(steps))
    generation.draw_generation(fitted, X_test, run)


main = Command(Generate, run)

if __name__ == "__main__":
    main()
