"""Loss and accuracy against the epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.plotting._generalization_gap import (
    focus_on_later_epochs,
    shade_gap,
    write_gap,
)
from kerasweep.plotting._histories import (
    is_dict_of_fits,
    read_estimator,
    read_history,
)
from kerasweep.plotting._style import (
    BLACK,
    BLUE,
    CYCLE,
    VERMILION,
    add_legend,
    is_share,
    new_axes,
    score_label,
)

if TYPE_CHECKING:
    import pandas as pd

_ROWS = ("", "val_")  # training and validation, in a history's names
_BEST: dict[str, Any] = {
    "linestyle": "none",
    "marker": "D",
    "markersize": 7,
    "markerfacecolor": "none",
    "markeredgecolor": BLACK,
    "markeredgewidth": 1.4,
}


class LearningCurvesDisplay:
    """Curves of one or several fits, one panel per metric.

    Use :meth:`from_estimator` or :meth:`from_history` to make one.

    Parameters
    ----------
    histories : dict of str to dict of str to list of float
        For each label the values of each metric, one per epoch, under Keras' names:
        "loss", "accuracy", "val_loss", "val_accuracy".
    best_epochs : dict of str to int, default=None
        For some labels the epoch, from 0, whose weights were kept.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One per metric, the loss first.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
    lines_ : dict of (label, metric) to matplotlib Line2D
        The curves; a metric on validation rows has the prefix ``val_``.
    gaps_ : dict of (label, metric) to matplotlib Text
        The gaps that ``gap=True`` writes out.
    legend_ : matplotlib Legend or None

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from kerasweep.plotting import LearningCurvesDisplay
    >>> history = {"loss": [0.9, 0.4], "accuracy": [0.7, 0.9]}
    >>> display = LearningCurvesDisplay.from_history(history).plot()
    >>> [ax.get_ylabel() for ax in display.axes_]
    ['loss', 'accuracy (%)']
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        histories: Mapping[str, Mapping[str, Sequence[float]]],
        best_epochs: Mapping[str, int] | None = None,
    ) -> None:
        self.histories = histories
        self.best_epochs = best_epochs

    @classmethod
    def from_estimator(cls, estimator: Any) -> "LearningCurvesDisplay":
        """Make a display of a fitted network.

        Parameters
        ----------
        estimator : fitted estimator
            One with ``history_``, a pipeline that ends in one, or a search that was
            refitted. An attribute ``best_epoch_`` is marked.

        Returns
        -------
        display : LearningCurvesDisplay
        """
        history, best_epoch = read_estimator(estimator)
        return cls(
            histories={"": history},
            best_epochs=None if best_epoch is None else {"": best_epoch},
        )

    @classmethod
    def from_history(cls, history: Any) -> "LearningCurvesDisplay":
        """Make a display of one history, or of several to compare.

        Parameters
        ----------
        history : dict, estimator, or a list or dict of these
            A dict of metric to values, something with such a dict as ``history`` (as
            ``Model.fit`` returns), a fitted estimator as in :meth:`from_estimator`, a
            list of these, or a dict of label to these.

        Returns
        -------
        display : LearningCurvesDisplay
        """
        if isinstance(history, (list, tuple)):
            history = {f"fit {i}": one for i, one in enumerate(history)}
        elif not is_dict_of_fits(history):
            history = {"": history}
        if not history:
            raise ValueError(
                "history of LearningCurvesDisplay must hold at least one fit. "
                "Got none instead."
            )
        histories, best_epochs = {}, {}
        for label, one in history.items():
            histories[str(label)], best_epoch = read_history(one)
            if best_epoch is not None:
                best_epochs[str(label)] = best_epoch
        return cls(histories=histories, best_epochs=best_epochs or None)

    def to_frame(self) -> "pd.DataFrame":
        """Return the curves as a table.

        Returns
        -------
        frame : DataFrame
            One row per epoch of a fit: `label`, `epoch` (from 1), and one column per
            metric.
        """
        import pandas as pd

        frames = []
        for label, history in self.histories.items():
            frame = pd.DataFrame({k: list(v) for k, v in history.items()})
            frame.insert(0, "epoch", np.arange(1, len(frame) + 1))
            frame.insert(0, "label", label)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def plot(
        self,
        *,
        ax: Any = None,
        metrics: Sequence[str] | None = None,
        gap: bool = False,
    ) -> "LearningCurvesDisplay":
        """Draw one panel per metric, with training and validation curves.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw, one per metric, or with `gap` one per metric and fit; None
            makes a figure.
        metrics : sequence of str, default=None
            Metrics to draw, without the prefix ``val_``. None draws the loss, and
            the accuracy where there is one.
        gap : bool, default=False
            Whether each fit gets a column of its own, with the gap between its two
            curves shaded, and written out for the best epoch, or else the last one:
            training minus validation accuracy in percentage points, validation minus
            training loss. Either is positive where the network does better on the
            rows that it learnt from. With dropout the gap can be negative, since the
            curve on training rows is measured while units are dropped. The panels
            show the range of the curves after the first tenth of the epochs, so that
            the gap is not dwarfed by the start.

        Returns
        -------
        self : LearningCurvesDisplay
        """
        chosen = self._choose_metrics(metrics)
        own = ax is None
        columns = len(self.histories) if gap else 1
        colors = self._colors(one_each=gap)
        handles = self._legend_handles(chosen, colors, gap)
        ncols = min(4, max(3, len(handles) // 4))
        if own:
            height = 0.4 + 0.18 * -(-len(handles) // ncols) + 2.0 * len(chosen)
            width = 6.4 if columns == 1 else 3.4 * columns + 0.6
            _, axes = new_axes(len(chosen), (width, max(height, 3.4)), columns)
        else:
            axes = _check_axes(ax, chosen, columns)
        grid = axes.reshape(len(chosen), columns)
        self.axes_, self.ax_, self.figure_ = axes, axes[0], axes[0].figure
        self.lines_: dict[tuple[str, str], Any] = {}
        for panels, metric in zip(grid, chosen, strict=True):
            for i, (label, train_color, val_color) in enumerate(colors):
                panel = panels[i if gap else 0]
                self._draw_fit(panel, metric, label, train_color, val_color)
            panels[0].set_ylabel(score_label(metric))
            for panel in panels:
                panel.grid(color="0.9", linewidth=0.8)
                panel.set_axisbelow(True)
        _set_epochs(grid, own)
        self.gaps_: dict[tuple[str, str], Any] = {}
        if gap:
            self._draw_gaps(grid, chosen)
        self.legend_ = add_legend(
            self.figure_,
            self.ax_,
            handles,
            [handle.get_label() for handle in handles],
            own=own,
            ncols=ncols if own else 1,
        )
        return self

    def _choose_metrics(self, metrics: Sequence[str] | None) -> list[str]:
        names = [name for history in self.histories.values() for name in history]
        known = list(dict.fromkeys(name.removeprefix("val_") for name in names))
        if metrics is None:
            chosen: list[str] = [name for name in ("loss", "accuracy") if name in known]
            return chosen or known[:1]
        for name in metrics:
            if name not in known:
                raise ValueError(
                    "metrics of LearningCurvesDisplay must be among "
                    f"{', '.join(map(repr, known))}. Got {name!r} instead."
                )
        return list(metrics)

    def _colors(self, *, one_each: bool) -> list[tuple[str, Any, Any]]:
        """Return each label with its colours for training and validation."""
        labels = list(self.histories)
        if one_each or len(labels) == 1:
            return [(label, VERMILION, BLUE) for label in labels]
        if len(labels) <= len(CYCLE):
            return [(label, CYCLE[i], CYCLE[i]) for i, label in enumerate(labels)]
        from matplotlib import colormaps

        shades = colormaps["viridis"](np.linspace(0, 0.92, len(labels)))
        return [(label, c, c) for label, c in zip(labels, shades, strict=True)]

    def _legend_handles(
        self, metrics: list[str], colors: list[tuple[str, Any, Any]], gap: bool
    ) -> list[Any]:
        """Return one entry per fit, a kind of rows, and the mark of the best epoch."""
        from matplotlib.lines import Line2D

        several = len(colors) > 1 and not gap
        names = {name for history in self.histories.values() for name in history}
        handles = [Line2D([], [], color=c, label=lb) for lb, _, c in colors if several]
        if not names.isdisjoint(metrics):
            color = "0.4" if several else VERMILION
            handles.append(
                Line2D([], [], color=color, linestyle="--", label="training")
            )
        if not names.isdisjoint(f"val_{metric}" for metric in metrics):
            color = "0.4" if several else BLUE
            handles.append(Line2D([], [], color=color, label="validation"))
            if self.best_epochs:
                epochs = [epoch + 1 for epoch in self.best_epochs.values()]
                at = f" ({epochs[0]})" if len(epochs) == 1 else ""
                handles.append(Line2D([], [], label=f"best epoch{at}", **_BEST))
        return handles

    def _draw_fit(
        self, panel: Any, metric: str, label: str, train_color: Any, val_color: Any
    ) -> None:
        history = self.histories[label]
        unit = 100.0 if is_share(metric) else 1.0
        for name, style, color in (
            (metric, "--", train_color),
            (f"val_{metric}", "-", val_color),
        ):
            if name not in history:
                continue
            values = unit * np.asarray(history[name], dtype=np.float64)
            (self.lines_[label, name],) = panel.plot(
                np.arange(1, len(values) + 1),
                values,
                linestyle=style,
                color=color,
                linewidth=1.5,
                marker="o" if len(values) == 1 else None,
            )
        best = (self.best_epochs or {}).get(label)
        curve = self.lines_.get((label, f"val_{metric}"))
        if best is not None and curve is not None and best < len(curve.get_ydata()):
            panel.plot(
                best + 1, curve.get_ydata()[best], zorder=4, clip_on=False, **_BEST
            )

    def _draw_gaps(self, grid: Any, metrics: list[str]) -> None:
        """Shade each fit's gap, once all panels have their limits."""
        for row, metric in zip(grid, metrics, strict=True):
            names = [rows + metric for rows in _ROWS]
            drawn = [c for (_, name), c in self.lines_.items() if name in names]
            focus_on_later_epochs(row, [curve.get_ydata() for curve in drawn])
        for i, label in enumerate(self.histories):
            grid[0, i].set_title(label, fontsize="medium")
            for panel, metric in zip(grid[:, i], metrics, strict=True):
                train, held_out = (
                    self.lines_.get((label, rows + metric)) for rows in _ROWS
                )
                if train is None or held_out is None:
                    continue
                shade_gap(panel, train, held_out)
                best = (self.best_epochs or {}).get(label)
                text = write_gap(panel, train, held_out, best, is_share(metric))
                if text is not None:
                    self.gaps_[label, metric] = text


def _set_epochs(grid: Any, own: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    for panel in grid.ravel():
        panel.margins(x=0.01)  # wider ones would show an epoch 0
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if not own or panel in grid[-1]:
            panel.set_xlabel("epoch")


def _check_axes(ax: Any, metrics: list[str], columns: int) -> np.ndarray:
    axes = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
    if len(axes) != len(metrics) * columns:
        many = "" if columns == 1 else f" and of {columns} fits"
        raise ValueError(
            f"ax of LearningCurvesDisplay must be {len(metrics) * columns} axes, one "
            f"for each of {', '.join(map(repr, metrics))}{many}. Got {len(axes)} "
            "instead."
        )
    return axes
