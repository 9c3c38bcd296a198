"""What the regularization experiment shows."""

from collections.abc import Sequence
from typing import Any

from kerasweep.experiments.confusion import draw_confusion
from kerasweep.experiments.record import ExperimentRecord
from kerasweep.experiments.regularization import (
    PLAIN,
    REGULARIZED,
    RegularizationStudy,
)
from kerasweep.experiments.texts import per_cent, readable_classes, readable_layers
from kerasweep.model_selection import wilson_interval
from kerasweep.plotting import (
    LearningCurvesDisplay,
    MisclassifiedDisplay,
    layer_table,
)

_LISTED = 20


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
    validated = study.accuracies[REGULARIZED, "validation"]
    low, high = wilson_interval(round(validated * n_val), n_val)
    record.result(
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
    macro_f1 = float(study.class_report().table_["f1"].mean())
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
        shown[name] = shown[name].map(per_cent)
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
    report = study.class_report()
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
    shown = shown.assign(confidence=shown["confidence"].map(per_cent))
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
