"""Train a convolutional network with several seeds, and test it.

The preset is one of the reported networks, or a strong one with batch normalization,
dropout, shifts and rotations; each other option replaces one of its settings. Each seed
is trained on the training rows with its validation curve, then on all rows, and the
test rows are read once. Everything is tracked in MLflow.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib

matplotlib.use("Agg")

from sklearn.pipeline import Pipeline

import _checkout  # noqa: F401
from kerasweep import (
    ConvClassifier,
    MinMaxScaler,
    MlflowTracking,
    PixelScaler,
    load_dataset,
)
from kerasweep.console import (
    CONV_PRESETS,
    ExperimentParser,
    ExperimentRecord,
    SearchProgress,
    bad_input_exits,
    check_scheduler,
    check_trains,
    company,
    experiment_data,
    experiment_tags,
    interruption_exits,
    network_text,
    print_closing,
    record_study,
    study_lines,
    study_replicates,
)
from kerasweep.tracking import check_tracking

OPTIMIZERS = ["auto", "sgd", "adam", "rmsprop"]


def parser() -> ExperimentParser:
    """Return the script's options; MLproject has the same ones."""
    p = ExperimentParser(__doc__.partition("\n\n")[0])
    p.add(
        "data",
        "mnist",
        str,
        "mnist, digits, openml:NAME_OR_ID, or a path to a .csv, .parquet or .npz file",
    )
    p.add("target", "", p.optional, "column of a table that holds the classes")
    p.add(
        "preset",
        "reported",
        str,
        "named settings, which every option with the default auto is taken from",
        list(CONV_PRESETS),
    )
    auto = p.auto
    p.add("filters", "auto", auto(p.sizes), "output channels of each convolution")
    p.add("kernel_size", "auto", auto(p.sizes), "side of all or of each kernel, pixels")
    p.add("pool_size", "auto", auto(p.sizes), "side of pooling windows; 1 for none")
    p.add("dense", "auto", auto(p.counts), "units of each dense layer")
    p.add("conv_dropout", "auto", auto(p.rate), "share dropped behind each pooling")
    p.add("dropout", "auto", auto(p.rate), "share dropped behind each dense layer")
    p.add("max_shift", "auto", auto(p.share), "largest shift, share of the image")
    p.add("max_rotation", "auto", auto(p.degrees), "largest rotation, degrees")
    p.add("replicates", "3", p.count, "seeds that the network is trained with")
    p.add("epochs", "auto", auto(p.count), "passes over the training rows")
    p.add("batch_size", "auto", auto(p.count), "rows an update")
    p.add("learning_rate", "auto", auto(p.positive), "step size of the optimizer")
    p.add("optimizer", "auto", str, "Keras optimizer", OPTIMIZERS)
    p.add("train_size", "all", p.count_or_all, "rows to train and validate on")
    p.add("fleet", "auto", p.fleet, "fits trained together at most; 0 for no fleet")
    p.add_scheduler()
    p.add("seed", "0", p.seed, "draws the split; the first of the replicates' seeds")
    p.add(
        "register_as",
        "auto",
        p.optional,
        "name in the model registry; auto is DATA-conv, an empty name registers none",
    )
    p.add("out", "results/conv", p.folder, "folder for tables and figures")
    p.add_quick(epochs="15", replicates="2")
    return p


def main(arguments: list[str] | None = None) -> None:
    """Run the experiment."""
    args = parser().parse_args(arguments)
    start = time.monotonic()
    settings = chosen_settings(args)
    network = ConvClassifier().set_params(**settings)
    with bad_input_exits():
        dataset = load_dataset(args.data, target=args.target)
        data = experiment_data(
            dataset, train_size=args.train_size, random_state=args.seed
        )
        scaler = PixelScaler(dataset.max_value) if dataset.max_value else MinMaxScaler()
        network.set_params(image_shape=dataset.image_shape)
        pipeline = Pipeline([("scale", scaler), ("net", network)])
        check_trains(pipeline, data)
        check_tracking()
        check_scheduler(args.scheduler)
        args.out.mkdir(parents=True, exist_ok=True)

    model = network_text(settings)
    training = (
        f"{network.optimizer} {network.learning_rate:g}, batch {network.batch_size}, "
        f"{network.epochs} epochs"
    )
    title = f"Convolutional network ({args.preset}) on {dataset.name}"
    tracking = MlflowTracking(
        experiment="conv",
        run_name=title,
        description=f"**{model}** on {dataset.name}: {training}, "
        f"{args.replicates} seeds. Runs with validation curves are trained on "
        f"{len(data.cv.train):,} of {len(data.X):,} rows, the others on all; these are "
        f"tested on {len(data.X_test):,} rows. The first seed's is registered.",
        dataset_name=dataset.name,
        dataset_source=dataset.source,
        image_shape=dataset.image_shape,
        register_as=f"{dataset.name.lower()}-conv"
        if args.register_as == "auto"
        else args.register_as,
        tags=experiment_tags("conv", args),
    )
    record = ExperimentRecord(
        tracking,
        args.out,
        experiment="conv",
        dataset=dataset.name,
        settings=args,
        title=title,
    )
    progress = SearchProgress(2 * args.replicates, network.epochs)
    pipeline.set_callbacks(progress, tracking)

    print(
        f"{dataset.name}: {len(data.X)} rows, {len(data.cv.validation)} of them for "
        f"validation, {len(data.X_test)} for the test\n{model}; {training}; "
        f"{args.replicates} seeds",
        flush=True,
    )
    with interruption_exits("What finished is in MLflow."), tracking, record:
        with company(args.fleet, args.scheduler), progress:
            study = study_replicates(
                pipeline, data, range(args.seed, args.seed + args.replicates)
            )
        record_study(
            study,
            record,
            tracking,
            model=model,
            training=training,
            dataset=dataset.name,
        )

    print("\n".join(study_lines(study)))
    print_closing(
        tracking, args.out, experiment="conv", dataset=dataset.name, start=start
    )


def chosen_settings(args) -> dict:
    """Return the preset's settings, with those that the user gave in their place."""
    given = {
        "filters": args.filters,
        "kernel_size": args.kernel_size,
        "pool_size": args.pool_size,
        "dense": args.dense,
        "conv_dropout": args.conv_dropout,
        "dropout": args.dropout,
        "max_shift": args.max_shift,
        "max_rotation": args.max_rotation,
        "epochs": args.epochs,
        "batch_size": args.batch_size,
        "learning_rate": args.learning_rate,
        "optimizer": None if args.optimizer == "auto" else args.optimizer,
    }
    given = {name: value for name, value in given.items() if value is not None}
    return {**CONV_PRESETS[args.preset], **given}


if __name__ == "__main__":
    main()
