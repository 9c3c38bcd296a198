"""Code of a user's own, which no file holds."""

import types
from collections.abc import Iterator
from typing import Any

from kerasweep.estimators._own_parts import named, operations_in, own_attributes
from kerasweep.training.engine._own import is_own_class, is_own_function

_NEVER_OWN = ("builtins", "numpy", "tensorflow", "jax", "re", "keras", "threading")
WHAT_TO_DO = "Pickle the estimator or log it with MLflow instead, which take code along"


def own_code_in_network(model: Any) -> str | None:
    """Say what in a network is not Keras' or this package's.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    what : str or None
    """
    described = next((text for text, _ in _own_parts_in(model)), None)
    return described or own_code_in_compilation(model)


def own_code_in_compilation(model: Any) -> str | None:
    """Say what a network is compiled with that is not Keras'."""
    from kerasweep.training.engine._private import compile_arguments_of

    if not model.compiled:
        return None
    for name, value in compile_arguments_of(model).items():
        own = own_code_in(value)
        if own is not None:
            return f"its {name}, {named(own)},"
    return None


def own_code_in(value: Any) -> Any:
    """Find a function or an object of the user's own; None where there is none.

    Parameters
    ----------
    value : object
        Of Keras', or a list or dict of such.
    """
    return _find(value, set())


def _find(value: Any, seen: set[int]) -> Any:
    import keras

    if id(value) in seen or isinstance(value, keras.Variable):
        return None
    seen.add(id(value))
    if isinstance(value, type | types.FunctionType):
        known = is_own_class(value) or is_own_function(value)
        return None if known or value.__module__ == "builtins" else value
    held: Any = ()
    if isinstance(value, list | tuple | set):
        held = value
    elif isinstance(value, dict):
        held = value.values()
    elif is_own_class(type(value)):
        held = [v for n, v in getattr(value, "__dict__", {}).items() if n != "_tracker"]
    elif isinstance(value, types.MethodType):
        held = [value.__self__]
    elif not type(value).__module__.startswith(_NEVER_OWN):
        return value
    return next((own for v in held if (own := _find(v, seen)) is not None), None)


def unregistered_in_network(model: Any) -> str | None:
    """Say which part of a network Keras would not find when it loads a file.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    what : str or None
    """
    return next(
        (text for text, part in _own_parts_in(model) if not _is_registered(part)), None
    )


def _own_parts_in(model: Any) -> Iterator[tuple[str, Any]]:
    """Describe each class and function of the user's own in a network, and give it."""
    for operation in operations_in(model):
        layer, cls = f"its layer {getattr(operation, 'name', None)!r}", type(operation)
        if not is_own_class(cls):
            yield f"{layer}, of the class {named(operation)},", cls
            continue
        for name, value in own_attributes(operation):
            part = value if hasattr(value, "__qualname__") else type(value)
            yield f"the {name} of {layer} ({cls.__name__}), {named(value)},", part


def _is_registered(item: Any) -> bool:
    import keras

    name = keras.saving.get_registered_name(item)
    return keras.saving.get_registered_object(name) is item
