"""The protocol of an experiment that compares nothing: several seeds, then the test."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from kerasweep.experiments.data import rows_of
from kerasweep.experiments.run import Run
from kerasweep.experiments.texts import readable_layers, readable_seeds
from kerasweep.model_selection import (
    TestResult,
    fit_replicates,
    test_once,
    wilson_interval,
)
from kerasweep.plotting import LearningCurvesDisplay, layer_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ReplicateStudy:
    """One network's replicates, before and after the test rows were read.

    `watched` were trained on the training rows, with a validation curve, and
    `validation` are their accuracies there; `final` were trained on training and
    validation rows, and `tests` are theirs on the test rows.
    """

    seeds: tuple[int, ...]
    watched: list[Any]
    final: list[Any]
    validation: np.ndarray
    tests: list[TestResult]

    @property
    def accuracies(self) -> np.ndarray:
        """Test accuracies, one per seed."""
        return np.array([test.accuracy for test in self.tests])

    def table(self) -> "pd.DataFrame":
        """Return one row per seed."""
        import pandas as pd

        return pd.DataFrame(
            {
                "seed": self.seeds,
                "validation_accuracy": self.validation,
                "test_accuracy": self.accuracies,
                "low": [test.low for test in self.tests],
                "high": [test.high for test in self.tests],
                "n_test": [test.n for test in self.tests],
            }
        )


def study_description(run: Run, model: str, training: str) -> str:
    """Return the text on the page of such a study's run."""
    data = run.data
    return (
        f"**{model}** on {run.dataset.name}: {training}, {len(run.settings.seeds)} "
        f"seeds. Runs with validation curves are trained on {len(data.cv.train):,} of "
        f"{len(data.X):,} rows, the others on all; these are tested on "
        f"{len(data.X_test):,} rows. The first seed's is registered."
    )


def study_replicates(pipeline: Any, run: Run) -> ReplicateStudy:
    """Train a network with the settings' seeds, twice, and test it once.

    First on the training rows, to see its curves and its validation accuracy; then on
    training and validation rows together, and these networks are tested. Nothing is
    chosen in between.
    """
    data, seeds = run.data, run.settings.seeds
    train, held_out = data.cv.train, data.cv.validation
    X_train, y_train = rows_of(data.X, train), data.y[train]
    X_val, y_val = rows_of(data.X, held_out), data.y[held_out]
    before = clone(pipeline[:-1]).fit(X_train, y_train)
    watch = {"net__X_val": before.transform(X_val), "net__y_val": y_val}
    each: dict[str, Any] = {"random_states": seeds, "over": "net__random_state"}
    with run.training(2 * len(seeds), pipeline["net"].epochs, pipeline):
        watched = fit_replicates(pipeline, X_train, y_train, **each, **watch)
        validation = np.array([one.score(X_val, y_val) for one in watched])
        final = fit_replicates(pipeline, data.X, data.y, **each)
        tests = [test_once(one, data.X_test, data.y_test) for one in final]
    return ReplicateStudy(tuple(seeds), watched, final, validation, tests)


def refit_selected(search: Any, run: Run) -> ReplicateStudy:
    """Refit what a search selected with the other seeds, too, and test each network."""
    data, seeds = run.data, run.settings.seeds
    final = [search.best_estimator_]
    pipeline = clone(search.estimator).set_params(**search.best_params_)
    if others := seeds[1:]:
        with run.training(len(others), pipeline["net"].epochs, pipeline):
            final += fit_replicates(
                pipeline,
                data.X,
                data.y,
                random_states=others,
                over="net__random_state",
            )
    selected = {**search.best_params_, "net__random_state": None}
    at = [
        {**candidate, "net__random_state": None} == selected
        for candidate in search.cv_results_["params"]
    ]
    validation = np.asarray(search.cv_results_["mean_test_score"])[at]
    tests = [test_once(one, data.X_test, data.y_test) for one in final]
    return ReplicateStudy(tuple(seeds), [], final, validation, tests)


def record_study(study: ReplicateStudy, run: Run, *, model: str, training: str) -> None:
    """Show a study's layers, curves and tests, and choose the first seed's model."""
    record_layers(study.final[0], run, model)
    curves = dict(
        zip((f"seed {seed}" for seed in study.seeds), study.watched, strict=True)
    )
    run.figure(
        LearningCurvesDisplay.from_history(
            curves if len(curves) > 1 else study.watched[0]
        ).plot(),
        "learning_curves",
        f"Loss and accuracy of {model} on training and validation rows of "
        f"{run.dataset.name}, against the epoch, for each seed.",
    )
    record_tests(study, run, model=model, training=training)
    run.tracking.choose_model(study.final[0])


def record_layers(estimator: Any, run: Run, model: str) -> None:
    """Show the layers of a fitted network."""
    layers = layer_table(estimator)
    run.table(
        layers,
        "layers",
        f"Layers of {model}: {layers['parameters'].sum():,} parameters",
        shown=readable_layers(layers),
    )


def record_tests(study: ReplicateStudy, run: Run, *, model: str, training: str) -> None:
    """Show how the replicates did on validation and on test rows."""
    dataset, table = run.dataset.name, study.table()
    run.table(
        table,
        "seeds",
        f"{model} on {dataset}: trained on a part and validated, then trained on all "
        "and tested",
        shown=readable_seeds(table),
    )
    n_seeds, n_test = len(study.seeds), study.tests[0].n
    mean, sd = float(study.accuracies.mean()), spread(study.accuracies)
    low, high = wilson_interval(round(mean * n_test), n_test)
    of_seeds = f"mean of {n_seeds} seeds" if n_seeds > 1 else "one seed"
    said = f"{training}; {of_seeds}" + (f", SD {sd:.4f}" if n_seeds > 1 else "")
    run.result(
        "accuracy",
        mean,
        low=low,
        high=high,
        interval="95 % Wilson interval of one network",
        n=n_test,
        model=model,
        training=said,
        measured_on=f"{dataset} test",
    )
    at, around = float(study.validation.mean()), spread(study.validation)
    run.result(
        "accuracy",
        at,
        low=None if n_seeds == 1 else at - around,
        high=None if n_seeds == 1 else at + around,
        interval="" if n_seeds == 1 else f"SD of {n_seeds} seeds about the mean",
        n=n_seeds,
        model=model,
        training=f"{training}, on the training part; {of_seeds}",
        measured_on=f"{dataset} validation",
    )
    run.log_test(study.tests[0])
    metrics = {"test/mean_accuracy": mean, "validation/mean_accuracy": at}
    if n_seeds > 1:
        metrics |= {"test/sd_accuracy": sd, "validation/sd_accuracy": around}
    run.tracking.log_metrics(metrics)
    run.closing(*study_lines(study))


def study_lines(study: ReplicateStudy) -> list[str]:
    """Return what a study found, as lines of text."""
    n = len(study.seeds)
    lines = []
    for what, values in (
        ("Validation", study.validation),
        ("Test", study.accuracies),
    ):
        text = f"{what} accuracy: {values.mean():.4f}"
        if n > 1:
            text += f" ± {spread(values):.4f} (mean and SD of {n} seeds)"
        lines.append(text)
    for seed, test in zip(study.seeds, study.tests, strict=True):
        lines.append(f"  seed {seed}: {test}")
    return lines


def spread(values: np.ndarray) -> float:
    """Return the sample SD, NaN of one value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
