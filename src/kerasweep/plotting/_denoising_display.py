"""A gallery of clean, noisy and denoised images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasweep.plotting._style import BLACK, VERMILION

_CELL = 0.62  # inches


class DenoisingDisplay:
    """Images under growing noise, and what denoisers make of them.

    Use :meth:`from_denoisers` to make one.

    Parameters
    ----------
    rows : dict of str to ndarray of shape (n_levels, height, width, channels)
        For each line of the gallery its images, one per level.
    amounts : sequence of float
        The noise levels.
    predictions : dict of str to sequence, default=None
        For some lines what a classifier reads in each image.
    labels : array-like of shape (n_levels,), default=None
        What there is to read.
    data_range : (low, high), default=(0.0, 1.0)
        What is drawn black, and what white.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes, of shape (n_lines, n_levels)
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from kerasweep.plotting import DenoisingDisplay
    >>> from kerasweep.preprocessing import MedianFilter
    >>> X = load_digits().data / 16
    >>> median = MedianFilter().fit(X)
    >>> display = DenoisingDisplay.from_denoisers({"median": median}, X, [0.0, 0.3])
    >>> display.plot().axes_.shape
    (3, 2)
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        rows: Mapping[str, np.ndarray],
        amounts: Sequence[float],
        predictions: Mapping[str, Sequence[Any]] | None = None,
        labels: Any = None,
        data_range: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self.rows = rows
        self.amounts = amounts
        self.predictions = predictions
        self.labels = labels
        self.data_range = data_range

    @classmethod
    def from_denoisers(
        cls,
        denoisers: Mapping[str, Any],
        X: Any,
        amounts: Sequence[float],
        *,
        classifier: Any = None,
        y: Any = None,
        noise: Any = "salt_and_pepper",
        random_state: Any = 0,
        image_shape: Any = None,
        data_range: tuple[float, float] = (0.0, 1.0),
    ) -> "DenoisingDisplay":
        """Corrupt one image per level, denoise it by each method, and make a display.

        Parameters
        ----------
        denoisers : dict of str to fitted transformer
        X : array-like of shape (n_samples, ...)
            Clean images; the first is shown at the first level, and so on, over again
            if there are too few.
        amounts : sequence of float
            Levels: shares of salt and pepper in [0, 1], or standard deviations.
        classifier : fitted classifier, default=None
            Reads every image; see :meth:`plot`.
        y : array-like of shape (n_samples,), default=None
            True classes.
        noise : {"salt_and_pepper", "gaussian"}, SaltAndPepper or GaussianNoise, \
default="salt_and_pepper"
        random_state : int, RandomState instance or None, default=0
            Draws the noise.
        image_shape : (height, width[, channels]), default=None
            What a row stands for. None takes the shape of the images in X, or a
            square grey image.
        data_range : (low, high), default=(0.0, 1.0)
            What is drawn black, and what white.

        Returns
        -------
        display : DenoisingDisplay
        """
        from kerasweep.model_selection._noise_levels import (
            as_floats,
            check_request,
            noisy_rows,
        )
        from kerasweep.preprocessing._image_shape import resolve_image_shape

        owner = "DenoisingDisplay"
        methods, levels = check_request(owner, denoisers, amounts, 1)
        X = as_floats(X)
        shown = np.arange(len(levels)) % len(X)
        noisy = np.concatenate(
            [
                corrupted.X[i : i + 1]
                for i, corrupted in zip(
                    shown,
                    noisy_rows(owner, X, levels, noise, 1, random_state),
                    strict=True,
                )
            ]
        )
        rows = {"original": X[shown], "noisy": noisy}
        rows |= {name: method.transform(noisy) for name, method in methods.items()}
        read = None
        if classifier is not None:
            read = {name: classifier.predict(images) for name, images in rows.items()}
        shape = resolve_image_shape(owner, X.shape[1:], image_shape)
        return cls(
            rows={name: np.reshape(a, (-1, *shape)) for name, a in rows.items()},
            amounts=levels,
            predictions=read,
            labels=None if y is None else np.asarray(y)[shown],
            data_range=data_range,
        )

    def plot(
        self,
        *,
        figsize: tuple[float, float] | None = None,
        x_label: str = "noise (% of pixels replaced)",
        x_unit: float = 100.0,
    ) -> "DenoisingDisplay":
        """Draw one line per method and one column per noise level.

        Where a classifier read the images, its reading stands below each: black if
        right, vermilion and in brackets if wrong.

        Parameters
        ----------
        figsize : (width, height), default=None
            In inches; None fits the number of images.
        x_label : str, default="noise (% of pixels replaced)"
        x_unit : float, default=100.0
            What the amounts are multiplied by; 1 for a standard deviation.

        Returns
        -------
        self : DenoisingDisplay
        """
        import matplotlib.pyplot as plt
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        n_lines, n_levels = len(self.rows), len(self.amounts)
        read = self.predictions is not None
        if figsize is None:
            longest = max(map(len, self.rows))
            height = _CELL * (1.35 if read else 1.08)
            figsize = (
                max(3.5, 0.3 + 0.075 * longest + _CELL * 1.06 * n_levels),
                0.7 + height * n_lines,
            )
        self.figure_, self.axes_ = plt.subplots(
            n_lines,
            n_levels,
            squeeze=False,
            figsize=figsize,
            layout=ConstrainedLayoutEngine(
                w_pad=0.02, h_pad=0.01, wspace=0.01, hspace=0.02
            ),
        )
        for line, (name, images) in enumerate(self.rows.items()):
            for column, image in enumerate(images):
                self._draw(self.axes_[line, column], image, name, column)
            self.axes_[line, 0].set_ylabel(
                name, rotation=0, ha="right", va="center", fontsize="small"
            )
        for ax, amount in zip(self.axes_[0], self.amounts, strict=True):
            ax.set_title(f"{x_unit * amount:g}", fontsize="small")
        self.figure_.suptitle(x_label, fontsize="small")
        return self

    def _draw(self, ax: Any, image: np.ndarray, name: str, column: int) -> None:
        low, high = self.data_range
        shown = np.clip((image - low) / (high - low), 0, 1)
        ax.imshow(
            shown if shown.shape[2] == 3 else shown[..., 0],
            cmap="gray",
            vmin=0,
            vmax=1,
            interpolation="nearest",
        )
        ax.set_xticks([])
        ax.set_yticks([])
        if self.predictions is None or name not in self.predictions:
            return
        reading = self.predictions[name][column]
        wrong = self.labels is not None and reading != self.labels[column]
        ax.set_xlabel(
            f"[{reading}]" if wrong else f"{reading}",
            fontsize="x-small",
            color=VERMILION if wrong else BLACK,
            labelpad=1.5,
        )
