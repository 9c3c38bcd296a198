"""Parallel coordinates: one axis per parameter, one line per candidate."""

from typing import Any

import numpy as np

from kerasweep.plotting._parameter_axis import ParameterAxis
from kerasweep.plotting._results import far_below
from kerasweep.plotting._style import BLACK, factor_label

_SPREAD = 0.05  # an axis' share over which lines through one value are spread


def draw_parallel(
    ax: Any,
    parameters: dict[str, ParameterAxis],
    scores: np.ndarray,
    selected: int | None,
    score_label: str,
) -> tuple[list[Any], Any, Any]:
    """Draw the axes and the lines.

    Parameters
    ----------
    ax : matplotlib Axes
    parameters : dict of str to ParameterAxis
    scores : ndarray of shape (n_candidates,)
        NaN ends a line at the last parameter.
    selected : int or None
        The candidate drawn on top.
    score_label : str

    Returns
    -------
    lines : list of matplotlib PathPatch
        One per candidate.
    colorbar : matplotlib Colorbar
    legend : matplotlib Legend or None
    """
    from matplotlib.cm import ScalarMappable

    low_ones = far_below(scores)
    places, ticks, labels = _score_axis(scores, low_ones)
    mappable = ScalarMappable(_color_range(scores[~low_ones]), "viridis")
    colors = mappable.to_rgba(scores)
    colors[np.isnan(scores)] = (0.55, 0.55, 0.55, 1.0)
    heights = np.column_stack([_spread(parameters, scores), places])
    order = np.argsort(np.where(np.isnan(scores), -np.inf, scores), kind="stable")
    lines: list[Any] = [None] * len(scores)
    for depth, i in enumerate(order):
        top = i == selected
        lines[i] = ax.add_patch(_line(heights[i], colors[i], top))
        lines[i].set_zorder(4 if top else 2 + depth / len(order))
        if not top and len(scores) > 40:
            lines[i].set_alpha(0.7)
    for x, axis in enumerate(parameters.values()):
        _draw_axis(ax, x, axis.ticks, axis.labels, left=True)
    _draw_axis(ax, len(parameters), ticks, labels, left=False)
    _frame(ax, [*map(factor_label, parameters), score_label])
    extend = "min" if low_ones.any() else "neither"
    colorbar = ax.figure.colorbar(
        mappable, ax=ax, label=score_label, extend=extend, shrink=0.85, pad=0.02
    )
    return lines, colorbar, _legend(ax, lines, scores, selected)


def _line(heights: np.ndarray, color: Any, top: bool) -> Any:
    """Return the line of a candidate, level where it meets an axis."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    from matplotlib.patheffects import Normal, Stroke

    failed = bool(np.isnan(heights[-1]))
    ys = heights[:-1] if failed else heights
    vertices, codes = [(0.0, ys[0])], [Path.MOVETO]
    for x in range(len(ys) - 1):
        vertices += [(x + 0.4, ys[x]), (x + 0.6, ys[x + 1]), (x + 1.0, ys[x + 1])]
        codes += [Path.CURVE4] * 3
    line = PathPatch(
        Path(vertices, codes),
        facecolor="none",
        edgecolor=color,
        linewidth=3.0 if top else 1.3,
        linestyle=":" if failed else "-",
        capstyle="round",
    )
    if top:
        line.set_path_effects([Stroke(linewidth=5.5, foreground=BLACK), Normal()])
    return line


def _score_axis(
    scores: np.ndarray, low_ones: np.ndarray
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the scores' places on an axis from 0 to 1, its ticks and their labels.

    Scores far below the others share a tick below them.
    """
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    known = scores[~np.isnan(scores) & ~low_ones]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    if high <= low:
        pad = abs(low) * 0.01 or 1.0
        low, high = low - pad, high + pad
    ticks = np.asarray(MaxNLocator(6).tick_values(low, high))
    ticks = ticks[(ticks >= low - 1e-12) & (ticks <= high + 1e-12)]
    formatter = ScalarFormatter(useOffset=False)
    formatter.create_dummy_axis()
    labels = list(formatter.format_ticks(ticks.tolist()))
    floor = 0.12 if low_ones.any() else 0.0
    places = floor + (1 - floor) * (scores - low) / (high - low)
    at = floor + (1 - floor) * (ticks - low) / (high - low)
    if low_ones.any():
        places[low_ones] = 0.0
        lowest, highest = scores[low_ones].min(), scores[low_ones].max()
        text = f"{lowest:.4g}" + (f" to {highest:.4g}" if highest > lowest else "")
        at, labels = np.append(0.0, at), [text, *labels]
    return places, at, labels


def _color_range(scores: np.ndarray) -> Any:
    from matplotlib.colors import Normalize

    known = scores[~np.isnan(scores)]
    if not len(known):
        return Normalize(0, 1)
    pad = 1.0 if known.min() == known.max() else 0.0
    return Normalize(known.min() - pad, known.max() + pad)


def _legend(ax: Any, lines: list[Any], scores: np.ndarray, selected: int | None) -> Any:
    """Say what the thick line is, and the dotted ones."""
    from matplotlib.lines import Line2D

    handles = []
    if selected is not None:
        color = lines[selected].get_edgecolor()
        handles.append(Line2D([], [], color=color, linewidth=3.0, label="selected"))
        handles[0].set_path_effects(lines[selected].get_path_effects())
    n_failed = int(np.isnan(scores).sum())
    if n_failed:
        text = f"{n_failed} failed candidate{'s' if n_failed > 1 else ''}"
        handles.append(Line2D([], [], color="0.55", linestyle=":", label=text))
    if not handles:
        return None
    return ax.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(1.0, -0.01),
        ncols=len(handles),
        fontsize="small",
        frameon=False,
    )


def _frame(ax: Any, names: list[str]) -> None:
    import textwrap

    ax.set_xticks(
        range(len(names)), ["\n".join(textwrap.wrap(name, 16)) for name in names]
    )
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", length=0, pad=4)
    ax.set_xlim(-0.45, len(names) - 0.6)
    ax.set_ylim(-0.06, 1.06)
    ax.yaxis.set_visible(False)
    for side in ax.spines.values():
        side.set_visible(False)


def _spread(parameters: dict[str, ParameterAxis], scores: np.ndarray) -> np.ndarray:
    """Return each line's height on each parameter's axis.

    Lines through one value stand a little apart, the better the higher.
    """
    columns = []
    by_score = np.argsort(np.where(np.isnan(scores), -np.inf, scores), kind="stable")
    for axis in parameters.values():
        column = axis.positions.copy()
        for position in np.unique(axis.positions):
            members = [i for i in by_score if axis.positions[i] == position]
            n = len(members)
            if n > 1:
                width = _SPREAD * min(1.0, n / 6)
                column[members] += np.linspace(-width / 2, width / 2, n)
        columns.append(column)
    return np.array(columns).T


def _draw_axis(
    ax: Any, x: float, ticks: np.ndarray, labels: list[str], *, left: bool
) -> None:
    ax.plot([x, x], [-0.03, 1.03], color="0.25", linewidth=1.0, zorder=5)
    for tick, label in zip(ticks, labels, strict=True):
        end = x - 0.03 if left else x + 0.03
        ax.plot([x, end], [tick, tick], color="0.25", linewidth=1.0, zorder=5)
        text = ax.text(
            x - 0.045 if left else x + 0.045,
            tick,
            label,
            ha="right" if left else "left",
            va="center",
            fontsize="small",
            zorder=6,
        )
        text.set_bbox({"facecolor": "white", "alpha": 0.75, "pad": 0.8, "lw": 0})
