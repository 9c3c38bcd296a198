"""A Keras model as plain data, so that estimators pickle small."""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasweep import training
from kerasweep.estimators._carried import copied
from kerasweep.estimators._layer_state import LayerState, read_states, write_states
from kerasweep.estimators._own_parts import (
    OwnParts,
    has_unusual_classes,
    named,
    operations_in,
    renamed,
    standing_in,
)
from kerasweep.estimators._same_answers import check_same_answers
from kerasweep.estimators._seeding import seeded_globals


class Compilation(NamedTuple):
    """What a model is compiled with.

    Attributes
    ----------
    arguments : dict
        Of ``compile``, the optimizer as it is now.
    without_decay : list of int
        Places of the trainable variables that its weight decay leaves alone.
    """

    arguments: dict[str, Any]
    without_decay: list[int]


class FrozenModel(NamedTuple):
    """A model's configuration and the values of its variables.

    The variables hold more than the weights: the states of dropout's generators too,
    without which a restored network would draw other masks.

    Attributes
    ----------
    config : dict
    variables : list of ndarray
    optimizer : list of ndarray, or None
    states : sequence of LayerState
    own : (OwnParts, Compilation or None), or None
        Parts of the user's own, and the compilation; None where the configuration
        says both.
    origin : object
    """

    config: dict[str, Any]
    variables: list[np.ndarray]
    optimizer: list[np.ndarray] | None
    states: Sequence[LayerState] = ()
    own: tuple[OwnParts, Compilation | None] | None = None
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
    """Take a Keras model apart, for a copy or a pickle.

    Parameters
    ----------
    model : keras.Model
        Compiled or not.
    with_optimizer : bool

    Returns
    -------
    frozen : FrozenModel

    Raises
    ------
    ValueError
        If a part of the user's own can't be copied, or a copy computes something
        else.
    """
    with standing_in(model) as parts:
        config = renamed(_configuration(model), parts.classes)
    frozen = FrozenModel(
        config=config,
        variables=_values(model.variables),
        optimizer=_slots(model) if with_optimizer else None,
        states=read_states(model),
        own=_copied(parts, _compilation(model)),
    )
    if has_unusual_classes(model):
        check_same_answers(model, _tried(model, frozen))
    return frozen


def describe_model(model: Any, *, with_optimizer: bool) -> FrozenModel:
    """Take a Keras model apart for a file, whose configuration has to say it all.

    Parameters
    ----------
    model : keras.Model
        Of Keras' own parts.
    with_optimizer : bool

    Returns
    -------
    frozen : FrozenModel
    """
    import keras

    return FrozenModel(
        config=keras.saving.serialize_keras_object(model),
        variables=_values(model.variables),
        optimizer=_slots(model) if with_optimizer else None,
        states=read_states(model),
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
    model = _thawed(frozen, safe_mode=safe_mode)
    if frozen.optimizer is not None:
        model.optimizer.build(model.trainable_variables)
        _assign(model.optimizer.variables, frozen.optimizer)
    return model


def _thawed(
    frozen: FrozenModel,
    *,
    safe_mode: bool = False,
    compiled: bool = True,
) -> Any:
    import keras

    # Keras finds the package's own layers only once they are imported.
    from kerasweep.networks import _variational_layers  # noqa: F401
    from kerasweep.training.engine._private import exclude_from_decay

    parts, compilation = frozen.own or (OwnParts([], {}, {}, {}), None)
    # Layers that name no seed draw from the global generators when they are made.
    with seeded_globals(0):
        model = keras.saving.deserialize_keras_object(
            # Keras takes a configuration apart as it reads it.
            copy.deepcopy(frozen.config),
            parts.custom_objects(),
            safe_mode=safe_mode,
        )
    parts.put_into(model)
    write_states(model, frozen.states, frozen.variables)
    # Last: what a layer restores of its variables need not be all of them.
    _assign(model.variables, frozen.variables)
    if compilation is not None and compiled:
        model.compile(**compilation.arguments)
        if compilation.without_decay:
            weights = model.trainable_variables
            excluded = [weights[place] for place in compilation.without_decay]
            exclude_from_decay(model.optimizer, excluded)
    return model


def _tried(model: Any, frozen: FrozenModel) -> Any:
    """Put a model together that is still at hand."""
    try:
        return _thawed(frozen, compiled=False)
    except Exception as error:
        for operation in operations_in(model)[1:]:
            try:
                type(operation).from_config(operation.get_config())
            except Exception:
                raise ValueError(
                    f"The network can't be copied or pickled: its layer "
                    f"{operation.name!r}, of the class {named(operation)}, can't be "
                    "made from what its get_config returns."
                ) from error
        raise ValueError(
            f"The network can't be copied or pickled: {_first_line(error)}"
        ) from error


def _configuration(model: Any) -> Any:
    import keras

    try:
        return keras.saving.serialize_keras_object(model)
    except Exception as error:
        for operation in operations_in(model)[1:]:
            try:
                keras.saving.serialize_keras_object(operation)
            except Exception:
                raise ValueError(
                    f"The network can't be copied or pickled: its layer "
                    f"{operation.name!r}, of the class {named(operation)}, must have "
                    "a get_config that returns its arguments."
                ) from error
        raise ValueError(
            f"The network can't be copied or pickled: {_first_line(error)}"
        ) from error


def _compilation(model: Any) -> Compilation | None:
    import keras

    from kerasweep.training.engine._private import (
        compile_arguments_of,
        excluded_from_decay,
    )

    if not isinstance(model, keras.Model) or not model.compiled:
        return None
    if type(model).compile is not keras.Model.compile:
        return None
    arguments, optimizer = compile_arguments_of(model), model.optimizer
    if isinstance(arguments["optimizer"], keras.optimizers.Optimizer):
        # Keras puts one that scales the loss around it.
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    return Compilation(
        {**arguments, "optimizer": optimizer},
        excluded_from_decay(optimizer, model.trainable_variables),
    )


def _copied(
    parts: OwnParts, compilation: Compilation | None
) -> tuple[OwnParts, Compilation | None]:
    try:
        return copied((parts, compilation))
    except Exception as error:
        for name, value in (compilation.arguments if compilation else {}).items():
            try:
                copied(value)
            except Exception as raised:
                raise ValueError(
                    f"{name} of the network can't be copied: {_first_line(raised)} "
                    f"Got {value!r}. Pass its class and arguments instead."
                ) from error
        raise ValueError(
            "The functions and objects in the network's layers can't be copied: "
            f"{_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".") + "."


def _slots(model: Any) -> list[np.ndarray] | None:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.built:
        return None
    return _values(optimizer.variables)


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
