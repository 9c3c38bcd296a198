"""Accuracy, or image quality, against the noise."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.plotting._style import BLACK, CYCLE, add_legend, new_axes

if TYPE_CHECKING:
    import pandas as pd

_LABELS = {
    "accuracy": "accuracy (%)",
    "macro_tpr": "macro true-positive rate (%)",
    "psnr": "PSNR (dB)",
    "ssim": "SSIM",
}
_SHARES = ("accuracy", "macro_tpr")
_DASHES = ("-", "--", "-.", ":")
_MARKERS = "osD^vPX"
_HALF: dict[str, Any] = {
    "linestyle": "none",
    "marker": "|",
    "markersize": 13,
    "markeredgewidth": 2.0,
}


class NoiseRobustnessDisplay:
    """Curves of several methods against the noise level, with their intervals.

    Use :meth:`from_frame` or :meth:`from_estimators` to make one.

    Parameters
    ----------
    frame : DataFrame
        Columns `method`, `amount`, and for each metric of `metrics` its value and the
        ends of its interval, as `accuracy`, `accuracy_low`, `accuracy_high`. Rows of
        one method and amount are repeats, and are averaged.
    half_accuracy : DataFrame, default=None
        From :func:`kerasweep.model_selection.half_accuracy_amounts`.
    interval : str, default="95 % interval"
        What the bands are, for the legend.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One per metric.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
    lines_ : dict of (method, metric) to matplotlib Line2D
    legend_ : matplotlib Legend

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from kerasweep.plotting import NoiseRobustnessDisplay
    >>> frame = pd.DataFrame({"method": "a", "amount": [0, 1], "accuracy": [0.9, 0.1]})
    >>> frame["accuracy_low"] = frame["accuracy"] - 0.05
    >>> frame["accuracy_high"] = frame["accuracy"] + 0.05
    >>> display = NoiseRobustnessDisplay.from_frame(frame).plot()
    >>> display.ax_.get_ylabel()
    'accuracy (%)'
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        frame: "pd.DataFrame",
        half_accuracy: "pd.DataFrame | None" = None,
        interval: str = "95 % interval",
    ) -> None:
        self.frame = frame
        self.half_accuracy = half_accuracy
        self.interval = interval

    @classmethod
    def from_frame(
        cls, frame: "pd.DataFrame", *, interval: str = "95 % interval"
    ) -> "NoiseRobustnessDisplay":
        """Make a display of measured curves.

        Parameters
        ----------
        frame : DataFrame
            From :func:`kerasweep.model_selection.noise_robustness` or
            :func:`~kerasweep.model_selection.denoising_quality`.
        interval : str, default="95 % interval"
            What the bands are, for the legend.

        Returns
        -------
        display : NoiseRobustnessDisplay
        """
        from kerasweep.model_selection import half_accuracy_amounts

        missing = [c for c in ("method", "amount") if c not in frame.columns]
        if missing or not _metrics_of(frame):
            raise ValueError(
                "frame of NoiseRobustnessDisplay must have the columns method, amount "
                "and a metric with its _low and _high, as noise_robustness gives them. "
                f"Got {list(frame.columns)} instead."
            )
        half = half_accuracy_amounts(frame) if "accuracy" in frame.columns else None
        return cls(frame=frame, half_accuracy=half, interval=interval)

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any],
        X: Any,
        y: Any,
        amounts: Sequence[float],
        **settings: Any,
    ) -> "NoiseRobustnessDisplay":
        """Measure fitted classifiers and make a display of it.

        Parameters
        ----------
        estimators, X, y, amounts
            As in :func:`kerasweep.model_selection.noise_robustness`.
        **settings : dict
            More of its arguments.

        Returns
        -------
        display : NoiseRobustnessDisplay
        """
        from kerasweep.model_selection import noise_robustness

        frame = noise_robustness(estimators, X, y, amounts, **settings)
        percent = 100 * float(settings.get("confidence", 0.95))
        return cls.from_frame(frame, interval=f"{percent:g} % interval")

    def plot(
        self,
        *,
        ax: Any = None,
        metrics: Sequence[str] | None = None,
        x_label: str = "noise (% of pixels replaced)",
        x_unit: float = 100.0,
    ) -> "NoiseRobustnessDisplay":
        """Draw one panel per metric.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw, one per metric; None makes a figure.
        metrics : sequence of str, default=None
            None draws all that the frame has.
        x_label : str, default="noise (% of pixels replaced)"
        x_unit : float, default=100.0
            What the amounts are multiplied by; 1 for a standard deviation.

        Returns
        -------
        self : NoiseRobustnessDisplay
        """
        chosen = _metrics_of(self.frame) if metrics is None else list(metrics)
        for name in chosen:
            if name not in _metrics_of(self.frame):
                raise ValueError(
                    "metrics of NoiseRobustnessDisplay must be among "
                    f"{', '.join(map(repr, _metrics_of(self.frame)))}. Got {name!r} "
                    "instead."
                )
        own = ax is None
        methods = list(dict.fromkeys(self.frame["method"]))
        if own:
            legend_lines = -(-(len(methods) + 2) // 2)
            height = 0.5 + 0.2 * legend_lines + 3.1 * len(chosen)
            _, axes = new_axes(len(chosen), (6.8, height))
        else:
            axes = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
            if len(axes) != len(chosen):
                raise ValueError(
                    f"ax of NoiseRobustnessDisplay must be {len(chosen)} axes, one a "
                    f"metric. Got {len(axes)} instead."
                )
        self.axes_, self.ax_, self.figure_ = axes, axes[0], axes[0].figure
        self.lines_: dict[tuple[str, str], Any] = {}
        for panel, metric in zip(axes, chosen, strict=True):
            for i, method in enumerate(methods):
                self._draw(panel, metric, method, i, x_unit)
            panel.set_ylabel(_LABELS.get(metric, metric))
            if metric in _SHARES:
                panel.set_ylim(0, 102)
            panel.margins(x=0.02)
            panel.grid(color="0.9", linewidth=0.8)
            panel.set_axisbelow(True)
            if not own or panel is axes[-1]:
                panel.set_xlabel(x_label)
        handles = self._legend_handles(methods, chosen[0], x_unit)
        self.legend_ = add_legend(
            self.figure_,
            self.ax_,
            handles,
            [handle.get_label() for handle in handles],
            own=own,
            ncols=2 if own else 1,
        )
        return self

    def _draw(self, panel: Any, metric: str, method: str, i: int, unit: float) -> None:
        rows = self.frame[self.frame["method"] == method]
        columns = [metric, f"{metric}_low", f"{metric}_high"]
        curve = rows.groupby("amount")[columns].mean().sort_index()
        x = unit * curve.index.to_numpy(dtype=np.float64)
        scale = 100.0 if metric in _SHARES else 1.0
        value, low, high = (scale * curve[c].to_numpy(np.float64) for c in columns)
        value = np.where(np.isfinite(value), value, np.nan)  # images restored exactly
        color = CYCLE[i % len(CYCLE)]
        panel.fill_between(x, low, high, color=color, alpha=0.25, linewidth=0)
        (self.lines_[method, metric],) = panel.plot(
            x,
            value,
            color=color,
            linestyle=_DASHES[i % len(_DASHES)],
            marker=_MARKERS[i % len(_MARKERS)],
            markersize=4,
            linewidth=1.5,
            label=method,
        )
        half = self._half(method)
        if metric == "accuracy" and half is not None:
            panel.plot(unit * half[0], scale * half[1], color=color, zorder=5, **_HALF)

    def _half(self, method: str) -> tuple[float, float] | None:
        """Return the level that halves a method's accuracy, and that half."""
        if self.half_accuracy is None:
            return None
        row = self.half_accuracy[self.half_accuracy["method"] == method]
        if not len(row) or not np.isfinite(row["amount"].iloc[0]):
            return None
        return float(row["amount"].iloc[0]), float(row["accuracy"].iloc[0]) / 2

    def _legend_handles(self, methods: list[str], metric: str, unit: float) -> Any:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        handles: list[Any] = []
        marked = False
        for method in methods:
            line = self.lines_[method, metric]
            half = self._half(method) if metric == "accuracy" else None
            marked = marked or half is not None
            percent = " %" if unit == 100 else ""
            text = "" if half is None else f" (half at {unit * half[0]:.3g}{percent})"
            handle = Line2D([], [])
            handle.update_from(line)
            handle.set_label(method + text)
            handles.append(handle)
        if marked:
            handles.append(
                Line2D([], [], color=BLACK, label="half of the accuracy lost", **_HALF)
            )
            handles[-1].set_markersize(9)
        handles.append(Patch(color="0.5", alpha=0.35, label=self.interval))
        return handles


def _metrics_of(frame: "pd.DataFrame") -> list[str]:
    return [
        name
        for name in map(str, frame.columns)
        if {f"{name}_low", f"{name}_high"} <= set(frame.columns)
    ]
