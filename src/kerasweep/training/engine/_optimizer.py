"""An optimizer whose update is a pure function, on every backend."""

from typing import Any

import keras

_BASE = next(c for c in keras.Optimizer.__mro__ if c.__name__ == "BaseOptimizer")
# What the TensorFlow backend overrides for tf.distribute, which needs tf.Variables.
_DISTRIBUTED = (
    "assign",
    "assign_add",
    "assign_sub",
    "stateless_apply",
    "_apply_weight_decay",
    "_backend_update_step",
    "_overwrite_model_variables_with_average_value",
    "_backend_increment_gradient_accumulators",
    "_clip_by_norm",
)


class _Pure(keras.Optimizer):
    """Keras' backend-neutral update in place of the backend's own."""

    def _var_key(self, variable: Any) -> int:
        return id(variable)


if keras.backend.backend() == "tensorflow":
    for _name in _DISTRIBUTED:
        setattr(_Pure, _name, getattr(_BASE, _name))


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
    variables = optimizer._trainable_variables
    attributes = dict(attributes)
    attributes["_trainable_variables_indices"] = {
        id(v): i for i, v in enumerate(variables)
    }
    if optimizer.weight_decay is not None:
        attributes["_exclude_from_weight_decay_cache"] = {
            id(v): optimizer._use_weight_decay(v) for v in variables
        }
    vars(pure).update(attributes)
    return pure
