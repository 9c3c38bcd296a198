"""A network without and with regularizers: the protocol, and what is shown of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from kerasweep.experiments.data import ExperimentData
from kerasweep.experiments.record import interval_of
from kerasweep.experiments.replicates import record_layers
from kerasweep.experiments.run import Run
from kerasweep.experiments.texts import per_cent, readable_classes
from kerasweep.model_selection import TestResult, test_once, wilson_interval
from kerasweep.plotting import (
    ClassReportDisplay,
    LearningCurvesDisplay,
    MisclassifiedDisplay,
)
from kerasweep.plotting._confusion import draw_confusion

if TYPE_CHECKING:
    import pandas as pd

PLAIN, REGULARIZED = "unregularized", "regularized"
_LISTED = 20  # mistakes in the printed table


@dataclass(frozen=True)
class RegularizationStudy:
    """A network without and with regularizers, and the second one's test.

    `plain` and `watched` are pipelines without and with regularizers, trained on the
    training rows with a validation curve; `final` is the latter, trained on training
    and validation rows for `n_epochs`, chosen on the validation rows. `accuracies` of
    (network, rows) are measured after training, with nothing dropped;
    `probabilities` of shape (n_test, n_classes) are what `final` gives the test rows.
    """

    plain: Any
    watched: Any
    final: Any
    n_epochs: int
    accuracies: Mapping[tuple[str, str], float]
    data: ExperimentData
    probabilities: np.ndarray
    test: TestResult

    @property
    def predictions(self) -> np.ndarray:
        """Predicted classes of the test rows."""
        return self.final.classes_[self.probabilities.argmax(axis=1)]

    def class_report(self) -> ClassReportDisplay:
        """Return precision, recall and F1 of each class on the test rows."""
        return ClassReportDisplay.from_predictions(self.data.y_test, self.predictions)

    def table(self) -> "pd.DataFrame":
        """Return one row per network: its accuracies, and the gap between them."""
        import pandas as pd

        rows = []
        for network in (PLAIN, REGULARIZED):
            train, validation = (
                self.accuracies[network, part] for part in ("train", "validation")
            )
            rows.append((network, train, validation, train - validation))
        columns = ["network", "train_accuracy", "validation_accuracy", "gap"]
        return pd.DataFrame(rows, columns=columns)


def network_parameters(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of `DenseClassifier` from what the settings chose.

    A bound of 0 is none, and a single rate of dropout holds for all layers.
    """
    rates = chosen["dropout"]
    return {
        **chosen,
        "max_norm": chosen["max_norm"] or None,
        "dropout": rates[0] if len(rates) == 1 else rates,
    }


def description(run: Run, model: str, training: str) -> str:
    """Return the text on the page of the experiment's run."""
    data = run.data
    n_train, n_val = len(data.cv.train), len(data.cv.validation)
    return (
        f"**{model}** on {run.dataset.name}: {training}. Trained on {n_train:,} rows "
        f"and validated on {n_val:,}, without and with regularizers; then, for the "
        f"chosen epochs, on all, and tested on {len(data.X_test):,}. The last one is "
        "registered."
    )


def study_regularization(
    plain: Any, regularized: Any, data: ExperimentData
) -> RegularizationStudy:
    """Train both networks, choose a number of epochs, refit, and test once.

    Both are trained on the training rows and validated on the validation rows. The
    regularized one is then trained afresh on all of them, for the epochs up to its
    lowest validation loss where it stops early, or else for all, and tested.
    """
    train, held_out = data.cv.train, data.cv.validation
    parts = {
        "train": (data.X[train], data.y[train]),
        "validation": (data.X[held_out], data.y[held_out]),
    }
    X_val, y_val = parts["validation"]
    fitted, accuracies = {}, {}
    for network, pipeline in ((PLAIN, plain), (REGULARIZED, regularized)):
        before = clone(pipeline[:-1]).fit(*parts["train"])
        fitted[network] = clone(pipeline).fit(
            *parts["train"], net__X_val=before.transform(X_val), net__y_val=y_val
        )
        for part, rows in parts.items():
            accuracies[network, part] = float(fitted[network].score(*rows))
    net = fitted[REGULARIZED][-1]
    n_epochs = net.best_epoch_ + 1 if net.early_stopping else net.n_epochs_
    final = clone(regularized).set_params(
        net__epochs=n_epochs, net__early_stopping=False
    )
    final.fit(data.X, data.y)
    return RegularizationStudy(
        fitted[PLAIN],
        fitted[REGULARIZED],
        final,
        n_epochs,
        accuracies,
        data,
        final.predict_proba(data.X_test),
        test_once(final, data.X_test, data.y_test),
    )


def record_regularization(
    study: RegularizationStudy,
    run: Run,
    models: Sequence[str],
    trainings: Sequence[str],
) -> None:
    """Show a study's tables, figures and results, and choose the refitted network."""
    _record_results(study, run, models, trainings)
    _record_networks(study, run, models[1])
    _record_classes(study, run)
    if run.dataset.image_shape is not None:
        _record_mistakes(study, run)
    run.tracking.choose_model(study.final)
    run.closing(*_closing_lines(study))


def _record_results(
    study: RegularizationStudy,
    run: Run,
    models: Sequence[str],
    trainings: Sequence[str],
) -> None:
    test, data, dataset = study.test, study.data, run.dataset.name
    n_train, n_val = len(data.cv.train), len(data.cv.validation)
    run.result(
        "accuracy",
        study.accuracies[PLAIN, "train"],
        n=n_train,
        model=models[0],
        training=trainings[0],
        measured_on=f"{dataset} train ({n_train})",
    )
    validated = study.accuracies[REGULARIZED, "validation"]
    low, high = wilson_interval(round(validated * n_val), n_val)
    run.result(
        "accuracy",
        validated,
        low=low,
        high=high,
        interval="95 % Wilson interval",
        n=n_val,
        model=models[1],
        training=f"{trainings[1]}, on {n_train:,} rows",
        measured_on=f"{dataset} validation ({n_val})",
    )
    refit = f"{trainings[1]}; refitted on {len(data.X):,} rows, {study.n_epochs} epochs"
    run.result(
        "accuracy",
        test.accuracy,
        **interval_of(test),
        model=models[1],
        training=refit,
        measured_on=f"{dataset} test",
    )
    macro_f1 = float(study.class_report().table_["f1"].mean())
    run.result(
        "macro F1",
        macro_f1,
        n=test.n,
        model=models[1],
        training=refit,
        measured_on=f"{dataset} test",
    )
    run.log_test(test)
    run.tracking.log_metrics(
        {
            "test/macro_f1": macro_f1,
            "refit/epochs": study.n_epochs,
            **{
                f"{part}/accuracy_{network}": value
                for (network, part), value in study.accuracies.items()
            },
        }
    )


def _record_networks(study: RegularizationStudy, run: Run, model: str) -> None:
    record_layers(study.final, run, model)
    table, dataset = study.table(), run.dataset.name
    shown = table.rename(
        columns={
            "train_accuracy": "training, %",
            "validation_accuracy": "validation, %",
            "gap": "gap, points",
        }
    )
    for name in shown.columns[1:]:
        shown[name] = shown[name].map(per_cent)
    run.table(
        table,
        "networks",
        f"Accuracy on {dataset} after training on {len(study.data.cv.train):,} rows, "
        f"and on {len(study.data.cv.validation):,} validation rows",
        shown=shown,
    )
    run.figure(
        LearningCurvesDisplay.from_history(
            {PLAIN: study.plain, REGULARIZED: study.watched}
        ).plot(gap=True),
        "learning_curves",
        f"Loss and accuracy on training and validation rows of {dataset}, without and "
        "with regularizers, and the gap between them. The training curves are measured "
        "while training, with units dropped; the loss holds the penalties.",
    )


def _record_classes(study: RegularizationStudy, run: Run) -> None:
    report, dataset = study.class_report(), run.dataset.name
    run.table(
        report.table_,
        "classes",
        f"Precision, recall and F1 of each class on the test rows of {dataset}, with "
        "95 % intervals",
        shown=readable_classes(report.table_),
    )
    run.figure(
        report.plot(),
        "classes",
        f"Precision, recall and F1 of each class on the test rows of {dataset}, with "
        "95 % Wilson intervals.",
    )
    run.figure(
        draw_confusion(study.data.y_test, study.predictions),
        "confusion",
        f"Test rows of {dataset} by true and predicted class. The colour grows with "
        "the fourth root of the count, so that single mistakes are seen.",
    )


def _record_mistakes(study: RegularizationStudy, run: Run) -> None:
    data, dataset = study.data, run.dataset.name

    def mistakes(n: int) -> MisclassifiedDisplay:
        return MisclassifiedDisplay.from_predictions(
            data.X_test,
            data.y_test,
            study.predictions,
            confidence=study.probabilities.max(axis=1),
            image_shape=run.dataset.image_shape,
            n=n,
        )

    table = mistakes(len(data.y_test)).to_frame()
    shown = table.head(_LISTED)
    shown = shown.assign(confidence=shown["confidence"].map(per_cent))
    those = "the surest first" if len(table) <= _LISTED else f"the {_LISTED} surest"
    run.table(
        table,
        "misclassified",
        f"{len(table):,} of {len(data.y_test):,} test rows of {dataset} misclassified, "
        f"{those}",
        shown=shown.rename(columns={"confidence": "confidence, %"}),
    )
    run.figure(
        mistakes(40).plot(),
        "misclassified",
        f"Misclassified test images of {dataset}: true class, predicted class, and the "
        "probability of the predicted one.",
    )


def _closing_lines(study: RegularizationStudy) -> list[str]:
    """Return what a study found, as lines of text."""
    lines = [
        f"{network[0].upper()}{network[1:]}: training accuracy {train:.4f}, "
        f"validation accuracy {validation:.4f}"
        for network, train, validation, _ in study.table().itertuples(index=False)
    ]
    return [
        *lines,
        f"Refitted on {len(study.data.X):,} rows for {study.n_epochs} epochs",
        f"Test accuracy: {study.test}; "
        f"{study.test.n - study.test.n_correct} misclassified",
        f"Macro F1 on test: {study.class_report().table_['f1'].mean():.4f}",
    ]
