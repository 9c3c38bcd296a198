"""What the compiled engine can express, and the reason when it cannot."""

from typing import Any

import keras
import numpy as np

from kerasweep.training.engine._job import Arrays, TrainingJob

_OVERRIDES = (
    "train_step",
    "test_step",
    "compute_loss",
    "compute_metrics",
    "fit",
)
# Everything here looks at rows one by one, so that rows of weight zero change nothing.
_NOT_ROW_BY_ROW = (
    keras.layers.BatchNormalization,
    keras.layers.Masking,
    keras.layers.Lambda,
    keras.layers.ActivityRegularization,
)
_NOT_ROW_BY_ROW_LOSSES = ("dice", "tversky", "ctc")


class NotExpressible(ValueError):
    """A job that the compiled engine cannot train."""


def compiling_failed(error: Exception) -> NotExpressible:
    """Give the reason for a job whose program an error came in the way of."""
    return NotExpressible(f"Compiling it failed: {type(error).__name__}: {error}")


def why_not(job: TrainingJob) -> str | None:
    """Say why a job cannot be trained by the compiled engine.

    Parameters
    ----------
    job : TrainingJob

    Returns
    -------
    reason : str or None
        One sentence, or None when the engine can train it.
    """
    if keras.backend.backend() not in ("tensorflow", "jax"):
        return f"The Keras backend is {keras.backend.backend()!r}."
    if job.keras_callbacks:
        names = ", ".join(type(c).__name__ for c in job.keras_callbacks)
        return f"Keras callbacks ({names}) run only in Model.fit."
    for data in (job.train, job.validation):
        if data is not None and not all(_is_numeric(a) for a in data if a is not None):
            return "The data are not NumPy arrays of numbers."
        if data is not None and data[2] is not None and np.ndim(data[2]) != 1:
            return "The sample weights are not one number a row."
    return _model_reason(job.model) or _optimizer_reason(job.model.optimizer)


def prediction_reason(model: Any) -> str | None:
    """Say why a model's output cannot be computed by a compiled program."""
    name = type(model).__name__
    if keras.backend.backend() not in ("tensorflow", "jax"):
        return f"The Keras backend is {keras.backend.backend()!r}."
    if getattr(type(model), "predict_step", None) is not keras.Model.predict_step:
        return f"The model's class {name} has a predict_step of its own."
    if len(getattr(model, "inputs", None) or ()) != 1:
        return f"The model {name} is not sequential or functional with one input."
    if len(model.outputs) != 1:
        return f"The model has {len(model.outputs)} outputs."
    if keras.distribution.distribution() is not None:
        return "A keras.distribution is set."
    try:
        model.get_config()
    except (NotImplementedError, TypeError, ValueError):  # the first is Keras' own
        return "A layer of the model has no get_config."
    return None


def _model_reason(model: Any) -> str | None:
    if not isinstance(model, keras.Model):
        return f"{type(model).__name__} is not a Keras model."
    reason = prediction_reason(model)
    if reason is not None:
        return reason
    name = type(model).__name__
    for method in _OVERRIDES:
        if getattr(type(model), method) is not getattr(keras.Model, method):
            return f"The model's class {name} has a {method} of its own."
    if not model.compiled or model.optimizer is None or model._compile_loss is None:
        return "The model is not compiled with a loss and an optimizer."
    if model.run_eagerly:
        return "The model is compiled with run_eagerly=True."
    if not model.trainable_variables:
        return "The model has no trainable variables."
    if any(
        v.dtype not in ("float32", "int32", "uint32", "int64", "bool")
        for v in model.variables
    ) or any(
        layer.compute_dtype not in (None, "float32")
        for layer in model._flatten_layers()
    ):
        return "The model computes in another precision than float32."
    return None


def _optimizer_reason(optimizer: Any) -> str | None:
    name = type(optimizer).__name__
    if not type(optimizer).__module__.startswith("keras."):
        return f"The optimizer {name} is not one of Keras' own."
    if name == "LossScaleOptimizer":
        return "The optimizer scales the loss for mixed precision."
    if optimizer.gradient_accumulation_steps or optimizer.use_ema:
        return f"The optimizer {name} accumulates gradients or averages weights."
    rate = optimizer._learning_rate
    if callable(rate) and not isinstance(
        rate, keras.Variable | keras.optimizers.schedules.LearningRateSchedule
    ):
        return "The learning rate is a function."
    return None


def row_by_row(model: Any) -> bool:
    """Tell whether a row of weight zero leaves loss, metrics and update alone.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    safe : bool
        If not, an incomplete batch must come as it is, not filled up.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, _NOT_ROW_BY_ROW) or not _is_keras(type(layer)):
            return False
        if getattr(layer, "activity_regularizer", None) is not None:
            return False
        if getattr(layer, "mask_zero", False):
            return False
    loss = model._compile_loss._user_loss
    if isinstance(loss, keras.Loss):
        if loss.reduction not in ("sum_over_batch_size", "mean"):
            return False
        if not _is_keras(type(loss)) or not _is_keras(getattr(loss, "fn", str)):
            return False
    elif not isinstance(loss, str) and not _is_keras(loss):
        return False
    name = loss
    if not isinstance(loss, str):
        name = loss.name if isinstance(loss, keras.Loss) else loss.__name__
    if any(part in str(name).lower() for part in _NOT_ROW_BY_ROW_LOSSES):
        return False
    metrics = model._compile_metrics
    return metrics is None or all(
        isinstance(m, str) or (_is_keras(type(m)) and _is_keras(getattr(m, "_fn", str)))
        for m in [*_flat(metrics._user_metrics), *_flat(metrics._user_weighted_metrics)]
    )


def has_convolutions(model: Any) -> bool:
    """Tell whether a model convolves or recurs.

    TensorFlow's own kernels run those faster on a CPU than what XLA makes of them,
    and XLA is faster for everything else.
    """
    convolution = ("Conv", "SeparableConv", "DepthwiseConv")
    return any(
        type(layer).__name__.startswith(convolution)
        or isinstance(layer, keras.layers.RNN)
        for layer in model._flatten_layers()
    )


def _is_keras(item: Any) -> bool:
    module = getattr(item, "__module__", "")
    return module.startswith("keras.") or item is str


def _is_numeric(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind in "biuf"


def _flat(items: Any) -> list[Any]:
    if items is None:
        return []
    if isinstance(items, dict):
        items = list(items.values())
    if not isinstance(items, list | tuple):
        return [items]
    return [leaf for item in items for leaf in _flat(item)]


def check_arrays(data: Arrays) -> Arrays:
    """Give the arrays in the types that a program takes: float32 and int32."""
    x, y, weight = data
    return _narrow(x), _narrow(y), None if weight is None else _narrow(weight, True)


def _narrow(array: np.ndarray, as_float: bool = False) -> np.ndarray:
    if as_float or array.dtype.kind in "fb":
        return np.ascontiguousarray(array, dtype=np.float32)
    return np.ascontiguousarray(array, dtype=np.int32)
