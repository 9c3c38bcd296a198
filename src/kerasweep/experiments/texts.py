"""Networks, layers and replicates in words, for terminals and reports."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.estimators import ConvClassifier

if TYPE_CHECKING:
    import pandas as pd


def network_text(settings: Mapping[str, Any]) -> str:
    """Describe the network that `ConvClassifier` builds from these parameters.

    Examples
    --------
    >>> from kerasweep.experiments.presets import CONV_PRESETS
    >>> from kerasweep.experiments.texts import network_text
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


def sizes_text(n_features: int, hidden: Sequence[int], n_classes: int) -> str:
    """Return the sizes of a dense network's layers, such as 784-500-300-10."""
    return "-".join(map(str, [n_features, *hidden, n_classes]))


def dense_text(network: Any, n_features: int, n_classes: int) -> str:
    """Describe a dense classifier's network, with its regularizers.

    Examples
    --------
    >>> from kerasweep import DenseClassifier
    >>> from kerasweep.experiments.texts import dense_text
    >>> net = DenseClassifier((500, 300), l2=1e-4, max_norm=2, dropout=(0.6, 0.5))
    >>> dense_text(net, 784, 10)
    '784-500-300-10 L2 1e-4, MaxNorm 2, dropout 0.6/0.5'
    """
    hidden = np.atleast_1d(network.hidden_layer_sizes).tolist()
    sizes = sizes_text(n_features, hidden, n_classes)
    rates = np.atleast_1d(network.dropout)
    parts = [
        text
        for text, there in (
            (f"L1 {_strength(network.l1)}", network.l1),
            (f"L2 {_strength(network.l2)}", network.l2),
            (f"MaxNorm {network.max_norm or 0:g}", network.max_norm),
            (f"input dropout {network.input_dropout:g}", network.input_dropout),
            (f"dropout {'/'.join(f'{rate:g}' for rate in rates)}", rates.any()),
            ("batch normalization", network.batch_normalization),
        )
        if there
    ]
    return f"{sizes} {', '.join(parts)}".rstrip()


def dense_training_text(network: Any) -> str:
    """Describe how a dense classifier is trained.

    Examples
    --------
    >>> from kerasweep import DenseClassifier
    >>> from kerasweep.experiments.texts import dense_training_text
    >>> dense_training_text(DenseClassifier(early_stopping=True))
    'adam 0.001, batch 128, at most 20 epochs, patience 5, min_delta 0'
    """
    most = "at most " if network.early_stopping else ""
    parts = [f"{network.optimizer} {network.learning_rate:g}"]
    if network.momentum:
        parts.append(f"momentum {network.momentum:g}")
    if network.learning_rate_schedule != "constant":
        parts.append(network.learning_rate_schedule.replace("_", "-"))
    parts += [f"batch {network.batch_size}", f"{most}{network.epochs} epochs"]
    if network.early_stopping:
        delta = _strength(network.min_delta) if network.min_delta else "0"
        parts += [f"patience {network.patience}", f"min_delta {delta}"]
    return ", ".join(parts)


def training_text(network: Any) -> str:
    """Describe how a network is trained: optimizer, rate, batches, epochs."""
    return (
        f"{network.optimizer} {network.learning_rate:g}, batch {network.batch_size}, "
        f"{network.epochs} epochs"
    )


def _strength(value: float) -> str:
    if value >= 1e-2:
        return f"{value:g}"
    return np.format_float_scientific(value, trim="-", exp_digits=1)


def readable_classes(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a class report's table as texts, in per cent, with the means."""
    import pandas as pd

    texts = pd.DataFrame({"class": table["class"].map(str)})
    metrics = {"precision": "precision, %", "recall": "recall, %", "f1": "F1, %"}
    for metric, name in metrics.items():
        ends = zip(table[f"{metric}_low"], table[f"{metric}_high"], strict=True)
        texts[name] = [
            f"{per_cent(value)} ({per_cent(low)} to {per_cent(high)})"
            for value, (low, high) in zip(table[metric], ends, strict=True)
        ]
    texts["rows"] = table["n_true"].map("{:,}".format)
    means = [per_cent(table[metric].mean()) for metric in metrics]
    texts.loc[len(texts)] = ["mean", *means, f"{table['n_true'].sum():,}"]
    return texts


def mean_and_sd(mean: float, sd: float) -> str:
    """Return a mean in per cent, with its SD where there is one."""
    return per_cent(mean) + ("" if sd != sd else f" ± {per_cent(sd)}")


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
            "validation, %": table["validation_accuracy"].map(per_cent),
            "test, %": table["test_accuracy"].map(per_cent),
            "95 % Wilson interval": [
                f"{per_cent(low)} to {per_cent(high)}"
                for low, high in zip(table["low"], table["high"], strict=True)
            ],
        }
    )
    if len(table) > 1:
        columns = [table["validation_accuracy"], table["test_accuracy"]]
        texts.loc[len(texts)] = [
            "mean ± SD",
            *(f"{per_cent(c.mean())} ± {per_cent(c.std())}" for c in columns),
            "",
        ]
    return texts


def per_cent(share: float) -> str:
    """Return a share in per cent, with two digits."""
    return f"{100 * share:.2f}"
