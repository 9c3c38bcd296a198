"""Search the size and the dropout of a convolutional network.

Every combination of filters, dense units and dropout is trained on a part of the
training rows and compared on the validation rows; the best is refitted on all rows, and
the test rows are read once. Everything is tracked in MLflow.
"""

import os
import time
from math import prod

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib

matplotlib.use("Agg")

from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

import _checkout  # noqa: F401
from kerasweep import (
    ConvClassifier,
    GridSearchDisplay,
    LearningCurvesDisplay,
    MinMaxScaler,
    MlflowTracking,
    PixelScaler,
    layer_table,
    load_dataset,
    select_by_mean,
    test_once,
    wilson_interval,
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
    print_taken,
    readable_layers,
    with_fewer_training_rows,
)
from kerasweep.tracking import check_tracking

INTERRUPTED = "What finished is in MLflow; -P resume=auto goes on from there."


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
    p.add("filters", "32,64,128", p.counts, "channels of both convolutions to compare")
    p.add("dense", "32,64,128", p.counts, "units of the dense layer to compare")
    p.add("dropout", "0.5,0.65,0.8", p.rates, "shares dropped to compare")
    p.add("replicates", "1", p.count, "seeds a combination is trained with")
    p.add("train_rows", "10000", p.count, "rows that each candidate is trained on")
    p.add("epochs", "6", p.count, "passes over the training rows")
    p.add("batch_size", "64", p.count, "rows an update")
    p.add("learning_rate", "0.1", p.positive, "step size of the optimizer")
    p.add("optimizer", "sgd", str, "Keras optimizer", ["sgd", "adam", "rmsprop"])
    p.add("train_size", "all", p.count_or_all, "rows to train and validate on")
    p.add(
        "fleet",
        "0",
        p.fleet,
        "fits trained together at most; 0 for one after another, so that each "
        "candidate's time is its own",
    )
    p.add_scheduler()
    p.add("seed", "0", p.seed, "draws the split; the first of the replicates' seeds")
    p.add_resume()
    p.add(
        "register_as",
        "auto",
        p.optional,
        "name in the model registry; auto is DATA-conv-sweep, an empty name registers "
        "none",
    )
    p.add("out", "results/conv_sweep", p.folder, "folder for tables and figures")
    p.add_quick(filters="4,8", dense="16,32", dropout="0.2,0.5", epochs="15")
    return p


def main(arguments: list[str] | None = None) -> None:
    """Run the experiment."""
    args = parser().parse_args(arguments)
    start = time.monotonic()
    network = ConvClassifier(
        pool_size=CONV_PRESETS["dropout"]["pool_size"],
        optimizer=args.optimizer,
        learning_rate=args.learning_rate,
        batch_size=args.batch_size,
        epochs=args.epochs,
    )
    with bad_input_exits():
        dataset = load_dataset(args.data, target=args.target)
        data = experiment_data(
            dataset, train_size=args.train_size, random_state=args.seed
        )
        cv = with_fewer_training_rows(
            data.cv, data.y, args.train_rows, random_state=args.seed
        )
        scaler = PixelScaler(dataset.max_value) if dataset.max_value else MinMaxScaler()
        network.set_params(image_shape=dataset.image_shape)
        pipeline = Pipeline([("scale", scaler), ("net", network)])
        check_trains(pipeline, data)
        check_tracking()
        check_scheduler(args.scheduler)
        args.out.mkdir(parents=True, exist_ok=True)

    grid = {
        "net__filters": list(args.filters),
        "net__dense": list(args.dense),
        "net__conv_dropout": list(args.dropout),
        "net__random_state": [args.seed + i for i in range(args.replicates)],
    }
    n_fits = prod(map(len, grid.values()))
    title = f"Sweep of convolutional networks on {dataset.name}"
    tracking = MlflowTracking(
        experiment="conv_sweep",
        run_name=title,
        description=describe(args, dataset, data, cv, n_fits),
        dataset_name=dataset.name,
        dataset_source=dataset.source,
        image_shape=dataset.image_shape,
        register_as=f"{dataset.name.lower()}-conv-sweep"
        if args.register_as == "auto"
        else args.register_as,
        tags=experiment_tags("conv_sweep", args),
        resume=args.resume,
    )
    record = ExperimentRecord(
        tracking,
        args.out,
        experiment="conv",
        dataset=dataset.name,
        settings=args,
        title=title,
    )
    search = GridSearchCV(
        pipeline,
        grid,
        scoring=tracking.scoring("accuracy"),
        cv=cv,
        refit=select_by_mean(over="net__random_state"),
    )
    search.set_callbacks(SearchProgress(n_fits + 1, args.epochs), tracking)

    print(
        f"{dataset.name}: {len(cv.train)} rows to train candidates on, "
        f"{len(cv.validation)} for validation, {len(data.X)} for the refit, "
        f"{len(data.X_test)} for the test; {n_fits} networks and the refit",
        flush=True,
    )
    with interruption_exits(INTERRUPTED), tracking, record:
        with company(args.fleet, args.scheduler):
            search.fit(data.X, data.y)
            if args.resume:
                print_taken(tracking, n_fits)
        result = test_once(search, data.X_test, data.y_test)
        tracking.log_test(
            accuracy=result.accuracy, low=result.low, high=result.high, n=result.n
        )
        best = search.best_estimator_.named_steps["net"]
        model = network_text(best.get_params())
        record.result(
            "accuracy",
            result.accuracy,
            low=result.low,
            high=result.high,
            interval="95 % Wilson interval",
            n=result.n,
            model=model,
            training=f"{args.optimizer} {args.learning_rate:g}, batch "
            f"{args.batch_size}, {args.epochs} epochs; chosen among "
            f"{n_fits // args.replicates} on validation rows, refitted on all",
            measured_on=f"{dataset.name} test",
        )
        keep_pictures(record, search, args, dataset.name, len(cv.validation))

    print(f"Selected: {model}")
    print(f"Test accuracy: {result}")
    print_closing(
        tracking, args.out, experiment="conv", dataset=dataset.name, start=start
    )


def keep_pictures(record, search, args, data_name: str, n_validation: int) -> None:
    """Hand in the ranked table, the search's pictures, and the winner's own."""
    display = GridSearchDisplay.from_search(
        search, over="net__random_state", score_name="accuracy"
    )
    ranked = display.to_frame()
    record.table(
        ranked,
        "ranked",
        f"Validation accuracy on {data_name}, the best first",
        shown=readable(ranked, n_validation),
    )
    of = f"of {len(ranked)} networks on {n_validation:,} validation rows of {data_name}"
    record.figure(
        display.plot().figure_,
        "parallel_coordinates",
        f"Accuracy {of}: a line a network, across its parameters.",
    )
    record.figure(
        display.plot("parameters", fit_time=True).figure_,
        "parameters",
        f"Accuracy {of}, and the time that a fit took, against each parameter; lines "
        "join the means over all networks that share a value.",
    )
    layers = layer_table(search)
    record.table(
        layers,
        "layers",
        f"Layers of the selected network: {layers['parameters'].sum():,} parameters",
        shown=readable_layers(layers),
    )
    record.figure(
        LearningCurvesDisplay.from_estimator(search).plot().figure_,
        "refit",
        "Learning curves of the refitted network.",
    )


def readable(ranked, n_validation: int):
    """Return the ranked candidates as texts, in per cent, with intervals."""
    names = [name for name in ranked if name.startswith("net__")]
    texts = ranked[["rank", *names]].astype(str)
    texts.columns = [name.removeprefix("net__").replace("_", " ") for name in texts]
    texts["validation, %"] = [
        f"{100 * mean:.2f}" + ("" if sd != sd else f" ± {100 * sd:.2f}")
        for mean, sd in zip(ranked["mean"], ranked["sd"], strict=True)
    ]
    texts["95 % Wilson interval"] = [
        "{:.2f} to {:.2f}".format(
            *(
                100 * bound
                for bound in wilson_interval(round(mean * n_validation), n_validation)
            )
        )
        if mean == mean
        else ""
        for mean in ranked["mean"]
    ]
    texts["time, s"] = ranked["fit_time"].map("{:.1f}".format)
    return texts


def describe(args, dataset, data, cv, n_fits: int) -> str:
    """Return the text on the run's page."""
    return f"""
**conv - pool - dropout - conv - dense** on {dataset.name}, {args.optimizer} with
learning rate {args.learning_rate:g}, batches of {args.batch_size}, {args.epochs}
epochs. {n_fits} networks: filters {", ".join(map(str, args.filters))} x dense units
{", ".join(map(str, args.dense))} x dropout {", ".join(map(str, args.dropout))} x
{args.replicates} seeds, each trained on {len(cv.train):,} rows and compared on
{len(cv.validation):,} others; the best is refitted on {len(data.X):,} and tested once
on {len(data.X_test):,}.
"""


if __name__ == "__main__":
    main()
