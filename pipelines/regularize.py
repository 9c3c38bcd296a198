"""Regularize a wide dense network, and see what it gets wrong.

The network is trained without regularizers, which shows the gap between training and
validation rows, and with the preset's; the epochs are chosen on the validation rows.
The regularized one is then refitted on all rows and tested once. With ``scan=1`` L1,
L2 and dropout are first tried alone, at several strengths. Everything is tracked in
MLflow.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib

matplotlib.use("Agg")

from sklearn.base import clone
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
    REGULARIZED_PRESETS,
    REGULARIZER_STRENGTHS,
    ExperimentParser,
    ExperimentRecord,
    SearchProgress,
    bad_input_exits,
    check_scheduler,
    check_trains,
    company,
    dense_text,
    dense_training_text,
    experiment_data,
    experiment_tags,
    interruption_exits,
    print_closing,
    print_taken,
    record_regularization,
    record_strengths,
    regularization_lines,
    strength_search,
    study_regularization,
)
from kerasweep.tracking import check_tracking

INTERRUPTED = (
    "What finished is in MLflow; -P resume=auto takes the fits of a scan from there."
)
NO_REGULARIZER = {
    "l1": 0.0,
    "l2": 0.0,
    "max_norm": None,
    "input_dropout": 0.0,
    "dropout": 0.0,
    "early_stopping": False,
}


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
        list(REGULARIZED_PRESETS),
    )
    auto = p.auto
    p.add("hidden", "auto", auto(p.counts), "units of each hidden layer")
    p.add("l1", "auto", auto(p.strength), "strength of the L1 penalty")
    p.add("l2", "auto", auto(p.strength), "strength of the L2 penalty")
    p.add(
        "max_norm",
        "auto",
        auto(p.strength),
        "largest norm of a hidden unit's weights; 0 for no bound",
    )
    p.add("input_dropout", "auto", auto(p.rate), "share of inputs dropped")
    p.add(
        "dropout",
        "auto",
        auto(p.rates),
        "share of units dropped behind all hidden layers, or behind each",
    )
    p.add("epochs", "auto", auto(p.count), "most passes over the training rows")
    p.add("plain_epochs", "15", p.count, "passes of the unregularized network")
    p.add("batch_size", "auto", auto(p.count), "rows an update")
    p.add("learning_rate", "auto", auto(p.positive), "step size of the optimizer")
    p.add("scan", "0", p.flag, "1: also try L1, L2 and dropout alone")
    p.add("scan_epochs", "10", p.count, "passes of each network of the scan")
    p.add("train_size", "all", p.count_or_all, "rows to train and validate on")
    p.add("fleet", "auto", p.fleet, "scan's fits trained together; 0 for no fleet")
    p.add_scheduler()
    p.add("seed", "0", p.seed, "draws the split and the networks")
    p.add_resume()
    p.add(
        "register_as",
        "auto",
        p.optional,
        "name in the model registry; auto is DATA-regularize, an empty name registers "
        "none",
    )
    p.add("out", "results/regularize", p.folder, "folder for tables and figures")
    p.add_quick(
        hidden="128,64",
        epochs="20",
        plain_epochs="10",
        batch_size="16",
        learning_rate="0.002",
        scan_epochs="3",
    )
    return p


def main(arguments: list[str] | None = None) -> None:
    """Run the experiment."""
    args = parser().parse_args(arguments)
    start = time.monotonic()
    network = DenseClassifier(random_state=args.seed).set_params(
        **chosen_settings(args)
    )
    plain = clone(network).set_params(**NO_REGULARIZER, epochs=args.plain_epochs)
    with bad_input_exits():
        dataset = load_dataset(args.data, target=args.target)
        data = experiment_data(
            dataset, train_size=args.train_size, random_state=args.seed
        )
        scaler = PixelScaler(dataset.max_value) if dataset.max_value else MinMaxScaler()
        pipelines = [
            Pipeline([("scale", scaler), ("net", net)]) for net in (plain, network)
        ]
        probe = clone(pipelines[1]).set_params(net__early_stopping=False)
        check_trains(probe, data)
        check_tracking()
        check_scheduler(args.scheduler)
        args.out.mkdir(parents=True, exist_ok=True)

    sizes = data.X.shape[1], len(dataset.target_names)
    models = dense_text(plain, *sizes), dense_text(network, *sizes)
    trainings = (
        f"{dense_training_text(plain)}, unregularized",
        dense_training_text(network),
    )
    title = f"Regularization ({args.preset}) on {dataset.name}"
    n_train, n_val = len(data.cv.train), len(data.cv.validation)
    tracking = MlflowTracking(
        experiment="regularize",
        run_name=title,
        description=f"**{models[1]}** on {dataset.name}: {trainings[1]}. Trained on "
        f"{n_train:,} rows and validated on {n_val:,}, without and with regularizers; "
        f"then, for the chosen epochs, on all, and tested on {len(data.X_test):,}. "
        "The last one is registered.",
        dataset_name=dataset.name,
        dataset_source=dataset.source,
        image_shape=dataset.image_shape,
        register_as=f"{dataset.name.lower()}-regularize"
        if args.register_as == "auto"
        else args.register_as,
        tags=experiment_tags("regularize", args),
        resume=args.resume,
    )
    record = ExperimentRecord(
        tracking,
        args.out,
        experiment="regularized",
        dataset=dataset.name,
        settings=args,
        title=title,
    )
    scanned = clone(pipelines[0]).set_params(net__epochs=args.scan_epochs)
    scan = strength_search(
        scanned, REGULARIZER_STRENGTHS, data.cv, tracking.scoring("accuracy")
    )
    n_scanned = sum(map(len, REGULARIZER_STRENGTHS.values()))
    scan.set_callbacks(SearchProgress(n_scanned, args.scan_epochs), tracking)
    progress = SearchProgress(3, max(args.plain_epochs, network.epochs))
    for pipeline in pipelines:
        pipeline.set_callbacks(progress, tracking)

    print(
        f"{dataset.name}: {len(data.X)} rows, {n_val} of them for validation, "
        f"{len(data.X_test)} for the test\n{models[1]}; {trainings[1]}",
        flush=True,
    )
    with interruption_exits(INTERRUPTED), tracking, record:
        if args.scan:
            with company(args.fleet, args.scheduler):
                scan.fit(data.X, data.y)
            if args.resume:
                print_taken(tracking, n_scanned)
            record_strengths(
                scan,
                record,
                protocol=f"{models[0]}, {dense_training_text(scanned[-1])}, trained on "
                f"{n_train:,} rows and validated on {n_val:,}, one seed",
                dataset=dataset.name,
            )
        with progress:
            study = study_regularization(pipelines[0], pipelines[1], data)
        record_regularization(
            study,
            record,
            tracking,
            models=models,
            trainings=trainings,
            dataset=dataset.name,
            image_shape=dataset.image_shape,
        )

    print("\n".join(regularization_lines(study)))
    print_closing(
        tracking, args.out, experiment="regularized", dataset=dataset.name, start=start
    )


def chosen_settings(args) -> dict:
    """Return the preset's settings, with those that the user gave in their place."""
    given = {
        "hidden_layer_sizes": args.hidden,
        "l1": args.l1,
        "l2": args.l2,
        "max_norm": args.max_norm,
        "input_dropout": args.input_dropout,
        "dropout": args.dropout,
        "epochs": args.epochs,
        "batch_size": args.batch_size,
        "learning_rate": args.learning_rate,
    }
    given = {name: value for name, value in given.items() if value is not None}
    settings = {**REGULARIZED_PRESETS[args.preset], **given}
    settings["max_norm"] = settings["max_norm"] or None
    if len(settings["dropout"]) == 1:
        settings["dropout"] = settings["dropout"][0]
    return settings


if __name__ == "__main__":
    main()
