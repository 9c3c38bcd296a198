"""What the two dense estimators share."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions

from kerasweep import training
from kerasweep.estimators._limits import MOST_UNITS
from kerasweep.estimators._optimizers import (
    OPTIMIZER_CONSTRAINTS,
    optimizer_settings,
    split_optimizer,
)
from kerasweep.networks import dense_network

SIZES: list[Any] = ["array-like", Interval(Integral, 1, MOST_UNITS, closed="both")]
DENSE_CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": SIZES,
    "activation": [
        StrOptions(
            {"relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "linear"}
            | {"leaky_relu", "softplus", "softsign", "mish"}
        )
    ],
    "l1": [Interval(Real, 0, None, closed="left")],
    "l2": [Interval(Real, 0, None, closed="left")],
    "max_norm": [Interval(Real, 0, None, closed="neither"), None],
    "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
    "input_dropout": [Interval(Real, 0, 1, closed="left")],
    "batch_normalization": ["boolean"],
    **OPTIMIZER_CONSTRAINTS,
}


def describe_dense(
    estimator: Any,
    n_features: int,
    *,
    n_outputs: int,
    n_rows: int,
    output_activation: str,
    loss: str,
    metrics: tuple[str, ...] = (),
) -> tuple[Any, dict[str, Any]]:
    """Describe the network that an estimator's parameters stand for.

    Returns
    -------
    blueprint : Blueprint
    numbers : dict

    Raises
    ------
    ValueError
        If parameters contradict each other.
    """
    sizes = layer_sizes(estimator)
    numbers = {
        "l1": float(estimator.l1),
        "l2": float(estimator.l2),
        "max_norm": None if estimator.max_norm is None else float(estimator.max_norm),
        "dropout": tuple(_dropout_rates(estimator, len(sizes))),
        "input_dropout": float(estimator.input_dropout),
    }
    compiled, of_optimizer = split_optimizer(optimizer_settings(estimator, n_rows))
    arguments = {
        "n_features": n_features,
        "n_outputs": n_outputs,
        "hidden_layer_sizes": sizes,
        "activation": estimator.activation,
        "output_activation": output_activation,
        "batch_normalization": bool(estimator.batch_normalization),
    }
    blueprint = training.Blueprint.of(
        dense_network,
        arguments,
        numbers | of_optimizer,
        training={"loss": loss, "metrics": metrics, **compiled},
        dropout=("input_dropout", "dropout"),
        n_weights=sum(map(prod, pairwise((n_features, *sizes, n_outputs)))),
    )
    return blueprint, numbers | of_optimizer


def layer_sizes(estimator: Any) -> tuple[int, ...]:
    """Return an estimator's `hidden_layer_sizes` as a tuple.

    Raises
    ------
    ValueError
        If one is not a positive integer that TensorFlow can count to.
    """
    given = estimator.hidden_layer_sizes
    sizes = (given,) if isinstance(given, Integral) else tuple(given)
    if not all(is_size(size) for size in sizes):
        raise ValueError(
            f"hidden_layer_sizes of {type(estimator).__name__} must be integers from 1 "
            f"to {MOST_UNITS}. Got {given!r} instead."
        )
    return tuple(int(size) for size in sizes)


def is_size(value: Any) -> bool:
    """Tell whether a value is a number of units, channels or pixels."""
    return isinstance(value, Integral) and 1 <= int(value) <= MOST_UNITS


def _dropout_rates(estimator: Any, n_layers: int) -> Sequence[float]:
    given = estimator.dropout
    if isinstance(given, Real):
        return [float(given)] * n_layers
    rates = list(given)
    if len(rates) != n_layers or not all(
        isinstance(rate, Real) and 0 <= float(rate) < 1 for rate in rates
    ):
        raise ValueError(
            f"dropout of {type(estimator).__name__} must be a number in [0, 1) or one "
            f"for each of the {n_layers} hidden layers. Got {given!r} instead."
        )
    return [float(rate) for rate in rates]
