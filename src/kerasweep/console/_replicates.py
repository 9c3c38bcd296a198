"""The protocol of an experiment that compares nothing: several seeds, then the test."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from kerasweep.console._data import ExperimentData
from kerasweep.console._record import ExperimentRecord
from kerasweep.console._texts import readable_layers, readable_seeds
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

    Attributes
    ----------
    seeds : tuple of int
    watched : list of fitted pipelines
        Trained on the training rows, with a validation curve.
    final : list of fitted pipelines
        Trained on training and validation rows.
    validation : ndarray of shape (n_seeds,)
        Accuracies of `watched` on the validation rows.
    tests : list of TestResult
        Of `final` on the test rows.
    """

    seeds: tuple[int, ...]
    watched: list[Any]
    final: list[Any]
    validation: np.ndarray
    tests: list[TestResult]

    @property
    def accuracies(self) -> np.ndarray:
        """Test accuracies, one a seed."""
        return np.array([test.accuracy for test in self.tests])

    def table(self) -> "pd.DataFrame":
        """Return one row a seed."""
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


def study_replicates(
    pipeline: Any, data: ExperimentData, seeds: Sequence[int]
) -> ReplicateStudy:
    """Train a network with several seeds, twice, and test it once.

    First on the training rows, to see its curves and its validation accuracy; then on
    training and validation rows together, and these networks are tested. Nothing is
    chosen in between.

    Parameters
    ----------
    pipeline : Pipeline
        Its last step is a network; the others transform rows one by one.
    data : ExperimentData
    seeds : sequence of int

    Returns
    -------
    study : ReplicateStudy
    """
    name = pipeline.steps[-1][0]
    train, held_out = data.cv.train, data.cv.validation
    X_train, y_train = data.X[train], data.y[train]
    X_val, y_val = data.X[held_out], data.y[held_out]
    before = clone(pipeline[:-1]).fit(X_train, y_train)
    settings: dict[str, Any] = {"random_states": seeds, "over": f"{name}__random_state"}
    watched = fit_replicates(
        pipeline,
        X_train,
        y_train,
        **settings,
        **{f"{name}__X_val": before.transform(X_val), f"{name}__y_val": y_val},
    )
    validation = np.array([one.score(X_val, y_val) for one in watched])
    final = fit_replicates(pipeline, data.X, data.y, **settings)
    tests = [test_once(one, data.X_test, data.y_test) for one in final]
    return ReplicateStudy(tuple(seeds), watched, final, validation, tests)


def record_study(
    study: ReplicateStudy,
    record: ExperimentRecord,
    tracking: Any,
    *,
    model: str,
    training: str,
    dataset: str,
) -> None:
    """Write a study's tables, figure and results, and choose the first seed's model.

    Parameters
    ----------
    study : ReplicateStudy
    record : ExperimentRecord
    tracking : MlflowTracking
        Its run is open.
    model, training : str
        What was trained, and how.
    dataset : str
        The data set's name.
    """
    layers = layer_table(study.final[0])
    record.table(
        layers,
        "layers",
        f"Layers of {model}: {layers['parameters'].sum():,} parameters",
        shown=readable_layers(layers),
    )
    record.figure(
        LearningCurvesDisplay.from_history(
            {
                f"seed {seed}": one
                for seed, one in zip(study.seeds, study.watched, strict=True)
            }
            if len(study.seeds) > 1
            else study.watched[0]
        )
        .plot()
        .figure_,
        "learning_curves",
        f"Loss and accuracy of {model} on training and validation rows of {dataset}, "
        "against the epoch, for each seed.",
    )
    record_tests(
        study, record, tracking, model=model, training=training, dataset=dataset
    )
    tracking.choose_model(study.final[0])


def record_tests(
    study: ReplicateStudy,
    record: ExperimentRecord,
    tracking: Any,
    *,
    model: str,
    training: str,
    dataset: str,
) -> None:
    """Write how the replicates did on validation and on test rows.

    Parameters
    ----------
    study, record, tracking, model, training, dataset
        As for :func:`record_study`.
    """
    table = study.table()
    record.table(
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
    record.result(
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
    record.result(
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
    first = study.tests[0]
    tracking.log_test(accuracy=first.accuracy, low=first.low, high=first.high, n=n_test)
    metrics = {"test/mean_accuracy": mean, "validation/mean_accuracy": at}
    if n_seeds > 1:
        metrics |= {"test/sd_accuracy": sd, "validation/sd_accuracy": around}
    tracking.log_metrics(metrics)


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
