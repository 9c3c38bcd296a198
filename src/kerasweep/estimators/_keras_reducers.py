"""How Keras' objects are taken apart for a copy or a pickle: by all that they hold.

Keras itself pickles losses, metrics and optimizers through ``get_config``, which may
lack something, and finds users' own classes only where they are registered.
"""

import copyreg
from collections.abc import Iterator
from typing import Any

from kerasweep.training.engine._own import is_own_class

# What Keras' own classes lose in get_config: Huber's delta, the others' axis.
_LOSSES = ("CosineSimilarity", "Huber", "SparseCategoricalCrossentropy")
_METRICS = ("CosineSimilarity",)


def copy_whole_losses() -> None:
    """Let Python copy and pickle losses and metrics with all they hold.

    A search copies the values of its grid by itself, before an estimator sees them.
    Those classes of Keras' that lose nothing are left alone.
    """
    import keras

    for name in _LOSSES:
        copyreg.pickle(getattr(keras.losses, name), reduce_keras)
    for name in _METRICS:
        copyreg.pickle(getattr(keras.metrics, name), _reduce_metric)
    for cls in _users_own(keras.losses.Loss):
        copyreg.pickle(cls, reduce_keras)
    for cls in _users_own(keras.metrics.Metric):
        copyreg.pickle(cls, _reduce_metric)


def _users_own(base: Any) -> Iterator[Any]:
    """Give the classes that are not Keras' and do not say how they are copied."""
    for cls in base.__subclasses__():
        if not is_own_class(cls) and cls.__reduce__ is base.__reduce__:
            yield cls
        yield from _users_own(cls)


def _reduce_metric(metric: Any) -> Any:
    # Python's deepcopy takes no function that sets the state.
    _, arguments, filled, *_ = reduce_keras(metric)
    return _filled_metric, (*arguments, filled)


def _filled_metric(cls: Any, filled: tuple[Any, ...]) -> Any:
    metric = _new(cls)
    _fill_metric(metric, filled)
    return metric


def reduce_keras(item: Any) -> Any:
    """Return how an object of Keras' is made again.

    Parameters
    ----------
    item : object

    Returns
    -------
    reduced : tuple or NotImplemented
        As from ``__reduce__``. Optimizers become fresh ones, metrics forget what they
        have counted, networks keep their weights.
    """
    import keras

    from kerasweep.training.engine._private import (
        is_tracked_collection,
        metric_variables,
    )

    if isinstance(item, keras.Layer):
        from kerasweep.estimators._frozen import freeze_model, thaw_model

        return thaw_model, (freeze_model(item, with_optimizer=True),)
    if isinstance(item, keras.Optimizer):
        return _made_optimizer, _optimizer_parts(item)
    if isinstance(item, keras.Metric):
        variables, metrics, state = metric_variables(item)
        state = {**state, "name": item.name}
        filled = (variables, metrics, state)
        return _new, (type(item),), filled, None, None, _fill_metric
    if isinstance(item, keras.Loss):
        return _new, (type(item),), vars(item)
    if isinstance(item, keras.dtype_policies.DTypePolicy):
        if is_own_class(type(item)):
            config = keras.dtype_policies.serialize(item)
            return keras.dtype_policies.get, (config,)
    if isinstance(item, keras.Variable):
        return copyreg.__newobj__, (type(item),), vars(item)  # type: ignore[attr-defined]
    if is_tracked_collection(item):
        kind = next(k for k in (list, dict, set) if isinstance(item, k))
        return kind, (kind(item),)
    return NotImplemented


def _new(cls: Any) -> Any:
    return cls.__new__(cls)


def _fill_metric(metric: Any, filled: tuple[Any, ...]) -> None:
    import keras

    from kerasweep.training.engine._private import track_in_metric

    variables, metrics, state = filled
    keras.Metric.__init__(metric, name=state["name"])
    vars(metric).update(state)
    track_in_metric(metric, variables, metrics)
    if metric.variables:
        metric.reset_state()


def _optimizer_parts(optimizer: Any) -> tuple[Any, ...]:
    """Return an optimizer's class, configuration, rate, and what they lack."""
    import keras

    from kerasweep.training.engine._private import (
        ignored_names,
        learning_rate_of,
        set_learning_rate,
    )

    rate = learning_rate_of(optimizer)
    if isinstance(rate, keras.Variable) or keras.ops.is_tensor(rate):
        rate = float(keras.ops.convert_to_numpy(rate))
    # A schedule need not have a get_config: the configuration is asked without it.
    shell = _new(type(optimizer))
    vars(shell).update(vars(optimizer))
    set_learning_rate(shell, 0.5)
    ignored = ignored_names(optimizer) | {"_learning_rate", "_iterations"}
    lacking = {
        name: value
        for name, value in vars(optimizer).items()
        if name not in ignored and _is_setting(value)
    }
    return type(optimizer), shell.get_config(), rate, lacking


def _is_setting(value: Any) -> bool:
    import keras

    from kerasweep.training.engine._private import is_tool_of_keras

    if isinstance(value, list | tuple | set | dict):
        items = value.values() if isinstance(value, dict) else value
        return bool(value) and all(map(_is_setting, items))
    return not (
        isinstance(value, keras.Variable | keras.Layer | keras.Optimizer)
        or is_tool_of_keras(value)
        or type(value).__module__.startswith("tensorflow.")
    )


def _made_optimizer(
    cls: Any, config: dict[str, Any], rate: Any, lacking: dict[str, Any]
) -> Any:
    if "learning_rate" in config:
        config = {**config, "learning_rate": rate}
    optimizer = cls.from_config(config)
    if "learning_rate" not in config and not hasattr(optimizer, "inner_optimizer"):
        optimizer.learning_rate = rate
    for name, value in lacking.items():
        # Not by setattr, whose tracking makes other lists of lists.
        vars(optimizer)[name] = value
    return optimizer
