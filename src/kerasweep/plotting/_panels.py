"""One panel per parameter: every candidate, and the marginal means."""

from typing import Any

import numpy as np

from kerasweep.model_selection._replicate_summary import mean_and_sd
from kerasweep.plotting._parameter_axis import ParameterAxis
from kerasweep.plotting._results import far_below
from kerasweep.plotting._style import BLACK, BLUE, VERMILION, factor_label

_MOST_COLUMNS = 4
_N_BINS = 5
_RING: dict[str, Any] = {
    "marker": "o",
    "markersize": 9,
    "markerfacecolor": "none",
    "markeredgecolor": BLACK,
    "markeredgewidth": 1.5,
}


def draw_panels(
    given: Any,
    parameters: dict[str, ParameterAxis],
    rows: dict[str, np.ndarray],
    selected: int | None,
) -> tuple[np.ndarray, dict[str, Any], dict[str, Any], Any]:
    """Draw the panels.

    Parameters
    ----------
    given : None, or matplotlib Axes or array-like of them
        Where to draw: one panel per parameter for the first row, then the next row's.
    parameters : dict of str to ParameterAxis
    rows : dict of str to ndarray of shape (n_candidates,)
        What is drawn against the parameters, by its label: the score, then the others.
    selected : int or None

    Returns
    -------
    axes : ndarray of matplotlib Axes
    errorbars, points : dict of str to artist
        Those of the first row, by the parameter's name.
    legend : matplotlib Legend
    """
    axes, table = _layout(given, len(parameters), len(rows))
    errorbars: dict[str, Any] = {}
    points: dict[str, Any] = {}
    for row, (label, values) in enumerate(rows.items()):
        shared = table[row]
        low_ones = far_below(values) if row == 0 else np.zeros(len(values), bool)
        for panel, (name, axis) in zip(shared, parameters.items(), strict=True):
            drawn = _draw_panel(panel, axis, values, low_ones, selected, row)
            if row == 0:
                errorbars[name], points[name] = drawn
            panel.set_xlabel(factor_label(name))
            spec = panel.get_subplotspec()
            panel.set_ylabel(label if spec is None or spec.is_first_col() else "")
        _share_ordinate(shared, list(parameters.values()), values, low_ones)
    discrete = [axis.discrete for axis in parameters.values()]
    score = next(iter(rows.values()))
    low = score[far_below(score)]
    legend = _legend(axes[0], discrete, low, selected is not None, own=given is None)
    return axes, errorbars, points, legend


def _layout(given: Any, n_panels: int, n_rows: int) -> tuple[np.ndarray, list[Any]]:
    """Return all axes, and those of each row."""
    import matplotlib.pyplot as plt

    if given is not None:
        axes = np.atleast_1d(np.asarray(given, dtype=object)).ravel()
        if len(axes) != n_panels * n_rows:
            raise ValueError(
                f"ax of GridSearchDisplay must be {n_panels * n_rows} axes, one a "
                f"panel. Got {len(axes)} instead."
            )
        return axes, list(axes.reshape(n_rows, n_panels))
    columns = min(n_panels, _MOST_COLUMNS)
    lines = -(-n_panels // columns)
    _, grid = plt.subplots(
        lines * n_rows,
        columns,
        squeeze=False,
        figsize=(max(4.6, 2.7 * columns + 0.6), 2.6 * lines * n_rows + 0.7),
        layout="constrained",
    )
    table = []
    for row in range(n_rows):
        cells = grid[row::n_rows].ravel()
        table.append(cells[:n_panels])
        for cell in cells[n_panels:]:
            cell.remove()
    return np.concatenate(table), table


def _draw_panel(
    panel: Any,
    axis: ParameterAxis,
    values: np.ndarray,
    low_ones: np.ndarray,
    selected: int | None,
    row: int,
) -> tuple[Any, Any]:
    from matplotlib.transforms import ScaledTranslation

    color = BLUE if row == 0 else VERMILION
    at, means, sds = _marginals(axis, np.where(low_ones, np.nan, values))
    aside = ScaledTranslation(6 / 72, 0, panel.figure.dpi_scale_trans)
    transform = panel.transData + aside if axis.discrete else panel.transData
    (points,) = panel.plot(
        axis.positions,
        values,
        linestyle="none",
        marker="o",
        markersize=4,
        color=color,
        alpha=0.45 if len(values) < 200 else 0.25,
        markeredgewidth=0,
        transform=transform,
        zorder=2.5,
    )
    if low_ones.any():
        panel.plot(
            axis.positions[low_ones],
            np.full(low_ones.sum(), 0.02),
            transform=panel.get_xaxis_transform() + aside,
            linestyle="none",
            marker="v",
            markersize=6,
            color=color,
            markeredgewidth=0,
        )
    errorbar = panel.errorbar(
        at,
        means,
        yerr=sds,
        color=color,
        marker="s",
        markersize=5,
        linewidth=1.4,
        linestyle="-" if axis.scale != "category" else "none",
        elinewidth=1.2,
        capsize=4,
        zorder=3,
    )
    if selected is not None and not np.isnan(values[selected]):
        panel.plot(
            axis.positions[selected],
            values[selected],
            linestyle="none",
            **_RING,
            transform=transform,
            zorder=4,
        )
    _set_abscissa(panel, axis)
    panel.grid(axis="y", color="0.9", linewidth=0.8)
    panel.set_axisbelow(True)
    return errorbar, points


def _marginals(
    axis: ParameterAxis, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means over the candidates of a value, or of bins of equal counts."""
    done = np.flatnonzero(~np.isnan(values))
    if axis.discrete:
        levels = np.unique(axis.positions[done])
        groups = [done[axis.positions[done] == level] for level in levels]
    else:
        order = done[np.argsort(axis.positions[done], kind="stable")]
        groups = np.array_split(order, max(1, min(_N_BINS, len(order) // 3)))
        groups = [group for group in groups if len(group)]
    at = np.array([axis.positions[group].mean() for group in groups])
    summaries = [mean_and_sd(values[group]) for group in groups]
    means, sds = np.array(summaries).reshape(-1, 2).T
    return at, means, sds


def _set_abscissa(panel: Any, axis: ParameterAxis) -> None:
    panel.set_xticks(axis.ticks, axis.labels)
    panel.set_xlim(-0.12, 1.14)
    # about 34 characters are as wide as a panel
    room = 34 / max(len(axis.labels), 1)
    if max(map(_printed, axis.labels)) > room:
        panel.set_xticks(
            axis.ticks,
            axis.labels,
            rotation=30,
            ha="right",
            rotation_mode="anchor",
            fontsize="small",
        )


def _printed(label: str) -> int:
    """Return about how many characters a label shows."""
    return len(label.replace(r"\cdot", ".").translate(str.maketrans("", "", "${}^")))


def _share_ordinate(
    panels: Any, axes: list[ParameterAxis], values: np.ndarray, low_ones: np.ndarray
) -> None:
    """Give panels one range, which points far below do not stretch."""
    near = np.where(low_ones, np.nan, values)
    ends = [near]
    for axis in axes:
        _, means, sds = _marginals(axis, near)
        sds = np.nan_to_num(sds)
        ends += [means - sds, means + sds]
    shown = np.concatenate(ends)
    if np.all(np.isnan(shown)):
        return
    low, high = np.nanmin(shown), np.nanmax(shown)
    pad = 0.06 * (high - low) or 0.01 * abs(high) or 1.0
    for panel in panels:
        panel.set_ylim(low - (2 if low_ones.any() else 1) * pad, high + pad)
        panel.yaxis.get_major_formatter().set_useOffset(False)


def _legend(
    ax: Any, discrete: list[bool], low: np.ndarray, selected: bool, *, own: bool
) -> Any:
    """Say what is drawn; `low` are the values that lie below the panels."""
    from matplotlib.lines import Line2D

    def entry(label: str, **style: Any) -> Any:
        return Line2D([], [], label=label, **{"linestyle": "none", **style})

    value, bins = "the candidates with that value", "bins of equally many candidates"
    if all(discrete):
        groups = value
    else:
        groups = f"{value}, or of {bins}" if any(discrete) else bins
    handles = [
        entry(f"mean ± SD of {groups}", color=BLUE, marker="s", linestyle="-"),
        entry("a candidate", color=BLUE, marker="o", markersize=4, alpha=0.45),
    ]
    if len(low):
        text = f"left out of the means: {low.min():.4g}"
        if low.max() > low.min():
            text += f" to {low.max():.4g}"
        handles.append(entry(text, color=BLUE, marker="v", markersize=6))
    if selected:
        handles.append(entry("selected", **_RING))
    if own:
        columns = len(handles) if len(ax.figure.axes) > 2 else 1
        return ax.figure.legend(
            handles=handles,
            fontsize="small",
            loc="outside upper center",
            ncols=columns,
            frameon=False,
        )
    return ax.legend(handles=handles, fontsize="small", loc="best", framealpha=0.8)
