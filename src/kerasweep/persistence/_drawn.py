"""Networks of blueprints as JSON values and arrays, and back."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from kerasweep import networks, training
from kerasweep.estimators._dense import DENSE_CONSTRAINTS
from kerasweep.estimators._optimizers import OPTIMIZER_CONSTRAINTS
from kerasweep.persistence._keras_config import nothing_initialized

_NETWORKS = ("conv_network", "dense_network")
# Every word that a blueprint may hold: Keras would look any other up.
_WORDS = frozenset().union(
    *(constraints[0].options for constraints in (DENSE_CONSTRAINTS["activation"],)),
    OPTIMIZER_CONSTRAINTS["optimizer"][0].options,
    OPTIMIZER_CONSTRAINTS["learning_rate_schedule"][0].options,
    {"softmax", "linear", "valid", "same", "accuracy", "binary_accuracy"},
    {"sparse_categorical_crossentropy", "binary_crossentropy", "mean_squared_error"},
)


def encode_drawn(drawn: Any, encode: Callable[[Any], Any], *, slots: bool) -> Any:
    """Return a drawn network as a JSON value.

    Parameters
    ----------
    drawn : Drawn
        Trained.
    encode : callable
        Returns the JSON value of numbers, strings, tuples, dicts and arrays.
    slots : bool
        Whether the optimizer's state comes along.

    Returns
    -------
    value : dict
    """
    blueprint = drawn.blueprint
    parts = {f.name: getattr(blueprint, f.name) for f in fields(blueprint)}
    return {
        "kind": "drawn",
        "network": parts.pop("network").__name__,
        "blueprint": encode(parts),
        "numbers": encode(drawn.numbers),
        "seed": drawn.seed,
        "variables": [encode(value) for value in drawn.variables],
        "slots": [encode(v) for v in drawn.slots] if slots and drawn.slots else None,
    }


def decode_drawn(value: dict[str, Any], decode: Callable[[Any], Any]) -> Any:
    """Return the drawn network that a JSON value stands for.

    Raises
    ------
    ValueError
        With the reason, to be put behind a colon.
    """
    if value["network"] not in _NETWORKS:
        raise ValueError(f"it names the network {value['network']!r}, which is none")
    parts, numbers = decode(value["blueprint"]), decode(value["numbers"])
    _check_words((parts, tuple(numbers.items())))
    network = getattr(networks, value["network"])
    drawn = training.Drawn(
        training.Blueprint(network, **parts), numbers, int(value["seed"])
    )
    drawn.variables = decode(value["variables"])
    drawn.slots = None if value["slots"] is None else decode(value["slots"])
    _check_values(drawn)
    return drawn


def _check_words(value: Any) -> None:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        # Of a pair (name, value) the name is an argument's.
        for item in value[1:] if _is_pair(value) else value:
            _check_words(item)
    elif isinstance(value, str):
        if value not in _WORDS and not value.endswith("dropout"):
            raise ValueError(f"its network names {value!r}, which is none of Keras'")
    elif not isinstance(value, bool | int | float | None):
        raise ValueError(f"its network has {value!r} for a number")


def _is_pair(value: tuple[Any, ...]) -> bool:
    return len(value) == 2 and isinstance(value[0], str)


def _check_values(drawn: Any) -> None:
    """Refuse values of other shapes than the network has."""
    # Without memory first: a few bytes can ask for terabytes.
    with training.building, nothing_initialized():
        try:
            model = drawn.blueprint.build_network(drawn.numbers, drawn.seed)
        except Exception as error:
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ValueError(
                f"Keras can't make its network ({reason[0].rstrip('.')})"
            ) from None
        shapes = _shapes([*model.trainable_variables, *model.non_trainable_variables])
    if shapes != _shapes(drawn.variables):
        raise ValueError("it holds weights of other shapes than its network has")
    fresh = training.Drawn(drawn.blueprint, drawn.numbers, drawn.seed)
    if _shapes(fresh.values()) != _shapes(drawn.values()):
        raise ValueError("it holds weights of other shapes than its network has")


def _shapes(values: Any) -> list[Any]:
    return [(tuple(value.shape), np.dtype(value.dtype).name) for value in values]
