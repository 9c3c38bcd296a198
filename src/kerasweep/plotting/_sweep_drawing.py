"""The parts of a sweep's picture."""

from typing import Any

import numpy as np

from kerasweep.plotting._results import known_mean_and_sd
from kerasweep.plotting._style import BLACK, BLUE, GREEN, VERMILION


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
