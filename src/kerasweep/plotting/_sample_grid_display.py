"""Generated images, side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasweep.plotting._mosaic import as_images, mosaic

_CELL = 0.42  # inches
_TALLEST_BLOCK = 20  # lines of images; more stand side by side


class SampleGridDisplay:
    """A grid of images, with a name for each line where there is one.

    Use :meth:`from_samples`, :meth:`from_estimator` or :meth:`from_interpolations` to
    make one.

    Parameters
    ----------
    images : ndarray of shape (n_lines, n_columns, height, width, channels)
        Values from 0, black, to 1, white; NaN for no image.
    line_labels : sequence, default=None
        A name for each line.
    column_labels : sequence of str, default=None
        A name for each column.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One a block of lines.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from kerasweep.plotting import SampleGridDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> display = SampleGridDisplay.from_samples(X / 16, y, n_columns=6).plot()
    >>> [label.get_text() for label in display.ax_.get_yticklabels()][:3]
    ['0', '1', '2']
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        images: np.ndarray,
        line_labels: Sequence[Any] | None = None,
        column_labels: Sequence[str] | None = None,
    ) -> None:
        self.images = images
        self.line_labels = line_labels
        self.column_labels = column_labels

    @classmethod
    def from_samples(
        cls,
        X: Any,
        y: Any = None,
        *,
        n_columns: int = 10,
        image_shape: Any = None,
    ) -> "SampleGridDisplay":
        """Make a display of rows at hand.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Rows or images in [0, 1].
        y : array-like of shape (n_samples,), default=None
            Labels: each line then shows one class, from its first samples. None shows
            all rows, in their order.
        n_columns : int, default=10
            Images a line.
        image_shape : (height, width[, channels]), default=None
            What a row stands for. None takes the shape of the images in X, or a
            square grey image.

        Returns
        -------
        display : SampleGridDisplay
        """
        if n_columns < 1:
            raise ValueError(
                "n_columns of SampleGridDisplay must be an integer of at least 1. "
                f"Got {n_columns!r} instead."
            )
        pictures = as_images(cls.__name__, X, image_shape)
        if y is None:
            return cls(images=_fill([pictures], n_columns, wrap=True))
        y = np.asarray(y)
        if len(y) != len(pictures):
            raise ValueError(
                f"X and y of {cls.__name__} must have equally many rows. "
                f"Got {len(pictures)} and {len(y)} instead."
            )
        classes = np.unique(y)
        groups = [pictures[y == label][:n_columns] for label in classes]
        return cls(images=_fill(groups, n_columns), line_labels=list(classes))

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        n_lines: int = 10,
        n_columns: int = 10,
        image_shape: Any = None,
        random_state: Any = 0,
    ) -> "SampleGridDisplay":
        """Draw samples of a generative model and make a display.

        Parameters
        ----------
        estimator : fitted VariationalAutoencoder
            A conditional one shows one line per class.
        n_lines : int, default=10
            Lines; a conditional model has as many as classes.
        n_columns : int, default=10
        image_shape : (height, width[, channels]), default=None
        random_state : int, RandomState instance or None, default=0
            Draws the samples.

        Returns
        -------
        display : SampleGridDisplay
        """
        settings = {"n_columns": n_columns, "image_shape": image_shape}
        if not getattr(estimator, "conditional", False):
            X = estimator.sample(n_lines * n_columns, random_state=random_state)
            return cls.from_samples(X, **settings)
        y = np.repeat(estimator.classes_, n_columns)
        X = estimator.sample(y=y, random_state=random_state)
        return cls.from_samples(X, y, **settings)

    @classmethod
    def from_interpolations(
        cls,
        estimator: Any,
        X_from: Any,
        X_to: Any,
        y: Any = None,
        *,
        n_steps: int = 9,
        image_shape: Any = None,
    ) -> "SampleGridDisplay":
        """Decode points on the straight lines between the codes of pairs of rows.

        Parameters
        ----------
        estimator : fitted VariationalAutoencoder
        X_from, X_to : array-like of shape (n_lines, n_features)
            Each line's two ends; shown as they are in the outer columns.
        y : array-like of shape (n_lines,), default=None
            Labels to decode with, for a conditional model.
        n_steps : int, default=9
            Decoded images a line, both ends' reconstructions included; at least 2.
        image_shape : (height, width[, channels]), default=None

        Returns
        -------
        display : SampleGridDisplay
        """
        if n_steps < 2:
            raise ValueError(
                f"n_steps of {cls.__name__} must be an integer of at least 2. "
                f"Got {n_steps!r} instead."
            )
        ends = [estimator.transform(X) for X in (X_from, X_to)]
        if len(ends[0]) != len(ends[1]):
            raise ValueError(
                f"X_from and X_to of {cls.__name__} must have equally many rows. "
                f"Got {len(ends[0])} and {len(ends[1])} instead."
            )
        share = np.linspace(0, 1, n_steps)[None, :, None]
        codes = ends[0][:, None] * (1 - share) + ends[1][:, None] * share
        labels = None if y is None else np.repeat(np.asarray(y), n_steps)
        decoded = estimator.inverse_transform(
            codes.reshape(-1, codes.shape[-1]), labels
        ).reshape(len(codes), n_steps, -1)
        given = [np.asarray(X).reshape(len(codes), 1, -1) for X in (X_from, X_to)]
        rows = np.concatenate([given[0], decoded, given[1]], axis=1)
        pictures = as_images(
            cls.__name__, rows.reshape(-1, rows.shape[-1]), image_shape
        )
        return cls(
            images=pictures.reshape(len(codes), n_steps + 2, *pictures.shape[1:]),
            column_labels=["from", *[f"{s:.0%}" for s in share.ravel()], "to"],
        )

    def plot(
        self, *, ax: Any = None, figsize: tuple[float, float] | None = None
    ) -> "SampleGridDisplay":
        """Draw the grid.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw all lines; None makes a figure, in which more than 20 lines
            stand in several blocks.
        figsize : (width, height), default=None
            In inches; None fits the number of images.

        Returns
        -------
        self : SampleGridDisplay
        """
        n_lines = len(self.images)
        n_blocks = 1 if ax is not None else -(-n_lines // _TALLEST_BLOCK)
        tallest = -(-n_lines // n_blocks)
        self.axes_ = self._axes(ax, n_blocks, tallest, figsize)
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        for block, panel in enumerate(self.axes_):
            lines = slice(block * tallest, min((block + 1) * tallest, n_lines))
            self._draw(panel, lines, tallest)
        return self

    def _axes(self, ax: Any, n_blocks: int, tallest: int, figsize: Any) -> np.ndarray:
        import matplotlib.pyplot as plt

        if ax is not None:
            return np.array([ax], dtype=object)
        _, n_columns, height, width, _ = self.images.shape
        if figsize is None:
            names = [
                str(label)
                for label in ([] if self.line_labels is None else self.line_labels)
            ]
            margin = 0.15 + 0.085 * max(map(len, names), default=0)
            side = (
                _CELL * width / max(height, width),
                _CELL * height / max(height, width),
            )
            figsize = (
                max(2.5, n_blocks * (n_columns * side[0] + margin)),
                0.15 + tallest * side[1] + (0.3 if self.column_labels else 0.0),
            )
        _, axes = plt.subplots(
            1, n_blocks, squeeze=False, figsize=figsize, layout="constrained"
        )
        return axes[0]

    def _draw(self, panel: Any, lines: slice, tallest: int) -> None:
        images = self.images[lines]
        n_missing = tallest - len(images)
        _, n_columns, height, width, _ = images.shape
        gap = max(1, round(0.05 * max(height, width)))
        if n_missing:  # keeps the scale of a last, shorter block
            missing = np.full((n_missing, *images.shape[1:]), np.nan)
            images = np.concatenate([images, missing])
        panel.imshow(mosaic(images, gap), interpolation="nearest")
        panel.set_frame_on(False)
        panel.tick_params(length=0, labelsize="small", pad=2)
        panel.set_xticks([])
        panel.set_yticks([])
        if self.line_labels is not None:
            labels = list(self.line_labels)[lines]
            middles = (np.arange(len(labels)) + 0.5) * (height + gap) - gap / 2 - 0.5
            panel.set_yticks(middles, [str(label) for label in labels])
        if self.column_labels is not None:
            middles = (np.arange(n_columns) + 0.5) * (width + gap) - gap / 2 - 0.5
            panel.set_xticks(middles, list(self.column_labels))
            panel.xaxis.tick_top()
            panel.tick_params(length=0)


def _fill(groups: list[np.ndarray], n_columns: int, wrap: bool = False) -> np.ndarray:
    """Put groups of images into lines, NaN where a line has too few."""
    if wrap:
        (images,) = groups
        groups = [images[i : i + n_columns] for i in range(0, len(images), n_columns)]
        n_columns = min(n_columns, len(images))
    grid = np.full((len(groups), n_columns, *groups[0].shape[1:]), np.nan)
    for line, images in zip(grid, groups, strict=True):
        line[: len(images)] = images
    return grid
