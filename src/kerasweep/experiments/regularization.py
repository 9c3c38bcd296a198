"""The protocol of the regularization experiment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from kerasweep.experiments.data import ExperimentData
from kerasweep.model_selection import TestResult, test_once
from kerasweep.plotting import ClassReportDisplay

if TYPE_CHECKING:
    import pandas as pd

PLAIN, REGULARIZED = "unregularized", "regularized"


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

    def class_report(self) -> ClassReportDisplay:
        """Return precision, recall and F1 of each class on the test rows."""
        return ClassReportDisplay.from_predictions(self.data.y_test, self.predictions)

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
        f"Macro F1 on test: {study.class_report().table_['f1'].mean():.4f}",
    ]
