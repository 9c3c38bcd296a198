"""Precision, recall and F1 of each class."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from kerasweep.model_selection import wilson_interval
from kerasweep.model_selection._wilson import check_confidence
from kerasweep.plotting._style import BLUE, GREEN, VERMILION

if TYPE_CHECKING:
    import pandas as pd

_METRICS = {"precision": BLUE, "recall": VERMILION, "f1": GREEN}


class ClassReportDisplay:
    """Precision, recall and F1 of each class, with intervals.

    Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Precision and recall are shares of a class's predicted and true rows, with their
    Wilson intervals. F1 is ``2 J / (1 + J)`` of the share J of correct rows among those
    that are of the class or predicted to be, and its interval is that of J's Wilson
    interval, carried through this increasing function.

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        Names of the classes.
    n_correct, n_true, n_predicted : array-like of int of shape (n_classes,)
        Rows of each class that are predicted as it, that are of it, and that are
        predicted as it.
    confidence : float, default=0.95
        Of the intervals, in (0, 1).

    Attributes
    ----------
    table_ : DataFrame
        One row per class: `class`, for each of precision, recall and f1 its value and
        the ends of its interval (`precision`, `precision_low`, `precision_high`, ...)
        as shares, and the numbers of rows `n_true` and `n_predicted`. A share of no
        rows is NaN.
    axes_ : ndarray of matplotlib Axes
        One per metric.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
    errorbars_ : dict of str to matplotlib ErrorbarContainer

    Examples
    --------
    >>> from kerasweep.plotting import ClassReportDisplay
    >>> display = ClassReportDisplay.from_predictions(
    ...     ["a", "a", "a", "b"], ["a", "a", "b", "b"])
    >>> display.table_[["class", "precision", "recall", "f1"]].round(2)
      class  precision  recall    f1
    0     a        1.0    0.67  0.80
    1     b        0.5    1.00  0.67
    """

    def __init__(
        self,
        *,
        classes: Any,
        n_correct: Any,
        n_true: Any,
        n_predicted: Any,
        confidence: float = 0.95,
    ) -> None:
        check_confidence("ClassReportDisplay", confidence)
        self.classes = classes
        self.n_correct = n_correct
        self.n_true = n_true
        self.n_predicted = n_predicted
        self.confidence = confidence
        self.table_ = self._table()

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, confidence: float = 0.95
    ) -> "ClassReportDisplay":
        """Make a display of a fitted classifier's predictions.

        Parameters
        ----------
        estimator : fitted classifier
        X : array-like of shape (n_samples, ...)
        y : array-like of shape (n_samples,)
            True classes.
        confidence : float, default=0.95

        Returns
        -------
        display : ClassReportDisplay
        """
        check_is_fitted(estimator)
        return cls.from_predictions(y, estimator.predict(X), confidence=confidence)

    @classmethod
    def from_predictions(
        cls, y_true: Any, y_pred: Any, *, confidence: float = 0.95
    ) -> "ClassReportDisplay":
        """Make a display of given predictions.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples,)
            True and predicted classes.
        confidence : float, default=0.95

        Returns
        -------
        display : ClassReportDisplay
        """
        y_true, y_pred = column_or_1d(y_true), column_or_1d(y_pred)
        check_consistent_length(y_true, y_pred)
        classes, codes = np.unique(
            np.concatenate([y_true, y_pred]), return_inverse=True
        )
        true, predicted = codes[: len(y_true)], codes[len(y_true) :]
        count = len(classes)
        return cls(
            classes=classes,
            n_correct=np.bincount(true[true == predicted], minlength=count),
            n_true=np.bincount(true, minlength=count),
            n_predicted=np.bincount(predicted, minlength=count),
            confidence=confidence,
        )

    def _table(self) -> "pd.DataFrame":
        import pandas as pd

        correct, true, predicted = (
            np.asarray(a, dtype=int)
            for a in (self.n_correct, self.n_true, self.n_predicted)
        )
        names = np.asarray(self.classes)
        if not len(names) == len(correct) == len(true) == len(predicted):
            raise ValueError(
                "classes and counts of ClassReportDisplay must be equally many. Got "
                f"{len(names)}, {len(correct)}, {len(true)} and {len(predicted)} "
                "instead."
            )
        table: dict[str, Any] = {"class": names}
        totals = {
            "precision": predicted,
            "recall": true,
            "f1": true + predicted - correct,
        }
        for metric, total in totals.items():
            shares = np.array(
                [self._share(*pair) for pair in zip(correct, total, strict=True)]
            ).reshape(-1, 3)
            if metric == "f1":
                shares = 2 * shares / (1 + shares)
            for suffix, column in zip(("", "_low", "_high"), shares.T, strict=True):
                table[metric + suffix] = column
        return pd.DataFrame({**table, "n_true": true, "n_predicted": predicted})

    def _share(self, correct: int, total: int) -> tuple[float, float, float]:
        if total == 0:
            return np.nan, np.nan, np.nan
        low, high = wilson_interval(
            int(correct), int(total), confidence=self.confidence
        )
        return correct / total, low, high

    def plot(self, *, ax: Any = None, sort: str = "class") -> "ClassReportDisplay":
        """Draw one panel per metric, one line per class.

        Parameters
        ----------
        ax : array-like of 3 matplotlib Axes, default=None
            Where to draw; None makes a figure as high as the classes need.
        sort : {"class", "f1"}, default="class"
            Order of the classes, from the top: as they are named, or the worst first.

        Returns
        -------
        self : ClassReportDisplay
        """
        import matplotlib.pyplot as plt

        if sort not in ("class", "f1"):
            raise ValueError(
                f'sort of ClassReportDisplay must be "class" or "f1". Got {sort!r} '
                "instead."
            )
        table = self.table_
        if sort == "f1":
            table = table.sort_values("f1", kind="stable", na_position="first")
        n = len(table)
        own = ax is None
        if own:
            height = 1.5 + max(0.3 if n <= 20 else 0.19, 1.2 / n) * n
            _, ax = plt.subplots(
                1, 3, figsize=(8.4, height), sharey=True, layout="constrained"
            )
        self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        if len(self.axes_) != 3:
            raise ValueError(
                "ax of ClassReportDisplay must be 3 axes, for precision, recall and "
                f"F1. Got {len(self.axes_)} instead."
            )
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.errorbars_ = {
            metric: self._draw(panel, table, metric, color)
            for panel, (metric, color) in zip(self.axes_, _METRICS.items(), strict=True)
        }
        self._share_abscissa(table)
        names = [_short(name) for name in table["class"]]
        self.ax_.set_yticks(range(n), names, fontsize=None if n <= 20 else "small")
        self.ax_.set_ylabel("class")
        for panel in self.axes_:
            panel.set_ylim(n - 0.4, -0.6)
        if own:
            self.figure_.supxlabel(
                f"% (bars: {100 * self.confidence:g} % intervals; dashed: mean over "
                "classes)",
                fontsize="small",
            )
        return self

    def _draw(self, panel: Any, table: "pd.DataFrame", metric: str, color: str) -> Any:
        value = 100 * table[metric].to_numpy()
        ends = 100 * table[[f"{metric}_low", f"{metric}_high"]].to_numpy().T
        errorbar = panel.errorbar(
            value,
            np.arange(len(table)),
            xerr=np.abs(ends - value),
            linestyle="none",
            marker="o",
            markersize=5 if len(table) <= 20 else 4,
            color=color,
            elinewidth=1.2,
            capsize=3 if len(table) <= 20 else 2,
            zorder=3,
        )
        mean = np.nanmean(value) if np.isfinite(value).any() else np.nan
        if np.isfinite(mean):
            panel.axvline(mean, color="0.45", linestyle="--", linewidth=1.0, zorder=2)
        name = "F1" if metric == "f1" else metric
        panel.set_title(f"{name} (mean {mean:.2f} %)", fontsize="medium")
        panel.grid(color="0.9", linewidth=0.8)
        panel.set_axisbelow(True)
        return errorbar

    def _share_abscissa(self, table: "pd.DataFrame") -> None:
        lows = 100 * table[[f"{metric}_low" for metric in _METRICS]].to_numpy()
        low = np.nanmin(lows) if np.isfinite(lows).any() else 0.0
        for panel in self.axes_:
            panel.set_xlim(low - 0.04 * (100 - low), 100 + 0.04 * (100 - low))
            panel.locator_params(axis="x", nbins=5)


def _short(name: Any) -> str:
    text = str(name)
    return text if len(text) <= 16 else f"{text[:15]}…"
