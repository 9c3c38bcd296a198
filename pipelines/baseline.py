"""Train a dense network with several seeds, and test it.

By default 784-64-64-10 with plain gradient descent; ``hidden=500,300 epochs=40`` is the
wide one. Each seed is trained on the training rows with its validation curve, then on
all rows, and the test rows are read once. Everything is tracked in MLflow.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib

matplotlib.use("Agg")

from sklearn.pipeline import Pipeline

import _checkout  # noqa: F401
from kerasweep import (
    DenseClassifier,
    MinMaxScaler,
    MlflowTracking,
    PixelScaler,
    load_dataset,
)
from kerasweep.console import (
    ExperimentParser,
    ExperimentRecord,
    SearchProgress,
    bad_input_exits,
    check_scheduler,
    company,
    experiment_data,
    experiment_tags,
    interruption_exits,
    print_closing,
    record_study,
    study_lines,
    study_replicates,
)
from kerasweep.tracking import check_tracking

WIDE = (500, 300)


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
    p.add("hidden", "64,64", p.counts, "units of each hidden layer")
    p.add("replicates", "3", p.count, "seeds that the network is trained with")
    p.add("epochs", "10", p.count, "passes over the training rows")
    p.add("batch_size", "128", p.count, "rows an update")
    p.add("learning_rate", "0.1", p.positive, "step size of the optimizer")
    p.add("optimizer", "sgd", str, "Keras optimizer", ["sgd", "adam", "rmsprop"])
    p.add("train_size", "all", p.count_or_all, "rows to train and validate on")
    p.add("fleet", "auto", p.fleet, "fits trained together at most; 0 for no fleet")
    p.add_scheduler()
    p.add("seed", "0", p.seed, "draws the split; the first of the replicates' seeds")
    p.add(
        "register_as",
        "auto",
        p.optional,
        "name in the model registry; auto is DATA-baseline or DATA-wide, an empty name "
        "registers none",
    )
    p.add("out", "results/baseline", p.folder, "folder for tables and figures")
    p.add_quick(hidden="32", epochs="5", batch_size="32", replicates="2")
    return p


def main(arguments: list[str] | None = None) -> None:
    """Run the experiment."""
    args = parser().parse_args(arguments)
    start = time.monotonic()
    with bad_input_exits():
        dataset = load_dataset(args.data, target=args.target)
        data = experiment_data(
            dataset, train_size=args.train_size, random_state=args.seed
        )
        check_tracking()
        check_scheduler(args.scheduler)
        args.out.mkdir(parents=True, exist_ok=True)

    key = "wide" if args.hidden == WIDE else "baseline"
    sizes = [data.X.shape[1], *args.hidden, len(dataset.target_names)]
    model = "-".join(map(str, sizes))
    training = (
        f"{args.optimizer} {args.learning_rate:g}, batch {args.batch_size}, "
        f"{args.epochs} epochs"
    )
    title = f"{model} on {dataset.name}"
    tracking = MlflowTracking(
        experiment="baseline",
        run_name=title,
        description=f"**{model}** on {dataset.name}: {training}, "
        f"{args.replicates} seeds. Runs with validation curves are trained on "
        f"{len(data.cv.train):,} of {len(data.X):,} rows, the others on all; these are "
        f"tested on {len(data.X_test):,} rows. The first seed's is registered.",
        dataset_name=dataset.name,
        dataset_source=dataset.source,
        image_shape=dataset.image_shape,
        register_as=f"{dataset.name.lower()}-{key}"
        if args.register_as == "auto"
        else args.register_as,
        tags=experiment_tags("baseline", args),
    )
    record = ExperimentRecord(
        tracking,
        args.out,
        experiment=key,
        dataset=dataset.name,
        settings=args,
        title=title,
    )
    network = DenseClassifier(
        args.hidden,
        optimizer=args.optimizer,
        learning_rate=args.learning_rate,
        batch_size=args.batch_size,
        epochs=args.epochs,
    )
    scaler = PixelScaler(dataset.max_value) if dataset.max_value else MinMaxScaler()
    pipeline = Pipeline([("scale", scaler), ("net", network)])
    progress = SearchProgress(2 * args.replicates, args.epochs)
    pipeline.set_callbacks(progress, tracking)

    print(
        f"{dataset.name}: {len(data.X)} rows, {len(data.cv.validation)} of them for "
        f"validation, {len(data.X_test)} for the test; {args.replicates} seeds",
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
    print_closing(tracking, args.out, experiment=key, dataset=dataset.name, start=start)


if __name__ == "__main__":
    main()
