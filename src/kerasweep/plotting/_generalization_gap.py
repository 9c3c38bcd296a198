"""The gap between the curves on training and on validation rows."""

from typing import Any

import numpy as np


def shade_gap(panel: Any, train: Any, validation: Any) -> Any:
    """Shade what lies between two curves.

    Parameters
    ----------
    panel : matplotlib Axes
    train, validation : matplotlib Line2D

    Returns
    -------
    shade : matplotlib PolyCollection
    """
    epochs, on_train = train.get_data()
    return panel.fill_between(
        epochs,
        on_train,
        validation.get_ydata(),
        color="0.5",
        alpha=0.18,
        linewidth=0,
        zorder=1,
    )


def write_gap(
    panel: Any, train: Any, validation: Any, epoch: int | None, is_share: bool
) -> Any:
    """Write the gap of one epoch where the curves leave room for it.

    It is positive where the network does better on the rows that it learnt from.

    Parameters
    ----------
    panel : matplotlib Axes
        With the limits that it keeps.
    train, validation : matplotlib Line2D
    epoch : int or None
        From 0; None for the last one.
    is_share : bool
        Whether the curves are shares of correct rows, in per cent, of which more is
        better; less is, of all others.

    Returns
    -------
    text : matplotlib Text or None
        None where the curves are not finite.
    """
    on_train, on_validation = train.get_ydata(), validation.get_ydata()
    at = len(on_train) - 1 if epoch is None or epoch >= len(on_train) else epoch
    gap = float(on_train[at] - on_validation[at]) * (1 if is_share else -1)
    if not np.isfinite(gap):
        return None
    size = f"{gap:+.2f} points" if is_share else f"{gap:+.2g}"
    below = _has_more_room_below(panel, np.concatenate([on_train, on_validation]))
    return panel.text(
        0.97,
        0.06 if below else 0.94,
        f"gap in epoch {at + 1}: {size}".replace("-", "\N{MINUS SIGN}"),
        transform=panel.transAxes,
        ha="right",
        va="bottom" if below else "top",
        fontsize="small",
    )


def _has_more_room_below(panel: Any, values: np.ndarray) -> bool:
    low, high = panel.get_ylim()
    return bool(np.nanmedian(values) > (low + high) / 2)
