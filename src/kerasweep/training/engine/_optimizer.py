"""An optimizer whose update is a pure function, on every backend."""

from typing import Any

import keras

from kerasweep.training.engine._private import (
    NAMES,
    base_optimizer,
    bound_to_variables,
)


class _Pure(keras.Optimizer):
    """Keras' backend-neutral update in place of the backend's own."""

    def _var_key(self, variable: Any) -> int:
        return id(variable)


if keras.backend.backend() == "tensorflow":
    # What it overrides for tf.distribute, which needs tf.Variables.
    for _name in NAMES["base_optimizer"]:
        if _name != "_var_key":
            setattr(_Pure, _name, getattr(base_optimizer(), _name))


def pure_optimizer(optimizer: Any, attributes: dict[str, Any]) -> Any:
    """Copy a built optimizer into one whose ``stateless_apply`` can be traced.

    Parameters
    ----------
    optimizer : keras.Optimizer
        Left as it is.
    attributes : dict
        The copy's attributes.

    Returns
    -------
    pure : keras.Optimizer
        Shares the original's variables.
    """
    cls = type(optimizer)
    # To the left of Keras' Optimizer and to the right of the algorithm, so that an
    # algorithm's own `_backend_update_step` still runs.
    pure: Any = object.__new__(type(cls.__name__, (cls, _Pure), {}))
    vars(pure).update(bound_to_variables(optimizer, attributes))
    return pure
