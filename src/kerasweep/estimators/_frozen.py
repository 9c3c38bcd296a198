"""A Keras model as plain data, so that estimators pickle small."""

from typing import Any, NamedTuple

import numpy as np


class FrozenModel(NamedTuple):
    """A model's configuration and the values of its variables."""

    config: dict[str, Any]
    weights: list[np.ndarray]
    optimizer: list[np.ndarray] | None


def freeze(model: Any, *, with_optimizer: bool) -> FrozenModel:
    """Take a model apart.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    with_optimizer : bool
        Whether the optimizer's state comes along. It is as large as the weights
        (momentum) or twice as large (Adam), and only training on needs it.

    Returns
    -------
    frozen : FrozenModel
    """
    import keras

    return FrozenModel(
        config=keras.saving.serialize_keras_object(model),
        weights=model.get_weights(),
        optimizer=(
            [keras.ops.convert_to_numpy(v) for v in model.optimizer.variables]
            if with_optimizer
            else None
        ),
    )


def thaw(frozen: FrozenModel) -> Any:
    """Put a model together again.

    Parameters
    ----------
    frozen : FrozenModel

    Returns
    -------
    model : keras.Model
        Built and compiled, with a fresh optimizer where its state was left behind.
    """
    import keras

    model = keras.saving.deserialize_keras_object(frozen.config, safe_mode=False)
    model.set_weights(frozen.weights)
    if frozen.optimizer is not None:
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(
            model.optimizer.variables, frozen.optimizer, strict=True
        ):
            variable.assign(value)
    return model
