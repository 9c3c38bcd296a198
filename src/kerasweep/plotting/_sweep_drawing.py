"""The parts of a sweep's picture: what is checked, its axis, its marks."""

from numbers import Real
from typing import Any

import numpy as np

from kerasweep.model_selection import wilson_interval
from kerasweep.plotting._results import known_mean_and_sd
from kerasweep.plotting._style import (
    BLACK,
    BLUE,
    GREEN,
    VERMILION,
    is_share,
    is_share_factor,
)

_MOST_TICKS = 6


def check_factors(values: list[Any], x: str) -> np.ndarray:
    for value in values:
        if (
            isinstance(value, bool)
            or not isinstance(value, Real)
            or not np.isfinite(float(value))
        ):
            raise ValueError(
                f"Values of {x} in SweepDisplay must be finite numbers. "
                f"Got {value!r} instead."
            )
    return np.array(values, dtype=np.float64)


def check_scores(scores: Any, n_factors: int, name: str) -> np.ndarray:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or len(table) != n_factors:
        raise ValueError(
            f"{name} of SweepDisplay must have shape ({n_factors}, n_replicates), a "
            f"row per factor. Got shape {table.shape} instead."
        )
    return table


def check_reference(
    reference: float | None, n: int | None, score_name: str
) -> tuple[float, float] | None:
    """Return the Wilson interval of the reference, or None."""
    if n is None:
        return None
    if reference is None or not is_share(score_name) or not 0 <= reference <= 1:
        raise ValueError(
            "reference of SweepDisplay must be an accuracy in [0, 1] where reference_n "
            f"is given. Got {reference!r} for the score {score_name!r} instead."
        )
    return wilson_interval(round(reference * n), n)


def resolve_scale(scale: str, factors: np.ndarray, x: str) -> str:
    """Return "log" or "linear"."""
    if scale not in ("auto", "log", "linear"):
        raise ValueError(
            'scale of SweepDisplay must be "auto", "log" or "linear". '
            f"Got {scale!r} instead."
        )
    possible = np.all(factors >= 0) and np.any(factors > 0)
    if scale == "log" and not possible:
        raise ValueError(
            'scale of SweepDisplay must be "linear" for these factors. '
            f"Got 'log', but the factors reach from {factors.min():g} to "
            f"{factors.max():g}."
        )
    if scale != "auto":
        return scale
    positive = factors[factors > 0]
    wide = possible and (len(factors) == 1 or positive.max() >= 10 * positive.min())
    return "log" if wide and not is_share_factor(x) else "linear"


def set_abscissa(ax: Any, factors: np.ndarray, scale: str) -> np.ndarray:
    """Set the scale, and return where each factor stands on it."""
    positions = factors.copy()
    if scale == "linear":
        ax.locator_params(axis="x", nbins=6)
        if len(factors) == 1:
            ax.set_xlim(factors[0] - 1, factors[0] + 1)
        return positions
    ax.set_xscale("log")
    positive = factors[factors > 0]
    if len(factors) == len(positive):
        if positive.min() == positive.max():
            ax.set_xlim(positive[0] / 10, positive[0] * 10)
        return positions
    return _break_at_zero(ax, positions, positive)


def _break_at_zero(ax: Any, positions: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Put 0 left of the positive factors, behind a break in the axis."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator

    low, high = positive.min(), positive.max()
    span = max(np.log10(high / low), 1.0)
    zero = low / 10 ** (span / 4)
    ticks = np.asarray(LogLocator().tick_values(low, high))
    ticks = ticks[(ticks >= low * (1 - 1e-9)) & (ticks <= high * (1 + 1e-9))]
    labels = [_tick_label(tick) for tick in ticks]
    if len(ticks) < 2:  # decades say too little
        values = np.unique(positive)
        ticks = values if len(values) <= _MOST_TICKS else np.array([low, high])
        labels = [f"{tick:g}" for tick in ticks]
    ax.xaxis.set_major_locator(FixedLocator([zero, *ticks]))
    ax.xaxis.set_major_formatter(FixedFormatter(["0", *labels]))
    left, right = zero / 10 ** (span / 14), high * 10 ** (span / 14)
    ax.set_xlim(left, right)
    ax.xaxis.set_minor_locator(FixedLocator([]))
    middle = np.log10(np.sqrt(zero * low) / left) / np.log10(right / left)
    for shift in (-0.006, 0.006):
        ax.plot(
            [middle + shift - 0.006, middle + shift + 0.006],
            [-0.02, 0.02],
            transform=ax.transAxes,
            color="black",
            linewidth=1,
            clip_on=False,
            zorder=5,
        )
    return np.where(positions == 0, zero, positions)


def _tick_label(value: float) -> str:
    exponent = np.log10(value)
    if abs(exponent - round(exponent)) < 1e-9:
        return f"$10^{{{round(exponent)}}}$"
    return f"{value:g}"


def draw_curve(
    ax: Any, at: np.ndarray, joined: np.ndarray, scores: np.ndarray, rows: str
) -> tuple[Any, Any, Any]:
    """Draw the means with their SD, and beside them each replicate.

    Parameters
    ----------
    ax : matplotlib Axes
    at : ndarray of shape (n_factors,)
        Where the factors stand.
    joined : ndarray of bool of shape (n_factors,)
        Which of them a line joins.
    scores : ndarray of shape (n_factors, n_replicates)
        In the unit that is drawn; NaN where there is none.
    rows : {"validation", "training"}

    Returns
    -------
    errorbar, line, points : matplotlib artists
    """
    from matplotlib.transforms import ScaledTranslation

    mean, sd = np.array([known_mean_and_sd(row) for row in scores]).T
    counts = np.sum(~np.isnan(scores), axis=1)
    few = len(at) <= 12
    color, marker = (BLUE, "o") if rows == "validation" else (VERMILION, "s")
    (line,) = ax.plot(at[joined], mean[joined], color=color, linewidth=1.4)
    errorbar = ax.errorbar(
        at,
        mean,
        yerr=sd if counts.max(initial=0) > 1 else None,
        label=f"{rows}: {_describe(counts)}",
        color=color,
        marker=marker,
        markersize=5 if few else 3.5,
        linestyle="none",
        elinewidth=1.2,
        capsize=4 if few else 2,
        zorder=3,
    )
    aside = ScaledTranslation((7 if few else 3.5) / 72, 0, ax.figure.dpi_scale_trans)
    (points,) = ax.plot(
        np.repeat(at, scores.shape[1]),
        scores.ravel(),
        transform=ax.transData + aside,
        linestyle="none",
        marker=marker,
        markersize=4 if few else 2.5,
        color=color,
        alpha=0.45,
        markeredgewidth=0,
        zorder=2.5,
        visible=bool(counts.max(initial=0) > 1),
    )
    return errorbar, line, points


def draw_selected(
    ax: Any,
    positions: np.ndarray,
    factors: np.ndarray,
    scores: np.ndarray,
    selected: float | None,
) -> Any:
    """Ring the mean of the selected factor; return the mark, or None without one."""
    if selected is None:
        return None
    where = np.flatnonzero(np.isclose(factors, selected, rtol=1e-9, atol=0))
    if not len(where):
        raise ValueError(
            "selected of SweepDisplay must be one of the factors. "
            f"Got {selected!r} instead."
        )
    mean = known_mean_and_sd(scores[where[0]])[0]
    if np.isnan(mean):
        return None
    (mark,) = ax.plot(
        positions[where[0]],
        mean,
        linestyle="none",
        marker="o",
        markersize=12,
        markerfacecolor="none",
        markeredgecolor=BLACK,
        markeredgewidth=1.5,
        label=f"selected: {selected:.3g}",
        zorder=4,
    )
    return mark


def draw_reference(
    ax: Any,
    reference: float,
    band: tuple[float, float] | None,
    n: int | None,
    label: str | None,
    unit: float,
) -> tuple[Any, Any]:
    """Draw a reference, and the interval that its number of rows allows.

    Parameters
    ----------
    ax : matplotlib Axes
    reference : float
    band : (float, float) or None
        Ends of the interval.
    n : int or None
        Test rows behind the reference.
    label : str or None
        What it is, for the legend.
    unit : float
        100 where scores are drawn in per cent, else 1.

    Returns
    -------
    line, band : matplotlib artists
        The latter None without an interval.
    """
    percent = " %" if unit == 100.0 else ""
    label = label or f"reference {reference * unit:.4g}{percent}"
    shaded = None
    if band is not None:
        label += f" (band: 95 % Wilson interval, n = {n:,} test rows)"
        shaded = ax.axhspan(
            band[0] * unit,
            band[1] * unit,
            color=GREEN,
            alpha=0.15,
            linewidth=0,
            zorder=1,
        )
    line = ax.axhline(
        reference * unit,
        color=GREEN,
        linestyle="--",
        linewidth=1.4,
        zorder=1.5,
        label=label,
    )
    return line, shaded


def draw_failures(ax: Any, positions: np.ndarray, n_failed: np.ndarray) -> None:
    """Mark on the lower edge where a fit failed."""
    if not n_failed.any():
        return
    total = int(n_failed.sum())
    ax.plot(
        positions[n_failed > 0],
        np.full(np.count_nonzero(n_failed), 0.03),
        transform=ax.get_xaxis_transform(),
        linestyle="none",
        marker="x",
        color=BLACK,
        markersize=6,
        label=f"{total} failed fit{'s' if total > 1 else ''}, left out",
        zorder=4,
    )


def legend_entries(ax: Any) -> tuple[list[Any], list[str]]:
    """Return what the axes label: curves first, whatever was drawn first."""
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(
        range(len(labels)),
        key=lambda i: not labels[i].startswith(("validation:", "training:")),
    )
    return [handles[i] for i in order], [labels[i] for i in order]


def _describe(counts: np.ndarray) -> str:
    """Say what the points and their error bars are."""
    counts = counts[counts > 0]
    if not len(counts) or counts.max() == 1:
        return "1 replicate, so no SD"
    low, high = counts.min(), counts.max()
    if low == high:
        return f"mean ± SD of {high} replicates (faint: each one)"
    note = ", no SD for 1" if low == 1 else ""
    return f"mean ± SD of {low} to {high} replicates (faint: each one{note})"
