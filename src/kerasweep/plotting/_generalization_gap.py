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


def focus_on_later_epochs(panels: Any, curves: list[np.ndarray]) -> None:
    """Give panels the range of the curves after the first tenth of their epochs.

    Parameters
    ----------
    panels : iterable of matplotlib Axes
    curves : list of ndarray of shape (n_epochs,)
        What they show; those of fewer than five epochs count as a whole.
    """
    later = [
        curve[-(-len(curve) // 10) if len(curve) >= 5 else 0 :] for curve in curves
    ]
    shown = np.concatenate([*later, []])
    shown = shown[np.isfinite(shown)]
    if not len(shown) or shown.min() == shown.max():
        return
    margin = 0.06 * (shown.max() - shown.min())
    for panel in panels:
        panel.set_ylim(shown.min() - margin, shown.max() + margin)


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
