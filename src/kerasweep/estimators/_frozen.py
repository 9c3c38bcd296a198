"""A Keras model as plain data, so that estimators pickle small."""

from typing import Any, NamedTuple

import numpy as np

from kerasweep import training
from kerasweep.estimators._seeding import seeded_globals


class FrozenModel(NamedTuple):
    """A model's configuration and the values of its variables.

    The variables hold more than the weights: the states of dropout's generators too,
    without which a restored network would draw other masks.
    """

    config: dict[str, Any]
    variables: list[np.ndarray]
    optimizer: list[np.ndarray] | None
    origin: Any = None


def freeze(network: Any, *, with_optimizer: bool) -> Any:
    """Return a network as plain data.

    Parameters
    ----------
    network : Drawn or Live
    with_optimizer : bool
        Whether the optimizer's state comes along. It is as large as the weights
        (momentum) or twice as large (Adam), and only training on needs it.

    Returns
    -------
    frozen : Drawn or FrozenModel
    """
    if not hasattr(network, "model"):
        return network if with_optimizer else network.without_slots()
    frozen = freeze_model(network.model, with_optimizer=with_optimizer)
    return frozen._replace(origin=network.origin)


def thaw(frozen: Any) -> Any:
    """Return the network that plain data stand for."""
    if not isinstance(frozen, FrozenModel):
        return frozen
    return training.Live(thaw_model(frozen), frozen.origin)


def freeze_model(model: Any, *, with_optimizer: bool) -> FrozenModel:
    """Take a Keras model apart.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    with_optimizer : bool

    Returns
    -------
    frozen : FrozenModel
    """
    import keras

    return FrozenModel(
        config=keras.saving.serialize_keras_object(model),
        variables=_values(model.variables),
        optimizer=(
            _values(model.optimizer.variables)
            if with_optimizer and model.optimizer is not None
            else None
        ),
    )


def thaw_model(frozen: FrozenModel, *, safe_mode: bool = False) -> Any:
    """Put a Keras model together again.

    Parameters
    ----------
    frozen : FrozenModel
    safe_mode : bool, default=False
        Whether lambdas are refused: those of a file, not of one's own model.

    Returns
    -------
    model : keras.Model
        Built and compiled, with a fresh optimizer where its state was left behind.
    """
    import keras

    # Keras finds the package's own layers only once they are imported.
    from kerasweep.networks import _variational_layers  # noqa: F401

    # Layers that name no seed draw from the global generators when they are made.
    with seeded_globals(0):
        model = keras.saving.deserialize_keras_object(
            frozen.config, safe_mode=safe_mode
        )
    _assign(model.variables, frozen.variables)
    if frozen.optimizer is not None:
        model.optimizer.build(model.trainable_variables)
        _assign(model.optimizer.variables, frozen.optimizer)
    return model


def same_parameters(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Tell whether two sets of parameters surely build the same model."""
    return old.keys() == new.keys() and all(_same(old[n], new[n]) for n in old)


def _same(old: Any, new: Any) -> bool:
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, list | tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    return isinstance(old, str | bool | int | float) and old == new


def _values(variables: list[Any]) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables]


def _assign(variables: list[Any], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
