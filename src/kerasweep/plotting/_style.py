"""Colours and words that the displays share."""

from typing import Any

# Okabe and Ito's palette, which colour-blind readers tell apart.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK = "#E69F00", "#56B4E9", "#000000"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)

_FACTORS = {
    "l1": "L1 factor",
    "l2": "L2 factor",
    "max_norm": "max-norm bound",
    "batch_size": "batch size (rows)",
    "dropout": "dropout rate",
    "input_dropout": "input dropout rate",
    "epochs": "epochs",
    "amount": "noise amount (share of pixels)",
}

_SCORES = {
    "reconstruction": "reconstruction (nats)",
    "kl": "KL divergence (nats)",
}

_SHARE_FACTORS = {"amount", "dropout", "input_dropout", "momentum"}
_SHARES = {"accuracy", "balanced_accuracy", "top_k_accuracy"}


def factor_label(parameter: str) -> str:
    """Return an axis label for a parameter such as ``net__l2``."""
    name = parameter.rpartition("__")[2]
    return _FACTORS.get(name, name.replace("_", " "))


def is_share_factor(parameter: str) -> bool:
    """Return whether a parameter is a share, which a linear scale suits."""
    return parameter.rpartition("__")[2] in _SHARE_FACTORS


def score_label(name: str) -> str:
    """Return an axis label for a score, with its unit."""
    words = _SCORES.get(name, name.replace("_", " "))
    return f"{words} (%)" if is_share(name) else words


def is_share(name: str) -> bool:
    """Return whether a score is a share of correct rows, drawn in per cent."""
    return name in _SHARES or name.endswith("_accuracy")


def new_axes(n_rows: int, figsize: tuple[float, float], n_columns: int = 1) -> Any:
    """Return axes that share an abscissa per column, and an ordinate per row."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        n_rows,
        n_columns,
        sharex="col",
        sharey="row",
        squeeze=False,
        figsize=figsize,
        layout="constrained",
    )
    return figure, axes.ravel()


def add_legend(
    figure: Any,
    ax: Any,
    handles: list[Any],
    labels: list[str],
    *,
    own: bool,
    ncols: int = 1,
) -> Any:
    """Place a legend above a figure of ours, or within axes that were given."""
    if own:  # outside, so that it covers no data
        return figure.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=ncols,
            fontsize="small",
            frameon=False,
        )
    narrow = [t.replace(" (", "\n(") if len(t) > 40 else t for t in labels]
    return ax.legend(
        handles, narrow, loc="best", ncols=ncols, fontsize="small", framealpha=0.8
    )
