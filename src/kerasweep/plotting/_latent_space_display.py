"""What a two-dimensional latent space holds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasweep.plotting._mosaic import as_images, mosaic
from kerasweep.plotting._style import BLACK

# Radius that holds 95 % of a two-dimensional standard normal.
_RADIUS_95 = 2.4477
_SEVERAL = 20  # classes that a legend can tell apart by colour


class LatentSpaceDisplay:
    """The codes of rows, and what codes are decoded to, in two panels.

    Use :meth:`from_estimator` to make one.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, 2)
        Latent means.
    labels : ndarray of shape (n_samples,), default=None
        Classes, which colour the codes.
    manifold : ndarray of shape (n, n, height, width, channels), default=None
        Decoded images on a grid of quantiles of the standard normal: the first axis
        is the second latent unit, from its lowest value up.
    quantiles : ndarray of shape (n,), default=None
        Those quantiles' levels, in (0, 1).

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
    ax_ : matplotlib Axes
        The panel of the codes.
    figure_ : matplotlib Figure
    legend_ : matplotlib Legend or None

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from kerasweep import VariationalAutoencoder
    >>> from kerasweep.plotting import LatentSpaceDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> vae = VariationalAutoencoder(2, (32,), epochs=2, random_state=0).fit(X / 16)
    >>> display = LatentSpaceDisplay.from_estimator(vae, X / 16, y, n_grid=6).plot()
    >>> len(display.axes_), len(display.legend_.get_texts())
    (2, 10)
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        codes: np.ndarray,
        labels: np.ndarray | None = None,
        manifold: np.ndarray | None = None,
        quantiles: np.ndarray | None = None,
    ) -> None:
        self.codes = codes
        self.labels = labels
        self.manifold = manifold
        self.quantiles = quantiles

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        n_grid: int = 20,
        decode_as: Any = None,
        image_shape: Any = None,
    ) -> "LatentSpaceDisplay":
        """Encode rows, decode a grid, and make a display.

        Parameters
        ----------
        estimator : fitted VariationalAutoencoder
            With ``latent_dim=2``.
        X : array-like of shape (n_samples, n_features)
            Rows to encode; some thousands are enough.
        y : array-like of shape (n_samples,), default=None
            Their classes.
        n_grid : int, default=20
            Images along a side of the decoded grid.
        decode_as : label, default=None
            What a conditional estimator decodes the grid as.
        image_shape : (height, width[, channels]), default=None
            What a row stands for; None takes a square grey image.

        Returns
        -------
        display : LatentSpaceDisplay

        Raises
        ------
        ValueError
            If codes have another number of dimensions than two.
        """
        codes = np.asarray(estimator.transform(X))
        if codes.shape[1] != 2:
            raise ValueError(
                f"estimator of {cls.__name__} must have latent_dim=2. "
                f"Got {codes.shape[1]} instead."
            )
        if n_grid < 2:
            raise ValueError(
                f"n_grid of {cls.__name__} must be an integer of at least 2. "
                f"Got {n_grid!r} instead."
            )
        from scipy.stats import norm

        quantiles = (np.arange(n_grid) + 0.5) / n_grid
        at = norm.ppf(quantiles)
        grid = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
        labels = None if decode_as is None else np.full(len(grid), decode_as)
        rows = estimator.inverse_transform(grid, labels)
        pictures = as_images(cls.__name__, rows, image_shape)
        return cls(
            codes=codes,
            labels=None if y is None else np.asarray(y),
            manifold=pictures.reshape(n_grid, n_grid, *pictures.shape[1:]),
            quantiles=quantiles,
        )

    def plot(
        self, *, ax: Any = None, figsize: tuple[float, float] | None = None
    ) -> "LatentSpaceDisplay":
        """Draw the codes, and beside them the decoded grid.

        Parameters
        ----------
        ax : matplotlib Axes or two of them, default=None
            Where to draw: the codes alone, or both. None makes a figure.
        figsize : (width, height), default=None
            In inches.

        Returns
        -------
        self : LatentSpaceDisplay
        """
        import matplotlib.pyplot as plt

        n_panels = 1 if self.manifold is None else 2
        if ax is None:
            _, axes = plt.subplots(
                1,
                n_panels,
                squeeze=False,
                figsize=figsize or (0.6 + 5.4 * n_panels, 5.6),
                layout="constrained",
            )
            self.axes_ = axes[0]
        else:
            self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.legend_ = self._draw_codes(self.ax_)
        if len(self.axes_) > 1 and self.manifold is not None:
            self._draw_manifold(self.axes_[1])
        return self

    def _draw_codes(self, ax: Any) -> Any:
        from matplotlib.patches import Circle

        size = float(np.clip(40_000 / max(len(self.codes), 1), 3, 20))
        labels = self.labels
        if labels is None:
            ax.scatter(*self.codes.T, s=size, color="0.3", alpha=0.6, linewidths=0)
        else:
            classes = np.unique(labels)
            colors = np.asarray(_colors(len(classes)))
            order = np.random.default_rng(0).permutation(len(labels))
            number = np.searchsorted(classes, labels)
            ax.scatter(  # in a drawn order, so that no class covers the others
                *self.codes[order].T,
                s=size,
                c=colors[number[order]],
                alpha=0.7,
                linewidths=0,
            )
            self._name_classes(ax, classes, colors)
        ax.add_patch(
            Circle((0, 0), _RADIUS_95, fill=False, color=BLACK, ls="--", lw=1.0)
        )
        ax.annotate(
            "95 % of the prior",
            (0, -_RADIUS_95),
            xytext=(0, -3),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize="x-small",
            bbox={"facecolor": "white", "alpha": 0.7, "lw": 0, "pad": 1},
        )
        reach = max(_RADIUS_95 * 1.08, float(np.abs(self.codes).max()) * 1.03)
        ax.set(
            xlim=(-reach, reach),
            ylim=(-reach, reach),
            aspect="equal",
            xlabel="latent mean 1 (SD of the prior)",
            ylabel="latent mean 2 (SD of the prior)",
        )
        if labels is None:
            return None
        handles = [
            ax.scatter([], [], s=25, color=color, label=str(label))
            for label, color in zip(classes, colors, strict=True)
        ]
        return self._legend(ax, handles)

    def _legend(self, ax: Any, handles: Sequence[Any]) -> Any:
        longest = max(len(handle.get_label()) for handle in handles)
        columns = max(1, min(len(handles), 60 // (longest + 5)))
        rows = -(-len(handles) // columns)
        return ax.legend(
            handles=handles,
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=-(-len(handles) // rows),
            fontsize="x-small" if len(handles) > _SEVERAL else "small",
            frameon=False,
            handletextpad=0.1,
            columnspacing=0.8,
        )

    def _name_classes(self, ax: Any, classes: np.ndarray, colors: Any) -> None:
        for label, color in zip(classes, colors, strict=True):
            middle = np.median(self.codes[self.labels == label], axis=0)
            ax.annotate(
                str(label),
                middle,
                ha="center",
                va="center",
                fontsize="small",
                color=BLACK,
                bbox={
                    "boxstyle": "round,pad=0.15",
                    "facecolor": "white",
                    "edgecolor": color,
                    "alpha": 0.85,
                },
            )

    def _draw_manifold(self, ax: Any) -> None:
        assert self.manifold is not None and self.quantiles is not None
        n, _, height, width, _ = self.manifold.shape
        picture = mosaic(self.manifold[::-1], gap=0)  # the second unit grows upwards
        ax.imshow(picture, extent=(0, n, 0, n), interpolation="nearest")
        ax.set_aspect(height / width)
        ticks = np.unique(np.linspace(0, n - 1, min(n, 5)).round().astype(int))
        names = [f"{100 * self.quantiles[i]:.3g} %" for i in ticks]
        ax.set_xticks(ticks + 0.5, names)
        ax.set_yticks(ticks + 0.5, names)
        ax.set_xlabel("decoded: quantile of latent unit 1")
        ax.set_ylabel("quantile of latent unit 2")


def _colors(n_classes: int) -> list[Any]:
    """Return one colour per class: neighbours differ in hue, and in lightness too."""
    from matplotlib import colormaps

    if n_classes <= 10:
        return list(colormaps["tab10"](np.arange(n_classes)))
    if n_classes <= _SEVERAL:
        return list(colormaps["tab20"](np.arange(n_classes)))
    return list(colormaps["nipy_spectral"](np.linspace(0.05, 0.95, n_classes)))
