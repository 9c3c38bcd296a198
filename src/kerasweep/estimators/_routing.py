"""Parameters for a user's own model function, routed as in scikeras.

``model__units=64`` reaches the model function, ``optimizer__learning_rate=0.1`` the
optimizer, and so on. Only this module imports scikeras, and only its routing: the
estimators stand on our own base.
"""

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

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
        accepted = _accepted_arguments(target, flat.get(target))
        if accepted is None or argument.partition("__")[0] in accepted:
            continue
        if target == "model":
            known = {*flat, *(f"model__{a}" for a in accepted)}
        else:
            known = {f"{target}__{a}" for a in accepted}
        raise TypeError(
            f"Parameter {name!r} must be one of {owner}'s or an argument of its "
            f"{target}, which takes {', '.join(sorted(accepted)) or 'none'}."
            + _suggestion(name, known)
        )


def _suggestion(name: str, known: Any, *, suffix: str = "") -> str:
    close = get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0] + suffix!r}?" if close else ""


def _accepted_arguments(target: str, value: Any) -> set[str] | None:
    """Return the argument names that a routed target takes; None if any will do."""
    if target == "model" and callable(value) and not hasattr(value, "layers"):
        return _signature_names(value)
    if target == "optimizer" and isinstance(value, str | type):
        import keras
        from scikeras._utils import get_optimizer_class

        cls = get_optimizer_class(value) if isinstance(value, str) else value
        own = _signature_names(cls, ignore_kwargs=True) or set()
        shared = _signature_names(keras.optimizers.Optimizer, ignore_kwargs=True)
        return own | (shared or set())
    if target == "loss" and isinstance(value, type):
        return _signature_names(value)
    return None


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
    function: Callable[..., Any],
    flat: Mapping[str, Any],
    routed: Mapping[str, Any],
    meta: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the arguments for a model function.

    Parameters
    ----------
    function : callable
        May take `meta` (what the data look like), `compile_kwargs` (what ``compile``
        would be given) and `params` (all parameters) besides its own arguments.
    flat, routed, meta : mapping of str to object

    Returns
    -------
    arguments : dict
    """
    from scikeras._utils import accepts_kwargs, has_param, route_params

    arguments: dict[str, Any] = route_params(
        dict(routed),
        destination="model",
        pass_filter={name for name in routed if "__" not in name},
        strict=True,
    )
    params = {**flat, **routed}
    extra: dict[str, Callable[[], Any]] = {
        "meta": lambda: dict(meta),
        "compile_kwargs": lambda: compile_arguments(params),
        "params": lambda: params,
    }
    for name, value in extra.items():
        if has_param(function, name) or accepts_kwargs(function):
            arguments[name] = value()
    return arguments


def compile_arguments(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return `optimizer`, `loss` and `metrics` as ``Model.compile`` takes them.

    Parameters
    ----------
    params : mapping of str to object

    Returns
    -------
    arguments : dict
    """
    from scikeras._utils import (
        get_loss_class_function_or_string,
        get_metric_class,
        get_optimizer_class,
        route_params,
        try_to_convert_strings_to_classes,
        unflatten_params,
    )

    getters = {
        "optimizer": get_optimizer_class,
        "loss": get_loss_class_function_or_string,
        "metrics": get_metric_class,
    }
    arguments = {}
    for name, getter in getters.items():
        routed = route_params(dict(params), destination=name, pass_filter=set())
        item = params[name]
        if routed or name == "optimizer":
            item = try_to_convert_strings_to_classes(item, getter)
        arguments[name] = unflatten_params(items=item, params=routed)
    return arguments


def callback_instances(params: Mapping[str, Any]) -> list[Any]:
    """Return the Keras callbacks that `callbacks` and its routed parameters name.

    Parameters
    ----------
    params : mapping of str to object

    Returns
    -------
    callbacks : list of keras.callbacks.Callback
    """
    from scikeras._utils import route_params, unflatten_params

    given = params["callbacks"]
    if given is None:
        return []
    routed = route_params(dict(params), destination="callbacks", pass_filter=set())
    made = unflatten_params(items=given, params=routed)
    if isinstance(made, Mapping):
        return list(made.values())
    return list(made) if isinstance(made, list | tuple) else [made]


def loss_identifier(loss: Any) -> str:
    """Return a loss's name in snake case, such as "categorical_crossentropy".

    Parameters
    ----------
    loss : str, keras.losses.Loss or callable

    Returns
    -------
    name : str
    """
    from scikeras.utils import loss_name

    return str(loss_name(loss))
