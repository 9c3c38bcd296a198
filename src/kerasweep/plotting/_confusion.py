"""A confusion matrix in which single mistakes are seen."""

from typing import Any

import numpy as np

_MOST_NUMBERS = 20  # classes whose counts still fit into their cells


def draw_confusion(y_true: Any, y_pred: Any) -> Any:
    """Draw scikit-learn's confusion matrix, with a colour for each order of counts.

    On a linear scale the right answers on the diagonal would leave all mistakes white.
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import PowerNorm
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    labels = np.unique(np.concatenate([y_true, y_pred]))
    counts = confusion_matrix(y_true, y_pred, labels=labels)
    n = len(labels)
    numbers = n <= _MOST_NUMBERS
    side = max(4.6, 0.55 * n if numbers else 0.17 * n) + 1.0
    figure, ax = plt.subplots(figsize=(side, side), layout="constrained")
    norm = PowerNorm(0.25, vmin=0, vmax=max(counts.max(), 1))
    display = ConfusionMatrixDisplay(counts, display_labels=labels).plot(
        ax=ax,
        cmap="Blues",
        include_values=numbers,
        values_format="d",
        colorbar=False,
        im_kw={"norm": norm},
        text_kw={"fontsize": "small" if counts.max() >= 1000 else "medium"},
    )
    if numbers:
        for text, count in zip(display.text_.ravel(), counts.ravel(), strict=True):
            text.set_visible(count > 0)
            text.set_color("white" if norm(count) > 0.6 else "black")
    size = None if n <= _MOST_NUMBERS else "x-small"
    long = max(len(str(label)) for label in labels) > 3
    ax.tick_params(axis="both", labelsize=size)
    ax.tick_params(axis="x", labelrotation=90 if long else 0)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    n_wrong = int(counts.sum() - np.trace(counts))
    ax.set_title(f"{n_wrong:,} of {counts.sum():,} rows misclassified", fontsize=None)
    return figure
