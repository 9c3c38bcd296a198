"""What two jobs must have in common to run the same compiled program."""

from collections.abc import Hashable
from typing import Any

import keras

from kerasweep.training.engine._floats import optimizer_float_names, sign

_LAYER_REFERENCES = ("inbound_nodes", "input_layers", "output_layers")
_MASKED_CLASSES = ("L1", "L2", "L1L2", "MaxNorm", "MinMaxNorm")
_MASKED_SLOTS = ("_regularizer", "_constraint")


def architecture_key(model: keras.Model) -> Hashable:
    """Identify what a model computes from its variables.

    Layer names, initial values, seeds and the strengths of Keras' own weight
    regularizers and norm constraints do not count.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional.

    Returns
    -------
    key : hashable
    """
    functions = tuple(
        layer.function
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.Lambda)
    )
    variables = tuple(
        (tuple(v.shape), v.dtype, bool(v.trainable)) for v in model.variables
    )
    return (
        type(model),
        _model_key(model.get_config()),
        functions,
        variables,
        keras.config.floatx(),
        keras.config.image_data_format(),
    )


def compile_key(model: keras.Model) -> Hashable:
    """Identify a model's loss, metrics and optimizer, apart from masked floats."""
    optimizer = model.optimizer
    loss = model._compile_loss
    metrics = model._compile_metrics
    return (
        None
        if loss is None
        else (_object_key(loss._user_loss), _object_key(loss._user_loss_weights)),
        None
        if metrics is None
        else (
            _object_key(metrics._user_metrics),
            _object_key(metrics._user_weighted_metrics),
        ),
        type(optimizer),
        _optimizer_key(optimizer),
    )


def _optimizer_key(optimizer: Any) -> Hashable:
    # Not its get_config, which reads the learning rate back from the device.
    masked = optimizer_float_names(optimizer)
    settings = {
        name: ("float", sign(value)) if name in masked else value
        for name, value in vars(optimizer).items()
        if not name.startswith("_")
        and name not in ("name", "built")
        and _is_plain(value)
    }
    rate = optimizer._learning_rate
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        settings["learning_rate"] = (type(rate), _freeze(rate.get_config()))
    excluded = (
        None
        if optimizer.weight_decay is None
        else tuple(
            optimizer._use_weight_decay(v) for v in optimizer._trainable_variables
        )
    )
    return _freeze(settings), excluded


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)


def _object_key(item: Any) -> Hashable:
    if isinstance(item, list | tuple):
        return tuple(_object_key(i) for i in item)
    if isinstance(item, dict):
        return tuple((k, _object_key(v)) for k, v in sorted(item.items()))
    if isinstance(item, keras.Loss | keras.Metric):
        wrapped = getattr(item, "_fn", getattr(item, "fn", None))
        try:
            return type(item), wrapped, _freeze(item.get_config())
        except NotImplementedError:  # Keras' own, of a class without a get_config
            return item
    return item


def _model_key(config: dict[str, Any]) -> Hashable:
    layers = config.get("layers", [])
    ordinals = {
        layer["config"]["name"]: i
        for i, layer in enumerate(layers)
        if isinstance(layer.get("config"), dict) and "name" in layer["config"]
    }
    ordinals.update(
        {layer["name"]: i for i, layer in enumerate(layers) if "name" in layer}
    )
    items: list[Hashable] = []
    for key, value in sorted(config.items()):
        if key == "layers":
            items.append((key, tuple(_layer_key(v, ordinals) for v in value)))
        elif key in _LAYER_REFERENCES:
            items.append((key, _freeze(value, ordinals)))
        elif key not in ("name", "build_input_shape"):
            items.append((key, _freeze(value)))
    return tuple(items)


def _layer_key(layer: dict[str, Any], ordinals: dict[str, int]) -> Hashable:
    config = layer.get("config") or {}
    built_in = str(layer.get("module", "")).startswith("keras")
    if "layers" in config:
        inner: Hashable = _model_key(config)
    else:
        inner = tuple(
            (k, _freeze(_mask(k, v) if built_in else v))
            for k, v in sorted(config.items())
            if k != "name"
            and not (built_in and (k.endswith("_initializer") or k == "seed"))
        )
    return (
        layer.get("module"),
        layer.get("class_name"),
        layer.get("registered_name"),
        inner,
        _freeze(layer.get("inbound_nodes"), ordinals),
    )


def _mask(key: str, value: Any) -> Any:
    if (
        key.endswith(_MASKED_SLOTS)
        and key != "activity_regularizer"
        and isinstance(value, dict)
        and value.get("class_name") in _MASKED_CLASSES
        and str(value.get("module")).startswith("keras.")
    ):
        kept = {k: v for k, v in value.get("config", {}).items() if k == "axis"}
        return {"class_name": value["class_name"], "config": kept}
    return value


def _freeze(value: Any, ordinals: dict[str, int] | None = None) -> Hashable:
    if isinstance(value, dict):
        return tuple((k, _freeze(v, ordinals)) for k, v in sorted(value.items()))
    if isinstance(value, list | tuple):
        return tuple(_freeze(v, ordinals) for v in value)
    if ordinals and isinstance(value, str) and value in ordinals:
        return ("layer", ordinals[value])
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value
