"""The protocol of the regularization experiment, and what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from kerasweep.console._confusion import draw_confusion
from kerasweep.console._data import ExperimentData
from kerasweep.console._record import ExperimentRecord
from kerasweep.console._texts import readable_classes, readable_layers
from kerasweep.model_selection import TestResult, test_once
from kerasweep.plotting import (
    ClassReportDisplay,
    LearningCurvesDisplay,
    MisclassifiedDisplay,
    layer_table,
)

if TYPE_CHECKING:
    import pandas as pd

PLAIN, REGULARIZED = "unregularized", "regularized"
_LISTED = 20


@dataclass(frozen=True)
class RegularizationStudy:
    """A network without and with regularizers, and the second one's test.

    Attributes
    ----------
    plain, watched : fitted pipelines
        Without and with regularizers, trained on the training rows with a validation
        curve.
    final : fitted pipeline
        With regularizers, trained on training and validation rows together.
    n_epochs : int
        Epochs that `final` was trained for; chosen on the validation rows.
    accuracies : dict of (network, rows) to float
        Of "unregularized" and "regularized" on "train" and "validation" rows, all
        measured after training, with nothing dropped.
    data : ExperimentData
    probabilities : ndarray of shape (n_test, n_classes)
        What `final` gives the test rows.
    test : TestResult
        Of `final` on the test rows.
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

    def table(self) -> "pd.DataFrame":
        """Return one row a network: its accuracies, and the gap between them."""
        import pandas as pd

        rows = []
        for network in (PLAIN, REGULARIZED):
            train, validation = (
                self.accuracies[network, part] for part in ("train", "validation")
            )
            rows.append((network, train, validation, train - validation))
        columns = ["network", "train_accuracy", "validation_accuracy", "gap"]
        return pd.DataFrame(rows, columns=columns)


def study_regularization(
    plain: Any, regularized: Any, data: ExperimentData
) -> RegularizationStudy:
    """Train both networks, choose a number of epochs, refit, and test once.

    Both are trained on the training rows and validated on the validation rows. The
    regularized one is then trained afresh on all of them, for the epochs up to its
    lowest validation loss where it stops early, or else for all, and tested.

    Parameters
    ----------
    plain, regularized : Pipeline
        Each ends in a network called "net"; the other steps transform rows one by one.
        They are cloned, not fitted.
    data : ExperimentData

    Returns
    -------
    study : RegularizationStudy
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
    record: ExperimentRecord,
    tracking: Any,
    *,
    models: tuple[str, str],
    trainings: tuple[str, str],
    dataset: str,
    image_shape: Sequence[int] | None = None,
) -> None:
    """Write a study's tables, figures and results, and choose the refitted network.

    Parameters
    ----------
    study : RegularizationStudy
    record : ExperimentRecord
    tracking : MlflowTracking
        Its run is open.
    models, trainings : (str, str)
        What was trained and how, without and with regularizers.
    dataset : str
        The data set's name.
    image_shape : tuple of int, default=None
        Shape of an image; None for rows that are none, whose mistakes are not shown.
    """
    _record_results(study, record, tracking, models, trainings, dataset)
    _record_networks(study, record, models[1], dataset)
    _record_classes(study, record, dataset)
    if image_shape is not None:
        _record_mistakes(study, record, dataset, image_shape)
    tracking.choose_model(study.final)


def regularization_lines(study: RegularizationStudy) -> list[str]:
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
        f"Macro F1 on test: {_report(study).table_['f1'].mean():.4f}",
    ]


def strength_search(
    plain: Any, strengths: Mapping[str, Sequence[float]], cv: Any, scoring: Any
) -> GridSearchCV:
    """Return a search of several regularizers' strengths, each of them alone.

    Parameters
    ----------
    plain : Pipeline
        Ends in a network without regularizers, called "net".
    strengths : dict of str to sequence of float
        Values of each parameter of the network, such as ``{"l2": (0, 1e-4)}``.
    cv : splitter
    scoring : str or callable

    Returns
    -------
    search : GridSearchCV
        Not fitted. It chooses and refits nothing.
    """
    grids = [{f"net__{name}": list(v)} for name, v in strengths.items()]
    return GridSearchCV(
        plain, grids, cv=cv, scoring=scoring, refit=False, return_train_score=True
    )


def record_strengths(
    search: GridSearchCV, record: ExperimentRecord, *, protocol: str, dataset: str
) -> None:
    """Write the table and the figure of a fitted :func:`strength_search`.

    Parameters
    ----------
    search : fitted GridSearchCV
    record : ExperimentRecord
    protocol : str
        What was trained, how, and on which rows.
    dataset : str
        The data set's name.
    """
    from kerasweep.console._strengths import draw_strengths, strength_table

    table = strength_table(search.cv_results_)
    shown = table.assign(
        strength=table["strength"].map("{:g}".format),
        **{
            f"{part}, %": table[part].map(_per_cent)
            for part in ("training", "validation")
        },
    ).drop(columns=["training", "validation"])
    record.table(
        table,
        "strengths",
        f"Each regularizer alone on {dataset}: {protocol}",
        shown=shown,
    )
    record.figure(
        draw_strengths(search.cv_results_),
        "strengths",
        f"Accuracy on {dataset} against the strength of each regularizer, the others "
        f"switched off; 0 is no regularizer. {protocol[0].upper()}{protocol[1:]}.",
    )


def _report(study: RegularizationStudy) -> ClassReportDisplay:
    return ClassReportDisplay.from_predictions(study.data.y_test, study.predictions)


def _record_results(
    study: RegularizationStudy,
    record: ExperimentRecord,
    tracking: Any,
    models: tuple[str, str],
    trainings: tuple[str, str],
    dataset: str,
) -> None:
    test, data = study.test, study.data
    n_train, n_val = len(data.cv.train), len(data.cv.validation)
    record.result(
        "accuracy",
        study.accuracies[PLAIN, "train"],
        n=n_train,
        model=models[0],
        training=trainings[0],
        measured_on=f"{dataset} train ({n_train})",
    )
    record.result(
        "accuracy",
        study.accuracies[REGULARIZED, "validation"],
        n=n_val,
        model=models[1],
        training=f"{trainings[1]}, on {n_train:,} rows",
        measured_on=f"{dataset} validation ({n_val})",
    )
    refit = f"{trainings[1]}; refitted on {len(data.X):,} rows, {study.n_epochs} epochs"
    record.result(
        "accuracy",
        test.accuracy,
        low=test.low,
        high=test.high,
        interval="95 % Wilson interval",
        n=test.n,
        model=models[1],
        training=refit,
        measured_on=f"{dataset} test",
    )
    macro_f1 = float(_report(study).table_["f1"].mean())
    record.result(
        "macro F1",
        macro_f1,
        n=test.n,
        model=models[1],
        training=refit,
        measured_on=f"{dataset} test",
    )
    tracking.log_test(accuracy=test.accuracy, low=test.low, high=test.high, n=test.n)
    tracking.log_metrics(
        {
            "test/macro_f1": macro_f1,
            "refit/epochs": study.n_epochs,
            **{
                f"{part}/accuracy_{network}": value
                for (network, part), value in study.accuracies.items()
            },
        }
    )


def _record_networks(
    study: RegularizationStudy, record: ExperimentRecord, model: str, dataset: str
) -> None:
    layers = layer_table(study.final)
    record.table(
        layers,
        "layers",
        f"Layers of {model}: {layers['parameters'].sum():,} parameters",
        shown=readable_layers(layers),
    )
    table = study.table()
    shown = table.rename(
        columns={
            "train_accuracy": "training, %",
            "validation_accuracy": "validation, %",
            "gap": "gap, points",
        }
    )
    for name in shown.columns[1:]:
        shown[name] = shown[name].map(_per_cent)
    record.table(
        table,
        "networks",
        f"Accuracy on {dataset} after training on {len(study.data.cv.train):,} rows, "
        f"and on {len(study.data.cv.validation):,} validation rows",
        shown=shown,
    )
    record.figure(
        LearningCurvesDisplay.from_history(
            {PLAIN: study.plain, REGULARIZED: study.watched}
        )
        .plot(gap=True)
        .figure_,
        "learning_curves",
        f"Loss and accuracy on training and validation rows of {dataset}, without and "
        "with regularizers, and the gap between them. The training curves are measured "
        "while training, with units dropped; the loss holds the penalties.",
    )


def _record_classes(
    study: RegularizationStudy, record: ExperimentRecord, dataset: str
) -> None:
    report = _report(study)
    record.table(
        report.table_,
        "classes",
        f"Precision, recall and F1 of each class on the test rows of {dataset}, with "
        "95 % intervals",
        shown=readable_classes(report.table_),
    )
    record.figure(
        report.plot().figure_,
        "classes",
        f"Precision, recall and F1 of each class on the test rows of {dataset}, with "
        "95 % Wilson intervals.",
    )
    record.figure(
        draw_confusion(study.data.y_test, study.predictions),
        "confusion",
        f"Test rows of {dataset} by true and predicted class. The colour grows with "
        "the fourth root of the count, so that single mistakes are seen.",
    )


def _record_mistakes(
    study: RegularizationStudy,
    record: ExperimentRecord,
    dataset: str,
    image_shape: Sequence[int],
) -> None:
    data = study.data

    def mistakes(n: int) -> MisclassifiedDisplay:
        return MisclassifiedDisplay.from_predictions(
            data.X_test,
            data.y_test,
            study.predictions,
            confidence=study.probabilities.max(axis=1),
            image_shape=image_shape,
            n=n,
        )

    table = mistakes(len(data.y_test)).to_frame()
    shown = table.head(_LISTED)
    shown = shown.assign(confidence=shown["confidence"].map(_per_cent))
    those = "the surest first" if len(table) <= _LISTED else f"the {_LISTED} surest"
    record.table(
        table,
        "misclassified",
        f"{len(table):,} of {len(data.y_test):,} test rows of {dataset} misclassified, "
        f"{those}",
        shown=shown.rename(columns={"confidence": "confidence, %"}),
    )
    record.figure(
        mistakes(40).plot().figure_,
        "misclassified",
        f"Misclassified test images of {dataset}: true class, predicted class, and the "
        "probability of the predicted one.",
    )


def _per_cent(share: float) -> str:
    return f"{100 * share:.2f}"
