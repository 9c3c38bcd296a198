"""Take salt-and-pepper noise out of images, and see what a classifier gains.

A classifier is trained on clean images, and reads noisy ones: as they are, through a
median filter, through the reported autoencoder, and through a convolutional denoiser
that learnt a range of noise levels. Beside them stands a classifier of the same
architecture that was trained on that range itself. All of them read the same noisy
test images, once. Everything is tracked in MLflow.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib

matplotlib.use("Agg")

import numpy as np
from sklearn.pipeline import Pipeline

import _checkout  # noqa: F401
from kerasweep import (
    ConvClassifier,
    DenoisingAutoencoder,
    DenoisingDisplay,
    KerasClassifier,
    MedianFilter,
    MlflowTracking,
    PixelScaler,
    denoising_quality,
    load_dataset,
    noise_robustness,
)
from kerasweep.console import (
    ExperimentParser,
    ExperimentRecord,
    SearchProgress,
    bad_input_exits,
    draw_denoising,
    experiment_data,
    experiment_tags,
    interruption_exits,
    print_closing,
    record_denoising,
)
from kerasweep.tracking import check_tracking

NONE, MEDIAN = "no denoiser", "3x3 median filter"
DENSE, CONV = "dense autoencoder", "convolutional denoiser"
ON_NOISE = "classifier trained on noise"


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
    p.add("hidden", "128,96,128", p.counts, "units of the autoencoder's hidden layers")
    p.add("amount", "0.4", p.share, "noise that the autoencoder is trained at")
    p.add("epochs", "32", p.count, "the autoencoder's passes over the rows")
    p.add("filters", "32,64", p.counts, "channels of the convolutional denoiser")
    p.add(
        "train_amounts",
        "0,0.95",
        p.shares,
        "range of noise for the convolutional denoiser and the classifier on noise",
    )
    p.add("denoiser_epochs", "6", p.count, "the convolutional denoiser's passes")
    p.add("classifier_epochs", "10", p.count, "each classifier's passes")
    p.add("batch_size", "64", p.count, "rows an update")
    p.add(
        "amounts",
        "0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1",
        p.shares,
        "noise levels to test at",
    )
    p.add("train_size", "all", p.count_or_all, "rows to train on")
    p.add("seed", "0", p.seed, "draws split, weights and noise")
    p.add(
        "register_as",
        "auto",
        p.optional,
        "name in the model registry; auto is DATA-denoise, an empty name registers "
        "none",
    )
    p.add("out", "results/denoise", p.folder, "folder for tables and figures")
    p.add_quick(
        epochs="20",
        denoiser_epochs="20",
        classifier_epochs="20",
        amounts="0,0.2,0.4,0.6,0.8",
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
                f"The data of denoise must be images with values of at least 0. Got "
                f"{dataset.name}, which is none, or has lower ones."
            )
        if len(args.train_amounts) != 2:
            raise ValueError(
                "train_amounts must be two numbers, the ends of a range. Got "
                f"{len(args.train_amounts)} instead."
            )
        X, y, _, X_test, y_test = experiment_data(
            dataset, train_size=args.train_size, random_state=args.seed
        )
        check_tracking()
        args.out.mkdir(parents=True, exist_ok=True)

    tracking = MlflowTracking(
        experiment="denoise",
        run_name=f"denoising of {dataset.name}",
        description=describe(args, dataset, len(X), len(X_test)),
        dataset_name=dataset.name,
        dataset_source=dataset.source,
        image_shape=dataset.image_shape,
        register_as=registered_name(args.register_as, dataset.name),
        tags=experiment_tags("denoise", args),
    )
    record = ExperimentRecord(
        tracking,
        args.out,
        experiment="denoise",
        dataset=dataset.name,
        settings=args,
        title=f"Denoising of {dataset.name}",
    )
    scaler = PixelScaler(dataset.max_value)
    print(
        f"{dataset.name}: {len(X)} rows to train on, {len(X_test)} for the test",
        flush=True,
    )
    with interruption_exits("What finished is in MLflow."), tracking, record:
        fitted = {
            name: fit(name, network, scaler, tracking, X, y)
            for name, network in networks(args, dataset.image_shape).items()
        }
        clean = scaler.fit(X).transform(X_test)
        median = MedianFilter(image_shape=dataset.image_shape).fit(clean)
        denoisers = {MEDIAN: median, DENSE: fitted[DENSE], CONV: fitted[CONV]}
        reader = fitted[NONE]
        readers = {
            NONE: reader,
            **{
                n: Pipeline([("denoise", d), ("net", reader)])
                for n, d in denoisers.items()
            },
            ON_NOISE: fitted[ON_NOISE],
        }
        print("Reading the test images at each noise level", flush=True)
        noise = {"random_state": args.seed}
        robustness = noise_robustness(readers, clean, y_test, args.amounts, **noise)
        quality = denoising_quality(
            {"noisy": None, **denoisers},
            clean,
            args.amounts,
            image_shape=dataset.image_shape,
            **noise,
        )
        at = min(args.amounts, key=lambda amount: abs(amount - args.amount))
        record_denoising(
            record,
            robustness,
            quality,
            trainings=trainings(args),
            amount=at,
            dataset=dataset.name,
            headline=CONV,
        )
        row = robustness.query("method == @CONV and amount == @at").iloc[0]
        tracking.log_test(
            **{f"accuracy_at_noise_{at:g}": row.accuracy},
            low=row.accuracy_low,
            high=row.accuracy_high,
            n=int(row.n),
        )
        tracking.choose_model(
            Pipeline([("scale", scaler), ("denoise", fitted[CONV]), ("net", reader)])
        )
        shown = one_a_class(y_test)
        gallery = DenoisingDisplay.from_denoisers(
            denoisers,
            clean[shown],
            args.amounts,
            classifier=reader,
            y=y_test[shown],
            image_shape=dataset.image_shape,
            **noise,
        )
        draw_denoising(
            record,
            robustness,
            quality,
            gallery,
            {name: fitted[name] for name in (DENSE, CONV)},
            dataset=dataset.name,
        )

    print_closing(
        tracking, args.out, experiment="denoise", dataset=dataset.name, start=start
    )


def networks(args, image_shape):
    """Return what is trained, by the name of its method."""
    reader = {"optimizer": "sgd", "batch_size": args.batch_size}
    reader |= {"epochs": args.classifier_epochs, "random_state": args.seed}
    denoiser = {"batch_size": args.batch_size, "random_state": args.seed}
    return {
        NONE: ConvClassifier(image_shape=image_shape, learning_rate=0.1, **reader),
        ON_NOISE: KerasClassifier(
            reader_on_noise,
            loss="sparse_categorical_crossentropy",
            **reader,
            optimizer__learning_rate=0.1,
            model__image_shape=image_shape,
            model__amount=args.train_amounts,
            model__seed=args.seed,
        ),
        DENSE: DenoisingAutoencoder(
            args.hidden, amount=args.amount, epochs=args.epochs, **denoiser
        ),
        CONV: DenoisingAutoencoder(
            architecture="conv",
            filters=args.filters,
            amount=args.train_amounts,
            image_shape=image_shape,
            learning_rate=0.002,
            learning_rate_schedule="cosine",
            epochs=args.denoiser_epochs,
            **denoiser,
        ),
    }


def reader_on_noise(meta, image_shape, amount, seed):
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


def fit(name, network, scaler, tracking, X, y):
    """Train one network on scaled rows, with a line of progress."""
    what = "classifier on clean images" if name == NONE else name
    print(f"Training the {what}, {network.epochs} epochs", flush=True)
    pipe = Pipeline([("scale", scaler), ("net", network)])
    pipe.set_callbacks(SearchProgress(1, network.epochs), tracking)
    return pipe.fit(X, y).named_steps["net"]


def trainings(args) -> dict:
    """Return how each network was trained, but for the one of clean images."""
    low, high = args.train_amounts
    return {
        CONV: f"noise {low:g} to {high:g}, {args.denoiser_epochs} epochs",
        DENSE: f"noise {args.amount:g}, {args.epochs} epochs",
        ON_NOISE: f"noise {low:g} to {high:g}, {args.classifier_epochs} epochs",
    }


def one_a_class(y) -> np.ndarray:
    """Return the row of each class's first image."""
    return np.unique(y, return_index=True)[1]


def registered_name(name: str | None, data_name: str) -> str | None:
    """Return the name to register under, None for no registration."""
    return f"{data_name.lower()}-denoise" if name == "auto" else name


def describe(args, dataset, n_rows: int, n_test: int) -> str:
    """Return the text on the run's page."""
    n = dataset.data.shape[1]
    hidden = "-".join(map(str, args.hidden))
    low, high = args.train_amounts
    return f"""
**Salt and pepper on {dataset.name}.** A convolutional classifier, trained on
{n_rows:,} clean images, reads {n_test:,} noisy ones as they are, through a 3 x 3 median
filter, through the autoencoder {n}-{hidden}-{n} (trained at {args.amount:g}) and
through a convolutional denoiser (trained at {low:g} to {high:g}). Beside them a
classifier of the same architecture, trained at {low:g} to {high:g} itself. Each child
run is one network; the registered model denoises by convolutions, then reads.
"""


if __name__ == "__main__":
    main()
