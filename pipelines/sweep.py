"""Sweep the strength of the L2 penalty of a dense network.

Every factor is trained with several seeds on the training rows and compared on the
validation rows; the factor with the best mean is refitted on both with every seed, and
the test rows are read once. Everything is tracked in MLflow.
"""

import os
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import matplotlib

matplotlib.use("Agg")

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

import _checkout  # noqa: F401
from kerasweep import (
    DenseClassifier,
    LearningCurvesDisplay,
    MinMaxScaler,
    MlflowTracking,
    PixelScaler,
    SaltAndPepper,
    SweepDisplay,
    fit_replicates,
    load_dataset,
    replicate_summary,
    select_by_mean,
    test_once,
)
from kerasweep.console import (
    SWEEP_PRESETS,
    ExperimentParser,
    ExperimentRecord,
    ReplicateStudy,
    SearchProgress,
    bad_input_exits,
    check_scheduler,
    company,
    experiment_data,
    experiment_tags,
    interruption_exits,
    print_closing,
    print_taken,
    record_tests,
    study_lines,
)
from kerasweep.tracking import check_tracking

HINTON: dict[str, Any] = {
    "reference": 0.9847,
    "reference_n": 10_000,
    "reference_label": "Hinton, 98.47 %",
}
OPTIMIZERS = ["auto", "sgd", "adam", "rmsprop"]
SCHEDULES = ["auto", "constant", "cosine", "one_cycle"]


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
    p.add("hidden", "500,300", p.counts, "units of each hidden layer")
    p.add(
        "preset",
        "reported",
        str,
        "named settings, which every option with the default auto is taken from",
        list(SWEEP_PRESETS),
    )
    auto = p.auto
    p.add("factors", "auto", auto(p.factors), "L2 factors to compare")
    p.add("replicates", "3", p.count, "seeds a factor is trained with")
    p.add("epochs", "auto", auto(p.count), "passes over the training rows")
    p.add("batch_size", "128", p.count, "rows an update")
    p.add("learning_rate", "auto", auto(p.positive), "step size of the optimizer")
    p.add("learning_rate_schedule", "auto", str, "how it changes", SCHEDULES)
    p.add("momentum", "auto", auto(p.rate), "of sgd and rmsprop")
    p.add("optimizer", "auto", str, "Keras optimizer", OPTIMIZERS)
    p.add("noise", "0", p.share, "share of salt-and-pepper noise in training")
    p.add("train_size", "all", p.count_or_all, "rows to train and validate on")
    p.add(
        "n_jobs", "auto", p.jobs, "fits at the same time; auto leaves it to the fleet"
    )
    p.add("fleet", "auto", p.fleet, "fits trained together at most; 0 for no fleet")
    p.add_scheduler()
    p.add("seed", "0", p.seed, "draws the split; the first of the replicates' seeds")
    p.add_resume()
    p.add(
        "register_as",
        "auto",
        p.optional,
        "name in the model registry; auto is DATA-sweep, an empty name registers none",
    )
    p.add("out", "results/sweep", p.folder, "folder for tables and figures")
    p.add_quick(hidden="32", factors="1e-4,1e-2", replicates="2", epochs="15")
    return p


def main(arguments: list[str] | None = None) -> None:
    """Run the experiment."""
    args = parser().parse_args(arguments)
    start = time.monotonic()
    settings = chosen_settings(args)
    factors = settings.pop("factors")
    with bad_input_exits():
        dataset = load_dataset(args.data, target=args.target)
        data = experiment_data(
            dataset, train_size=args.train_size, random_state=args.seed
        )
        X, y, cv, X_test, _ = data
        check_tracking()
        check_scheduler(args.scheduler)
        args.out.mkdir(parents=True, exist_ok=True)

    network = DenseClassifier(args.hidden, batch_size=args.batch_size, **settings)
    scaler = PixelScaler(dataset.max_value) if dataset.max_value else MinMaxScaler()
    noise = SaltAndPepper(amount=args.noise, random_state=args.seed)
    tracking = MlflowTracking(
        experiment="sweep",
        run_name=f"L2 sweep on {dataset.name}",
        description=describe(args, network, factors, dataset, data),
        dataset_name=dataset.name,
        dataset_source=dataset.source,
        image_shape=dataset.image_shape,
        register_as=registered_name(args.register_as, dataset.name),
        tags=experiment_tags("sweep", args),
        resume=args.resume,
    )
    record = ExperimentRecord(
        tracking,
        args.out,
        experiment="sweep",
        dataset=dataset.name,
        settings=args,
        title=f"L2 sweep on {dataset.name}",
    )
    seeds = list(range(args.seed, args.seed + args.replicates))
    search = GridSearchCV(
        Pipeline([("scale", scaler), ("noise", noise), ("net", network)]),
        {"net__l2": list(factors), "net__random_state": seeds},
        scoring=tracking.scoring("accuracy"),
        cv=cv,
        refit=select_by_mean(by="net__l2", over="net__random_state"),
        n_jobs=args.n_jobs,
        return_train_score=True,
    )
    n_fits = len(factors) * len(seeds) + 1
    search.set_callbacks(SearchProgress(n_fits, network.epochs), tracking)

    print(
        f"{dataset.name}: {len(X)} rows, {len(cv.validation)} of them for validation, "
        f"{len(X_test)} for the test; {n_fits - 1} networks and the refit",
        flush=True,
    )
    with interruption_exits(INTERRUPTED), tracking, record:
        with company(args.fleet, args.scheduler):
            search.fit(X, y)
            if args.resume:
                print_taken(tracking, n_fits - 1)
            study = test_selected(search, seeds, data, tracking)
        selected = search.best_params_["net__l2"]
        hidden = "-".join(map(str, args.hidden))
        summary = replicate_summary(
            search.cv_results_, by="net__l2", over="net__random_state"
        )
        record.table(
            summary,
            "sweep",
            f"Validation accuracy on {dataset.name}",
            shown=readable(summary),
        )
        record_tests(
            study,
            record,
            tracking,
            model=f"{X.shape[1]}-{hidden}-{len(dataset.target_names)} L2 {selected:g}",
            training=f"{training_text(network)}; factor chosen on validation rows, "
            "refitted on all",
            dataset=dataset.name,
        )
        display = SweepDisplay.from_search(
            search, x="net__l2", over="net__random_state", score_name="accuracy"
        )
        reference: dict[str, Any] = HINTON if dataset.name == "MNIST" else {}
        record.figure(
            display.plot(**reference).figure_,
            "sweep",
            "Mean accuracy against the L2 factor, on training and validation rows.",
        )
        record.figure(
            display.plot(train=False, **reference).figure_,
            "sweep_validation",
            "Mean accuracy against the L2 factor, on validation rows alone.",
        )
        record.figure(
            LearningCurvesDisplay.from_estimator(search).plot().figure_,
            "refit",
            "Learning curves of the refitted network.",
        )

    print(f"Selected: l2={selected:g}")
    print("\n".join(study_lines(study)))
    print_closing(
        tracking, args.out, experiment="sweep", dataset=dataset.name, start=start
    )


def chosen_settings(args) -> dict:
    """Return the preset's settings, with those that the user gave in their place."""
    given = {
        "factors": args.factors,
        "epochs": args.epochs,
        "learning_rate": args.learning_rate,
        "learning_rate_schedule": args.learning_rate_schedule,
        "momentum": args.momentum,
        "optimizer": args.optimizer,
    }
    given = {k: v for k, v in given.items() if v is not None and v != "auto"}
    return {**SWEEP_PRESETS[args.preset], **given}


def test_selected(search, seeds, data, tracking) -> ReplicateStudy:
    """Refit the selected factor with the other seeds, too, and test each network."""
    final = [search.best_estimator_]
    pipeline = clone(search.estimator).set_params(**search.best_params_)
    if others := seeds[1:]:
        progress = SearchProgress(len(others), pipeline.named_steps["net"].epochs)
        pipeline.set_callbacks(progress, tracking)
        with progress:
            final += fit_replicates(
                pipeline,
                data.X,
                data.y,
                random_states=others,
                over="net__random_state",
            )
    results = search.cv_results_
    at = np.asarray(results["param_net__l2"] == search.best_params_["net__l2"])
    validation = np.asarray(results["mean_test_score"])[at]
    tests = [test_once(one, data.X_test, data.y_test) for one in final]
    return ReplicateStudy(tuple(seeds), [], final, validation, tests)


def training_text(network) -> str:
    """Say in a line how a network is trained."""
    return (
        f"{network.optimizer} {network.learning_rate:g}"
        + (f", momentum {network.momentum:g}" if network.momentum else "")
        + f", {network.learning_rate_schedule} rate, batch {network.batch_size}, "
        f"{network.epochs} epochs"
    )


def registered_name(name: str | None, data_name: str) -> str | None:
    """Return the name to register under, None for no registration."""
    return f"{data_name.lower()}-sweep" if name == "auto" else name


def describe(args, network, factors, dataset, data) -> str:
    """Return the text on the run's page."""
    hidden = "-".join(map(str, args.hidden))
    return f"""
**{dataset.data.shape[1]}-{hidden}-{len(dataset.target_names)}** on {dataset.name},
{training_text(network)}, salt-and-pepper noise {args.noise:g}.

{len(factors)} L2 factors x {args.replicates} seeds, compared on
{len(data.cv.validation):,} of {len(data.X):,} rows; the factor with the best mean is
refitted on all of them with every seed and tested on {len(data.X_test):,} others. Each
child run is one fit; group them by `net__l2`, or draw `score/validation` against
`log10_l2`.
"""


def readable(summary):
    """Return the summary as texts: factor, mean and SD in percent, n."""
    texts = summary[["net__l2"]].rename(columns={"net__l2": "L2 factor"})
    texts["L2 factor"] = texts["L2 factor"].map("{:g}".format)
    for column, name in (("", "validation, %"), ("train_", "training, %")):
        mean, sd = summary[f"{column}mean"], summary[f"{column}sd"]
        texts[name] = [
            f"{100 * m:.2f}" + ("" if s != s else f" ± {100 * s:.2f}")
            for m, s in zip(mean, sd, strict=True)
        ]
    texts["n"] = summary["n"]
    return texts


if __name__ == "__main__":
    main()
