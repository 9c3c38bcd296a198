"""The axis of a swept factor, with room for 0 on a log scale."""

from typing import Any

import numpy as np

from kerasweep.plotting._style import is_share_factor

_MOST_TICKS = 6


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
