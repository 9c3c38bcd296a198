"""Rows that a classifier got wrong, as images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from kerasweep.plotting._mosaic import as_images

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 9.2  # inches of ten images


class MisclassifiedDisplay:
    """A gallery of misclassified images.

    Above each image stand its true class, the predicted one, and the confidence: the
    probability that the classifier gave to its prediction. The surest mistakes come
    first. Use :meth:`from_estimator` or :meth:`from_predictions` to make one.

    Parameters
    ----------
    images : array-like of shape (n_shown, height, width, channels)
        With 1 channel, or 3 or 4 for colour.
    y_true, y_pred : array-like of shape (n_shown,)
        True and predicted classes.
    confidences : array-like of shape (n_shown,), default=None
        Shares in [0, 1]; None where the classifier gives none.
    rows : array-like of int of shape (n_shown,), default=None
        Row numbers in the data.
    n_wrong, n : int, default=None
        Misclassified rows and all rows of the data, for the heading.
    value_range : (float, float), default=None
        Pixel values drawn as no ink and as full ink; None takes those of `images`.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One per image.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from kerasweep.plotting import MisclassifiedDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> net = GaussianNB().fit(X[:1000], y[:1000])
    >>> display = MisclassifiedDisplay.from_estimator(net, X[1000:], y[1000:], n=3)
    >>> display.n_wrong, display.n
    (165, 797)
    >>> list(display.to_frame())
    ['row', 'true', 'predicted', 'confidence']
    """

    def __init__(
        self,
        *,
        images: Any,
        y_true: Any,
        y_pred: Any,
        confidences: Any = None,
        rows: Any = None,
        n_wrong: int | None = None,
        n: int | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        self.images = images
        self.y_true = y_true
        self.y_pred = y_pred
        self.confidences = confidences
        self.rows = rows
        self.n_wrong = n_wrong
        self.n = n
        self.value_range = value_range

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        image_shape: Sequence[int] | None = None,
        n: int = 40,
    ) -> "MisclassifiedDisplay":
        """Make a display of a fitted classifier's mistakes.

        Parameters
        ----------
        estimator : fitted classifier
            With ``predict_proba`` its mistakes are sorted by confidence.
        X : array-like of shape (n_samples, n_pixels) or (n_samples, height, width, ...)
            As the estimator takes it.
        y : array-like of shape (n_samples,)
            True classes.
        image_shape : (height, width) or (height, width, channels), default=None
            None takes rows for square grey images.
        n : int, default=40
            Images to show at most.

        Returns
        -------
        display : MisclassifiedDisplay
        """
        check_is_fitted(estimator)
        y_pred = confidence = None
        if hasattr(estimator, "predict_proba"):
            shares = np.asarray(estimator.predict_proba(X))
            best = shares.argmax(axis=1)
            y_pred = np.asarray(estimator.classes_)[best]
            confidence = shares[np.arange(len(best)), best]
        else:
            y_pred = estimator.predict(X)
        return cls.from_predictions(
            X, y, y_pred, confidence=confidence, image_shape=image_shape, n=n
        )

    @classmethod
    def from_predictions(
        cls,
        X: Any,
        y_true: Any,
        y_pred: Any,
        *,
        confidence: Any = None,
        image_shape: Sequence[int] | None = None,
        n: int = 40,
    ) -> "MisclassifiedDisplay":
        """Make a display of given predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels) or (n_samples, height, width, ...)
        y_true, y_pred : array-like of shape (n_samples,)
        confidence : array-like of shape (n_samples,), default=None
            Probability of each predicted class; None keeps the rows' order.
        image_shape : (height, width) or (height, width, channels), default=None
            None takes rows for square grey images.
        n : int, default=40
            Images to show at most.

        Returns
        -------
        display : MisclassifiedDisplay
        """
        owner = cls.__name__
        pictures = as_images(owner, X, image_shape)
        y_true, y_pred = column_or_1d(y_true), column_or_1d(y_pred)
        check_consistent_length(pictures, y_true, y_pred)
        if pictures.shape[3] not in (1, 3, 4):
            raise ValueError(
                f"image_shape of {owner} must have 1, 3 or 4 channels. Got "
                f"{pictures.shape[1:]} instead."
            )
        if n < 1:
            raise ValueError(f"n of {owner} must be at least 1. Got {n!r} instead.")
        wrong = np.flatnonzero(y_true != y_pred)
        shown = wrong
        if confidence is not None:
            confidence = column_or_1d(confidence)
            check_consistent_length(pictures, confidence)
            shown = wrong[np.argsort(-confidence[wrong], kind="stable")]
        shown = shown[:n]
        return cls(
            images=pictures[shown],
            y_true=y_true[shown],
            y_pred=y_pred[shown],
            confidences=None if confidence is None else confidence[shown],
            rows=shown,
            n_wrong=len(wrong),
            n=len(y_true),
            value_range=(float(pictures.min()), float(pictures.max())),
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return what is shown as a table.

        Returns
        -------
        frame : DataFrame
            One row per image: `row` (its number in the data), `true`, `predicted` and
            `confidence`, the last two of these where they are known.
        """
        import pandas as pd

        frame = {"true": list(self.y_true), "predicted": list(self.y_pred)}
        if self.rows is not None:
            frame = {"row": list(self.rows), **frame}
        if self.confidences is not None:
            frame["confidence"] = list(self.confidences)
        return pd.DataFrame(frame)

    def plot(
        self, *, figure: Any = None, ncols: int | None = None, cmap: str = "gray_r"
    ) -> "MisclassifiedDisplay":
        """Draw the gallery.

        Parameters
        ----------
        figure : matplotlib Figure or SubFigure, default=None
            Where to draw; None makes one.
        ncols : int, default=None
            Images side by side; None takes as many as their labels let,
            and at most 10.
        cmap : str, default="gray_r"
            Colours of images with one channel.

        Returns
        -------
        self : MisclassifiedDisplay
        """
        import matplotlib.pyplot as plt

        images = np.asarray(self.images)
        count = len(images)
        labels = [self._label(i) for i in range(count)]
        wide = max(
            (len(part) for text in labels for part in text.split("\n")), default=5
        )
        size = max(_WIDTH / 10, 0.08 * wide)  # a character takes 0.07 inches
        n_lines = 1 if self.confidences is None else 2
        if ncols is None:
            ncols = min(int(_WIDTH / size), max(count, 1))
        nrows = max(1, -(-count // ncols))
        if figure is None:
            ratio = images.shape[1] / images.shape[2] if count else 0.2
            row = size * float(np.clip(ratio, 0.2, 3)) + 0.2 * n_lines
            figure = plt.figure(
                figsize=(max(5.2, size * ncols), 0.4 + nrows * row),
                layout="constrained",
            )
        grid = figure.subplots(nrows, ncols, squeeze=False)
        self.figure_, self.axes_ = figure, grid.ravel()[: max(count, 1)]
        self.ax_ = self.axes_[0]
        for cell in grid.ravel():
            cell.set_axis_off()
        low, high = self._range(images)
        for cell, image, label in zip(self.axes_, images, labels, strict=False):
            if image.shape[-1] == 1:
                cell.imshow(image[..., 0], cmap=cmap, vmin=low, vmax=high)
            else:
                cell.imshow(np.clip((image - low) / (high - low), 0, 1))
            cell.set_title(label, fontsize="small", linespacing=1.15, pad=3)
        figure.suptitle(self._heading(count), fontsize="medium")
        return self

    def _label(self, i: int) -> str:
        text = f"{_short(self.y_true[i])} → {_short(self.y_pred[i])}"
        if self.confidences is None:
            return text
        share = 100 * float(self.confidences[i])
        return f"{text}\n{'100 %' if share >= 99.95 else f'{share:.1f} %'}"

    def _heading(self, count: int) -> str:
        many = "" if self.n is None else f" of {self.n:,}"
        if count == 0:
            return f"None{many} rows misclassified"
        what = "true → predicted"
        if self.confidences is not None:
            what += ", confidence"
        if self.n_wrong is None:
            return what
        shown = ""
        if count < self.n_wrong:
            kind = "first" if self.confidences is None else "surest"
            shown = f", the {count} {kind} of them shown"
        return f"{what}: {self.n_wrong:,}{many} rows misclassified{shown}"

    def _range(self, images: np.ndarray) -> tuple[float, float]:
        if self.value_range is not None:
            low, high = self.value_range
        elif len(images):
            low, high = float(images.min()), float(images.max())
        else:
            low, high = 0.0, 1.0
        return (low, high) if high > low else (low, low + 1.0)


def _short(name: Any) -> str:
    text = str(name)
    return text if len(text) <= 10 else f"{text[:9]}…"
