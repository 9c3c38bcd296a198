"""Parameters for a user's own model function, routed as in scikeras.

``model__units=64`` reaches the model function, ``optimizer__learning_rate=0.1`` the
optimizer, and so on. Only this module imports scikeras, and only its routing: the
estimators stand on our own base.
"""

import copy
import inspect
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import ModuleType
from typing import Any

from kerasweep.estimators._carried import copied, copied_or_deepcopied

ROUTED = ("model", "optimizer", "loss", "metrics", "callbacks")


def check_routed_names(
    owner: str, flat: Mapping[str, Any], routed: Mapping[str, Any]
) -> None:
    """Refuse a routed parameter that nothing would take.

    Parameters
    ----------
    owner : str
        Name of the estimator, for the message.
    flat, routed : mapping of str to object
        The estimator's own parameters, and all others. A routed name without a
        prefix is an argument of the model function.

    Raises
    ------
    TypeError
        If a routed name has an unknown prefix, or what it is routed to does not take
        it.
    """
    for name in routed:
        target, _, argument = name.partition("__") if "__" in name else ("", "", name)
        if target and target not in ROUTED:
            raise TypeError(
                f"Parameter {name!r} of {owner} must begin with one of "
                f"{', '.join(f'{r}__' for r in ROUTED)}."
                + _suggestion(target, ROUTED, suffix=f"__{argument}")
            )
        target = target or "model"
        accepted = _accepted_arguments(target, flat.get(target), argument)
        if accepted is None or _without_index(argument).partition("__")[0] in accepted:
            continue
        if target == "model":
            known = {*flat, *(f"model__{a}" for a in accepted)}
        else:
            known = {f"{target}__{a}" for a in accepted}
        raise TypeError(
            f"Parameter {name!r} must be one of {owner}'s or an argument of its "
            f"{target}, which takes {', '.join(sorted(accepted)) or 'none'}"
            f"{'' if accepted or target == 'model' else ' unless given as a class'}."
            + _suggestion(name, known)
        )


def _suggestion(name: str, known: Any, *, suffix: str = "") -> str:
    close = get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0] + suffix!r}?" if close else ""


def is_model(value: Any) -> bool:
    """Whether a value is a Keras model, not a function or a class that makes one.

    Parameters
    ----------
    value : object

    Returns
    -------
    is_model : bool
    """
    return hasattr(value, "layers") and not isinstance(value, type)


def _without_index(argument: str) -> str:
    """Strip the place in a list, as in ``callbacks__0__patience``."""
    head, _, rest = argument.partition("__")
    return rest if head.isdigit() and rest else argument


def _accepted_arguments(target: str, value: Any, argument: str) -> set[str] | None:
    """Return the argument names that a routed target takes; None if any will do."""
    if target == "model":
        if not callable(value):
            return None  # said in fit: a search may set the model later
        return set() if is_model(value) else _signature_names(value)
    if isinstance(value, Mapping):
        return None
    if isinstance(value, list | tuple):
        head = argument.partition("__")[0]
        if head.isdigit():
            value = value[int(head) : int(head) + 1]
        names = [_accepted_arguments(target, item, argument) for item in value]
        return None if None in names else set().union(*names)  # type: ignore[arg-type]
    if isinstance(value, str):
        try:
            value = class_named(target, value)
        except ValueError:
            return None  # an unknown name is refused in fit
    if not isinstance(value, type):
        made = hasattr(value, "get_config") or hasattr(value, "set_model")
        # Anything else is no parameter to speak of yet, and refused in fit.
        return set() if made or (target == "callbacks" and value is None) else None
    names_of_class = _signature_names(value, ignore_kwargs=target == "optimizer")
    if target == "optimizer" and names_of_class is not None:
        import keras

        names_of_class |= (
            _signature_names(keras.optimizers.Optimizer, ignore_kwargs=True) or set()
        )
    return names_of_class


def class_named(target: str, name: str) -> Any:
    """Return the Keras class behind a name such as "adam" or "hinge"."""
    import keras

    if target == "optimizer":
        return type(keras.optimizers.get(name))
    if target == "loss":
        camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        return getattr(keras.losses, camel, None) or keras.losses.get(name)
    if target == "metrics":
        camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        return getattr(keras.metrics, camel, None) or keras.metrics.get(name)
    return name


def _scikeras() -> ModuleType:
    """Import scikeras' routing, and nothing of its effects.

    Importing scikeras replaces how every Keras model, loss, metric and optimizer of
    the process is pickled; Keras 3 does that itself. Whoever imported scikeras
    before us wanted its ways and keeps them.
    """
    if "scikeras" not in sys.modules:
        import keras

        classes = (
            keras.Model,
            keras.losses.Loss,
            keras.metrics.Metric,
            keras.optimizers.Optimizer,
        )
        patched = ("__reduce__", "__deepcopy__")
        before = [{n: vars(c)[n] for n in patched if n in vars(c)} for c in classes]
        import scikeras  # noqa: F401

        for cls, own in zip(classes, before, strict=True):
            for name in patched:
                if name in own:
                    setattr(cls, name, own[name])
                elif name in vars(cls):
                    delattr(cls, name)
    from scikeras import _utils

    return _utils


def _signature_names(
    function: Callable[..., Any], *, ignore_kwargs: bool = False
) -> set[str] | None:
    parameters = inspect.signature(function).parameters.values()
    if not ignore_kwargs and any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    reserved = {"self", "meta", "compile_kwargs", "params"}
    return {
        p.name
        for p in parameters
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    } - reserved


def model_arguments(
    owner: str,
    function: Callable[..., Any],
    flat: Mapping[str, Any],
    routed: Mapping[str, Any],
    meta: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the arguments for a model function.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    function : callable
        May take `meta` (what the data look like), `compile_kwargs` (what ``compile``
        would be given) and `params` (all parameters) besides its own arguments.
    flat, routed, meta : mapping of str to object

    Returns
    -------
    arguments : dict
    """
    routing = _scikeras()
    arguments: dict[str, Any] = routing.route_params(
        dict(routed),
        destination="model",
        pass_filter={name for name in routed if "__" not in name},
        strict=True,
    )
    params = {**flat, **routed}
    extra: dict[str, Callable[[], Any]] = {
        "meta": lambda: copy.copy(meta),
        "compile_kwargs": lambda: compile_arguments(owner, params),
        "params": lambda: params,
    }
    for name, value in extra.items():
        if takes(function, name):
            arguments[name] = value()
    return arguments


def takes(function: Callable[..., Any], name: str) -> bool:
    """Whether a function has this argument, or any.

    Parameters
    ----------
    function : callable
    name : str

    Returns
    -------
    takes : bool
    """
    routing = _scikeras()
    # The **kwargs of a model class are Keras' own, such as name and dtype.
    any_name = not isinstance(function, type) and routing.accepts_kwargs(function)
    return bool(any_name or routing.has_param(function, name))


def compile_arguments(owner: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return `optimizer`, `loss` and `metrics` as ``Model.compile`` takes them.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    params : mapping of str to object

    Returns
    -------
    arguments : dict

    Raises
    ------
    ValueError
        If Keras does not know one of them, or does not take a routed argument.
    """
    import keras

    routing = _scikeras()
    arguments = {}
    for name in ("optimizer", "loss", "metrics"):
        routed = routing.route_params(dict(params), destination=name, pass_filter=set())
        item = params[name]
        try:
            classes = routing.try_to_convert_strings_to_classes(
                item, lambda given, name=name: _class_or_metric(name, given)
            )
            if routed or name == "optimizer":
                item = classes
            item = routing.unflatten_params(items=item, params=routed)
            if name == "optimizer" and not isinstance(item, keras.optimizers.Optimizer):
                raise ValueError("This is no optimizer.")
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{name} of {owner} must be what Keras knows, with its arguments. Got "
                f"{params[name]!r} instead, of which Keras says: {error}"
            ) from None
        arguments[name] = _unshared(owner, name, item)
    return arguments


def _class_or_metric(target: str, name: str) -> Any:
    # Keras chooses what "accuracy" means by the loss and the output's shape.
    if target == "metrics" and name in ("acc", "accuracy", "ce", "crossentropy"):
        return name
    return class_named(target, name)


def _unshared(owner: str, name: str, item: Any) -> Any:
    """Copy what fits change: each network needs an optimizer and metrics of its own."""
    if name == "loss" and not _keeps_state(item):
        return item
    try:
        return copied(item)
    except Exception as error:
        raise ValueError(
            f"{name} of {owner} must be what can be copied for each fit. Got {item!r} "
            f"instead, of which Python says: {error} Pass a class, with its arguments "
            f"as {name}__... parameters."
        ) from error


def _keeps_state(loss: Any) -> bool:
    import keras

    if isinstance(loss, list | tuple):
        return any(map(_keeps_state, loss))
    state = (keras.Variable, keras.random.SeedGenerator)
    return any(isinstance(v, state) for v in getattr(loss, "__dict__", {}).values())


def callback_instances(params: Mapping[str, Any]) -> list[Any]:
    """Return the Keras callbacks that `callbacks` and its routed parameters name.

    Parameters
    ----------
    params : mapping of str to object

    Returns
    -------
    callbacks : list of keras.callbacks.Callback
        Copies where the user gave instances: a callback holds its run's state, and
        the model.

    Raises
    ------
    ValueError
        If one of them is no Keras callback.
    """
    import keras

    routing = _scikeras()
    given = params["callbacks"]
    if given is None:
        return []
    routed = routing.route_params(
        dict(params), destination="callbacks", pass_filter=set()
    )
    made = routing.unflatten_params(items=given, params=routed)
    if isinstance(made, Mapping):
        made = list(made.values())
    made = list(made) if isinstance(made, list | tuple) else [made]
    for callback in made:
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(
                "callbacks must hold Keras callbacks or their types. Got "
                f"{callback!r} instead. Pass scikit-learn's to set_callbacks."
            )
    return copied_or_deepcopied(made)


def loss_identifier(loss: Any) -> str:
    """Return a loss's name in snake case, such as "categorical_crossentropy".

    Parameters
    ----------
    loss : str, keras.losses.Loss or callable

    Returns
    -------
    name : str
    """
    _scikeras()
    from scikeras.utils import loss_name

    return str(loss_name(loss))
