"""Networks, layers and replicates in words, for terminals and reports."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.estimators import ConvClassifier

if TYPE_CHECKING:
    import pandas as pd


def network_text(settings: Mapping[str, Any]) -> str:
    """Say in a line which network `ConvClassifier` builds from these parameters.

    Parameters
    ----------
    settings : dict
        Parameters of :class:`~kerasweep.ConvClassifier`; others are its defaults.

    Returns
    -------
    text : str
        Such as "conv32(3x3)-pool-conv64(3x3)-pool-dense64".

    Examples
    --------
    >>> from kerasweep.console import CONV_PRESETS, network_text
    >>> network_text(CONV_PRESETS["dropout"])
    'conv32(3x3)-pool-dropout0.5-conv32(3x3)-dense128'
    """
    given = ConvClassifier().set_params(**settings).get_params()
    lists = {
        name: [given[name]] if np.ndim(given[name]) == 0 else list(given[name])
        for name in ("filters", "kernel_size", "pool_size", "conv_dropout", "dropout")
    }
    names = ("filters", "kernel_size", "pool_size", "conv_dropout")
    n = max(len(lists[name]) for name in names)
    each = [lists[name] * (n if len(lists[name]) == 1 else 1) for name in names]
    parts = []
    for filters, kernel, pool, rate in zip(*each, strict=False):
        parts.append(f"conv{filters}({kernel}x{kernel})")
        parts += [f"pool{pool}" if pool > 2 else "pool"] * (pool > 1)
        if rate and (pool > 1 or np.ndim(given["conv_dropout"])):
            parts.append(f"dropout{rate:g}")
    dense = np.atleast_1d(given["dense"]).tolist()
    rates = lists["dropout"] * (len(dense) if len(lists["dropout"]) == 1 else 1)
    for units, rate in zip(dense, rates, strict=False):
        parts += [f"dense{units}"] + [f"dropout{rate:g}"] * bool(rate)
    extras = [
        text
        for text, there in (
            ("batch normalization", given["batch_normalization"]),
            (f"shift {given['max_shift']:g}", given["max_shift"]),
            (f"rotation {given['max_rotation']:g} degrees", given["max_rotation"]),
        )
        if there
    ]
    return ", ".join(["-".join(parts), *extras])


def readable_layers(layers: "pd.DataFrame") -> "pd.DataFrame":
    """Return a layer table as texts, with its sum."""
    import pandas as pd

    texts = pd.DataFrame(
        {
            "layer": layers["layer"],
            "kind": layers["kind"],
            "output": [
                "" if shape is None else " x ".join(map(str, shape))
                for shape in layers["output"]
            ],
            "parameters": layers["parameters"].map("{:,}".format),
        }
    )
    texts.loc[len(texts)] = ["sum", "", "", f"{layers['parameters'].sum():,}"]
    return texts


def readable_seeds(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return the table of seeds as texts, in per cent, with mean and SD."""
    import pandas as pd

    texts = pd.DataFrame(
        {
            "seed": table["seed"].map(str),
            "validation, %": table["validation_accuracy"].map(_per_cent),
            "test, %": table["test_accuracy"].map(_per_cent),
            "95 % Wilson interval": [
                f"{_per_cent(low)} to {_per_cent(high)}"
                for low, high in zip(table["low"], table["high"], strict=True)
            ],
        }
    )
    if len(table) > 1:
        columns = [table["validation_accuracy"], table["test_accuracy"]]
        texts.loc[len(texts)] = [
            "mean ± SD",
            *(f"{_per_cent(c.mean())} ± {_per_cent(c.std())}" for c in columns),
            "",
        ]
    return texts


def _per_cent(share: float) -> str:
    return f"{100 * share:.2f}"
