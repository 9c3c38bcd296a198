"""Generate images with variational autoencoders, and have a classifier judge them.

A free network learns images alone, a conditional one draws the class that is asked for,
and one with two latent units makes a map. A convolutional classifier that was trained
on real images reads the samples; another, trained on samples, reads real images. All
networks learn the training rows, and the test rows are read once. Everything is tracked
in MLflow.
"""

import os
import time
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib

matplotlib.use("Agg")

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

import _checkout  # noqa: F401
from kerasweep import (
    ConvClassifier,
    MlflowTracking,
    PixelScaler,
    VariationalAutoencoder,
    classification_accuracy_score,
    likelihood_table,
    load_dataset,
    share_as_asked,
    share_recognized,
)
from kerasweep.console import (
    CONV_PRESETS,
    ExperimentParser,
    ExperimentRecord,
    SearchProgress,
    bad_input_exits,
    draw_generation,
    experiment_data,
    experiment_tags,
    interruption_exits,
    network_text,
    print_closing,
    record_likelihood,
    record_sample_quality,
)
from kerasweep.console._generation_record import (
    CONDITIONAL,
    FREE,
    MAP,
    PRIORS,
    REAL,
    SCORE,
)
from kerasweep.tracking import check_tracking

THRESHOLD = 0.9
SURE = f"share recognized with confidence over {THRESHOLD:g}"
ASKED = "share read as asked"


def parser() -> ExperimentParser:
    """Return the script's options; MLproject has the same ones."""
    p = ExperimentParser(__doc__.partition("\n\n")[0])
    p.add(
        "data",
        "mnist",
        str,
        "mnist, digits, openml:NAME_OR_ID of images, or a path to an .npz file",
    )
    p.add("target", "", p.optional, "column of a table that holds the classes")
    p.add("latent_dim", "10", p.count, "latent units of the free and conditional one")
    p.add("hidden", "500,500", p.counts, "units of the encoders' hidden layers")
    p.add("beta", "1", p.positive, "weight of the divergence in the loss")
    p.add(
        "components",
        "50",
        p.count,
        "normals in the mixture that is fitted to the codes, to draw samples from",
    )
    p.add("epochs", "50", p.count, "passes over the training rows")
    p.add("map_epochs", "20", p.count, "passes of the network with two latent units")
    p.add("classifier_epochs", "10", p.count, "each classifier's passes")
    p.add("batch_size", "128", p.count, "rows an update of the autoencoders")
    p.add("learning_rate", "0.001", p.positive, "Adam's; falls to 0 along a cosine")
    p.add("samples", "10000", p.count, "samples to be judged, of each kind")
    p.add("draws", "200", p.count, "codes a test row for its log-likelihood")
    p.add("train_size", "all", p.count_or_all, "rows to train and validate on")
    p.add("seed", "0", p.seed, "draws split, weights, codes and samples")
    p.add(
        "register_as",
        "auto",
        p.optional,
        "name of the conditional network in the model registry; auto is "
        "DATA-generate, an empty name registers none",
    )
    p.add("out", "results/generate", p.folder, "folder for tables and figures")
    p.add_quick(
        hidden="128",
        components="10",
        epochs="120",
        map_epochs="120",
        classifier_epochs="20",
        batch_size="32",
        learning_rate="0.003",
        samples="500",
        draws="20",
    )
    return p


def main(arguments: list[str] | None = None) -> None:
    """Run the experiment."""
    args = parser().parse_args(arguments)
    start = time.monotonic()
    with bad_input_exits():
        dataset = load_dataset(args.data, target=args.target)
        if dataset.image_shape is None or dataset.max_value is None:
            raise ValueError(
                f"The data of generate must be images with values of at least 0. Got "
                f"{dataset.name}, which is none, or has lower ones."
            )
        data = experiment_data(
            dataset, train_size=args.train_size, random_state=args.seed
        )
        check_tracking()
        args.out.mkdir(parents=True, exist_ok=True)

    title = f"Generation of {dataset.name}"
    tracking = MlflowTracking(
        experiment="generate",
        run_name=title,
        description=describe(args, dataset.name, data),
        dataset_name=dataset.name,
        dataset_source=dataset.source,
        image_shape=dataset.image_shape,
        register_as=f"{dataset.name.lower()}-generate"
        if args.register_as == "auto"
        else args.register_as,
        tags=experiment_tags("generate", args),
    )
    record = ExperimentRecord(
        tracking,
        args.out,
        experiment="generate",
        dataset=dataset.name,
        settings=args,
        title=title,
    )
    print(
        f"{dataset.name}: {len(data.X)} rows, {len(data.cv.validation)} of them for "
        f"validation, {len(data.X_test)} for the test",
        flush=True,
    )
    scaler = PixelScaler(dataset.max_value)
    with interruption_exits("What finished is in MLflow."), tracking, record:
        classifier = ConvClassifier().set_params(**CONV_PRESETS["reported"])
        classifier.set_params(
            epochs=args.classifier_epochs,
            image_shape=dataset.image_shape,
            random_state=args.seed,
        )
        what = "classifier on real images"
        judge = fit(what, classifier, scaler, tracking, data.X, data.y)
        train, held_out = data.cv.train, data.cv.validation
        watched = {
            "net__X_val": scaler.transform(data.X[held_out]),
            "net__y_val": data.y[held_out],
        }
        fitted = {
            name: fit(
                f"{name} autoencoder",
                network,
                scaler,
                tracking,
                data.X[train],
                data.y[train],
                **watched,
            )
            for name, network in networks(args).items()
        }
        X_test = scaler.transform(data.X_test)
        print("Rating the test images and the samples", flush=True)
        likelihood = likelihood_table(
            fitted,
            X_test,
            data.y_test,
            n_importance_samples=args.draws,
            random_state=args.seed,
        )
        quality = judged(args, judge, fitted, X_test, data.y_test)
        print("Training the classifier on samples", flush=True)
        progress = SearchProgress(1, args.classifier_epochs)
        score = classification_accuracy_score(
            clone(classifier).set_callbacks(progress, tracking),
            fitted[CONDITIONAL].sample(y=data.y, random_state=args.seed + 2),
            data.y,
            X_test,
            data.y_test,
        )
        quality.append((SCORE, CONDITIONAL, "mixture", score.accuracy, score))
        shown = {"names": names(args), "trainings": partial(training_text, args)}
        shown["dataset"] = dataset.name
        record_likelihood(likelihood, record, tracking, n_draws=args.draws, **shown)
        judge_text = network_text(CONV_PRESETS["reported"])
        record_sample_quality(quality, record, tracking, judge=judge_text, **shown)
        tracking.choose_model(
            Pipeline([("scale", scaler), ("net", fitted[CONDITIONAL])])
        )
        draw_generation(
            record,
            fitted,
            X_test,
            data.y_test,
            dataset=dataset.name,
            image_shape=dataset.image_shape,
            random_state=args.seed,
        )

    print_closing(
        tracking, args.out, experiment="generate", dataset=dataset.name, start=start
    )


def networks(args):
    """Return the autoencoders by name."""
    common = {
        "hidden_layer_sizes": args.hidden,
        "binarize": True,
        "beta": args.beta,
        "learning_rate": args.learning_rate,
        "learning_rate_schedule": "cosine",
        "batch_size": args.batch_size,
        "random_state": args.seed,
    }
    mixture = {"prior": "mixture", "n_components": args.components}
    return {
        FREE: VariationalAutoencoder(
            args.latent_dim, epochs=args.epochs, **mixture, **common
        ),
        CONDITIONAL: VariationalAutoencoder(
            args.latent_dim, conditional=True, epochs=args.epochs, **mixture, **common
        ),
        MAP: VariationalAutoencoder(2, epochs=args.map_epochs, **common),
    }


def fit(what, network, scaler, tracking, X, y, **validation):
    """Train one network on scaled rows, with a line of progress."""
    print(f"Training the {what}, {network.epochs} epochs", flush=True)
    pipe = Pipeline([("scale", scaler), ("net", network)])
    pipe.set_callbacks(SearchProgress(1, network.epochs), tracking)
    return pipe.fit(X, y, **validation).named_steps["net"]


def judged(args, judge, fitted, X_test, y_test):
    """Return what the classifier makes of test images and of samples.

    Returns
    -------
    quality : list of tuple
        Measure, what was read, prior of the samples, share, and the result with its
        interval.
    """
    free, conditional = fitted[FREE], fitted[CONDITIONAL]
    asked = np.resize(conditional.classes_, args.samples)
    quality = []

    def read(source, prior, X, y=None):
        sure = share_recognized(judge, X, threshold=THRESHOLD)
        quality.append((SURE, source, prior, sure.share, sure))
        if y is not None:
            right = share_as_asked(judge, X, y)
            quality.append((ASKED, source, prior, right.share, right))

    for prior in PRIORS:
        how = {"prior": prior, "random_state": args.seed + 1}
        read(FREE, prior, free.sample(args.samples, **how))
        read(CONDITIONAL, prior, conditional.sample(y=asked, **how), asked)
    read(REAL, "", X_test, y_test)
    return quality


def names(args):
    """Return what each autoencoder is."""
    hidden = "-".join(map(str, args.hidden))
    units = {FREE: args.latent_dim, CONDITIONAL: args.latent_dim, MAP: 2}
    return {name: f"{name} VAE {hidden}-{n}" for name, n in units.items()}


def training_text(args, model, prior):
    """Say how an autoencoder was trained, and what its codes are drawn from."""
    epochs = args.map_epochs if model == MAP else args.epochs
    text = (
        f"dynamic binarization, Adam {args.learning_rate:g} along a cosine, batch "
        f"{args.batch_size}, {epochs} epochs, "
    )
    if args.beta != 1:
        text += f"beta {args.beta:g}, "
    if prior == "normal":
        return f"{text}prior N(0, I)"
    return f"{text}prior a mixture of {args.components} normals, fitted to the codes"


def describe(args, data_name: str, data) -> str:
    """Return the text on the run's page."""
    hidden = "-".join(map(str, args.hidden))
    return f"""
**Variational autoencoders on {data_name}.** A free and a conditional one
({hidden}-{args.latent_dim}), and one with two latent units for a map, learnt
{len(data.cv.train):,} images; the curves show {len(data.cv.validation):,} others. A
convolutional classifier, trained on {len(data.X):,} real images, reads samples of both;
the same architecture, trained on {len(data.X):,} samples, reads {len(data.X_test):,}
test images. Each child run is one network. The conditional one is registered: serve it
with `method` "sample" and the classes to draw.
"""


if __name__ == "__main__":
    main()
