"""The gap between the curves on training and on validation rows."""

from typing import Any

import numpy as np


def draw_gap(
    panel: Any, train: Any, validation: Any, epoch: int | None, is_share: bool
) -> None:
    """Shade the gap between two curves, and write it out for one epoch.

    Parameters
    ----------
    panel : matplotlib Axes
    train, validation : matplotlib Line2D or None
        Without either, nothing is drawn.
    epoch : int or None
        From 0; None for the last one.
    is_share : bool
        Whether the curves are in per cent, and the gap in percentage points.
    """
    if train is None or validation is None:
        return
    epochs, on_train = train.get_data()
    on_validation = validation.get_ydata()
    panel.fill_between(
        epochs, on_train, on_validation, color="0.5", alpha=0.18, linewidth=0, zorder=1
    )
    at = len(epochs) - 1 if epoch is None or epoch >= len(epochs) else epoch
    gap = float(np.abs(on_train[at] - on_validation[at]))
    if not np.isfinite(gap):
        return
    size = f"{gap:.2f} points" if is_share else f"{gap:.3g}"
    middle = (on_train.mean() + on_validation.mean()) / 2
    above = middle < np.mean(panel.get_ylim())
    panel.text(
        0.97,
        0.94 if above else 0.06,
        f"gap in epoch {at + 1}: {size}",
        transform=panel.transAxes,
        ha="right",
        va="top" if above else "bottom",
        fontsize="small",
    )
