"""A network's parts of a user's own, which Keras' configurations only name."""

import functools
import types
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from kerasweep.estimators._carried import copied
from kerasweep.training.engine._own import is_own_class, is_own_function

_PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic, np.ndarray)


class OwnParts(NamedTuple):
    """What a configuration lacks.

    Attributes
    ----------
    objects : list
        Functions, regularizers and the like, which stand-ins in the configuration
        stand for.
    classes : dict of str to type
        Classes of the layers, by the names that Keras looks them up by.
    attributes : dict of (int, str) to object
        Values by the place of a layer or operation, and their names.
    layers : dict of int to (str, type)
        Names and classes of the layers of those classes, by their places.
    """

    objects: list[Any]
    classes: dict[str, type]
    attributes: dict[tuple[int, str], Any]
    layers: dict[int, tuple[str, type]]

    def custom_objects(self) -> dict[str, Any]:
        """Give what Keras is to find in the configuration."""
        objects = self.objects

        class Giver:
            @classmethod
            def from_config(cls, config: dict[str, Any]) -> Any:
                return objects[config["number"]]

        makers = {_found_as(n): self._maker(cls) for n, cls in self.classes.items()}
        return {**makers, KerasweepStandIn.__name__: Giver}

    def _maker(self, own: type) -> type:
        """Give what makes a layer with the attributes that a first call may need."""
        waiting = {
            name: {n: v for (p, n), v in self.attributes.items() if p == place}
            for place, (name, cls) in self.layers.items()
            if cls is own
        }

        class Maker:
            @classmethod
            def from_config(cls, config: dict[str, Any]) -> Any:
                layer = own.from_config(config)  # type: ignore[attr-defined]
                # Not every class takes a name: then the next in their order.
                name = layer.name if layer.name in waiting else next(iter(waiting), "")
                for attribute, value in waiting.pop(name, {}).items():
                    setattr(layer, attribute, value)
                return layer

        return Maker

    def put_into(self, network: Any) -> None:
        """Give the attributes to a network that was made from the configuration."""
        operations = operations_in(network)
        for (place, name), value in self.attributes.items():
            setattr(operations[place], name, value)


class KerasweepStandIn:
    """Stands for a part while the configuration is written, and computes the same."""

    def __init__(self, number: int, part: Any):
        self.number = number
        self.part = part

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.part(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in ("get_build_config", "get_compile_config", "part"):
            raise AttributeError(name)
        return getattr(self.part, name)

    def get_config(self) -> dict[str, int]:
        """Say which part it is."""
        return {"number": self.number}


@contextmanager
def standing_in(network: Any) -> Iterator[OwnParts]:
    """Let stand-ins be in the places of a network's own parts for a while.

    Nor does the network say what it is compiled with.
    """
    import keras

    operations = operations_in(network)
    layers = {
        place: (operation.name, type(operation))
        for place, operation in enumerate(operations)
        if not is_own_class(type(operation))
    }
    parts = OwnParts([], _classes(operations), {}, layers)
    swapped: list[tuple[Any, str, Any]] = []
    for place, operation in enumerate(operations):
        parts.attributes.update(
            {(place, n): v for n, v in _attributes(operation).items()}
        )
        for name, value in own_attributes(operation):
            swapped.append((operation, name, value))
        if isinstance(operation, keras.Model) and operation.compiled:
            if type(operation).compile is keras.Model.compile:
                swapped.append((operation, "compiled", True))
    try:
        for operation, name, value in swapped:
            if name == "compiled":
                vars(operation)[name] = False
                continue
            # Not by setattr, which would track it.
            vars(operation)[name] = KerasweepStandIn(len(parts.objects), value)
            parts.objects.append(value)
        yield parts
    finally:
        for operation, name, value in swapped:
            vars(operation)[name] = value


def renamed(config: Any, classes: dict[str, type]) -> Any:
    """Let Keras find the classes of this network, whatever is registered later."""
    if isinstance(config, list | tuple):
        return type(config)(renamed(item, classes) for item in config)
    if not isinstance(config, dict):
        return config
    config = {n: renamed(v, classes) for n, v in config.items()}
    if config.get("class_name") and config.get("registered_name") in classes:
        config["registered_name"] = _found_as(config["registered_name"])
    return config


def _found_as(name: str) -> str:
    return f"{name} of this network"


def operations_in(network: Any) -> list[Any]:
    """List a network's layers and operations, each once, in a fixed order."""
    from kerasweep.training.engine._private import operations_of

    return list({id(item): item for item in operations_of(network)}.values())


def has_unusual_classes(network: Any) -> bool:
    """Tell whether a copy of a network has to be tried.

    Because a layer or operation is of a class of the user's, or a layer of Keras' that
    prepares data: those keep more than variables, and some have a wrong configuration.
    """
    from kerasweep.training.engine._private import prepares_data

    return any(
        not is_own_class(type(item)) or prepares_data(item)
        for item in operations_in(network)
    )


def is_own_part(value: Any) -> bool:
    """Tell whether a value is a function or an object of the user's, not a layer."""
    import keras

    if isinstance(value, type | keras.Operation | keras.Variable | KerasweepStandIn):
        return False
    if isinstance(value, types.FunctionType):
        return not is_own_function(value)
    if isinstance(value, types.MethodType):
        owner = value.__self__
        return not isinstance(owner, keras.Operation | type) and is_own_part(owner)
    if isinstance(value, functools.partial):
        return True
    if is_own_class(type(value)) or isinstance(value, _PLAIN):
        return False
    module = type(value).__module__
    if module.startswith(("tensorflow.", "keras.")) or keras.ops.is_tensor(value):
        return False
    return callable(value) or hasattr(value, "get_config")


def named(part: Any) -> str:
    """Name a function or the class of an object, with its module."""
    if isinstance(part, functools.partial):
        return f"functools.partial of {named(part.func)}"
    cls = part if hasattr(part, "__qualname__") else type(part)
    return f"{getattr(cls, '__module__', None)}.{cls.__qualname__}"


def own_attributes(operation: Any) -> list[tuple[str, Any]]:
    """List the functions and objects of the user's that a layer holds, by name."""
    from kerasweep.training.engine._private import ignored_names, is_bookkeeping

    ignored = ignored_names(operation)
    return [
        (name, value)
        for name, value in vars(operation).items()
        if name not in ignored and not is_bookkeeping(name) and is_own_part(value)
    ]


def _attributes(operation: Any) -> dict[str, Any]:
    """Give what is set again: all that is not variables, of a class of the user's."""
    import keras

    from kerasweep.training.engine._private import ignored_names, is_bookkeeping

    if is_own_class(type(operation)):
        return {
            name: value
            for name, value in own_attributes(operation)
            if isinstance(value, types.FunctionType)
        }
    ignored = ignored_names(operation) | _names_of_any_layer()
    model = isinstance(operation, keras.Model)
    return {
        name: _untracked(value)
        for name, value in vars(operation).items()
        if name not in ignored
        and not is_bookkeeping(name)
        and not (model and name.startswith("_"))
        and _is_data(value)
    }


@cache
def _names_of_any_layer() -> frozenset[str]:
    import keras

    return frozenset(vars(keras.layers.Layer(name="any")))


def _is_data(value: Any) -> bool:
    import keras

    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_is_data, value))
    if isinstance(value, dict):
        return all(map(_is_data, value.values()))
    if isinstance(value, _PLAIN) or is_own_part(value):
        return True
    if isinstance(value, keras.Variable | keras.KerasTensor | keras.Operation):
        return False
    if keras.ops.is_tensor(value):
        return hasattr(value, "__array__")  # a symbolic one has no value
    module = type(value).__module__
    if module.startswith(("keras.", "tensorflow.", "jax")):
        return False
    try:
        copied(value)
    except Exception:
        return False
    return True


def _untracked(value: Any) -> Any:
    """Give lists of Keras' tracking as plain ones."""
    if isinstance(value, dict):
        return {n: _untracked(v) for n, v in value.items()}
    if isinstance(value, list):
        return [_untracked(v) for v in value]
    return set(value) if isinstance(value, set) else value


def _classes(operations: list[Any]) -> dict[str, type]:
    import keras

    classes: dict[str, type] = {}
    for operation in operations:
        cls = type(operation)
        if is_own_class(cls):
            continue
        name = keras.saving.get_registered_name(cls)
        if classes.setdefault(name, cls) is not cls:
            raise ValueError(
                f"The layers of a network must be of classes of different names to be "
                f"copied. Got two classes {cls.__qualname__!r}: register one of them, "
                "with keras.saving.register_keras_serializable(package=...)."
            )
    return classes
