"""A network's layers as a table."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    import pandas as pd


def layer_table(network: Any) -> "pd.DataFrame":
    """List a network's layers with their output shapes and parameter counts.

    Parameters
    ----------
    network : keras.Model or fitted estimator
        An estimator has ``model_``, or is a pipeline or a refitted search that ends in
        one that has.

    Returns
    -------
    table : DataFrame
        One row per layer, in order: `layer` (its name), `kind` (its class), `output`
        (the shape of its output for one row, a tuple), `parameters`, and `trainable`,
        those of them that training changes. The sum of `parameters` is the network's
        ``count_params()``.

    Raises
    ------
    ValueError
        If there is no network in it.

    Examples
    --------
    >>> from kerasweep import layer_table
    >>> from kerasweep.networks import conv_network
    >>> table = layer_table(conv_network((28, 28, 1), 10))
    >>> table[["layer", "output", "parameters"]].head(3)
        layer        output  parameters
    0  conv_1  (26, 26, 32)         320
    1  pool_1  (13, 13, 32)           0
    2  conv_2  (11, 11, 64)       18496
    >>> int(table["parameters"].sum())
    121930
    """
    import pandas as pd

    rows = [
        {
            "layer": layer.name,
            "kind": type(layer).__name__,
            "output": _shape(layer),
            "parameters": int(layer.count_params()),
            "trainable": sum(
                int(np.prod(weight.shape)) for weight in layer.trainable_weights
            ),
        }
        for layer in _model_of(network).layers
        if type(layer).__name__ != "InputLayer"
    ]
    return pd.DataFrame(rows)


def _model_of(network: Any) -> Any:
    part = network
    while not hasattr(part, "layers"):
        if not hasattr(part, "fit"):
            break
        check_is_fitted(part)
        if hasattr(part, "model_"):
            part = part.model_
        elif hasattr(part, "best_estimator_"):
            part = part.best_estimator_
        elif hasattr(part, "steps"):
            part = part.steps[-1][1]
        else:
            break
    if not hasattr(part, "layers"):
        raise ValueError(
            "network of layer_table must be a Keras model, or a fitted estimator with "
            f"`model_`. Got {type(network).__name__} instead."
        )
    return part


def _shape(layer: Any) -> tuple[int | None, ...] | None:
    try:
        output = layer.output
    except (AttributeError, ValueError):  # called more than once, or never
        return None
    shape = getattr(output, "shape", None)
    return None if shape is None else tuple(shape[1:])
