"""What the compiled engine can express, and the reason when it cannot."""

import types
from typing import Any

import keras
import numpy as np

from kerasweep.training.engine._job import Arrays, GivenBatches, TrainingJob
from kerasweep.training.engine._own import is_own_class, is_own_function
from kerasweep.training.engine._private import (
    function_settings,
    layers_of,
    learning_rate_of,
    operations_of,
    trained_by,
    user_loss,
    user_metrics,
)

_OVERRIDES = (
    "train_step",
    "test_step",
    "compute_loss",
    "compute_metrics",
    "fit",
    "evaluate",
    "metrics",
    "get_metrics_result",
    "reset_metrics",
    "make_train_function",
    "make_test_function",
)
_PREDICTING = ("predict_step", "predict", "make_predict_function")
# All other layers of Keras' look at rows one by one, so that rows of weight zero change
# nothing.
_NOT_ROW_BY_ROW = (
    keras.layers.BatchNormalization,
    keras.layers.Masking,
    keras.layers.ActivityRegularization,
)
_MIXING = ("MixUp", "CutMix")
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
        if isinstance(data, GivenBatches):
            return "The batches are made by a dataset."
        if data is not None and not all(_is_numeric(a) for a in data if a is not None):
            return "The data are not NumPy arrays of numbers."
        if data is not None and data[2] is not None and np.ndim(data[2]) != 1:
            return "The sample weights are not one number per row."
    model = getattr(job.network, "model", None)
    if model is None:  # drawn from a blueprint, which holds nothing else
        return None
    return _model_reason(model) or _optimizer_reason(model)


def prediction_reason(model: Any) -> str | None:
    """Say why a model's output cannot be computed by a compiled program."""
    name = type(model).__name__
    if keras.backend.backend() not in ("tensorflow", "jax"):
        return f"The Keras backend is {keras.backend.backend()!r}."
    if not isinstance(model, keras.Model):
        return f"{name} is not a Keras model."
    own = _own_method(model, _PREDICTING)
    if own is not None:
        return f"The model's class {name} has a {own} of its own."
    if len(getattr(model, "inputs", None) or ()) != 1:
        return f"The model {name} is not sequential or functional with one input."
    if len(model.outputs) != 1:
        return f"The model has {len(model.outputs)} outputs."
    if keras.distribution.distribution() is not None:
        return "A keras.distribution is set."
    return None


def _model_reason(model: Any) -> str | None:
    reason = prediction_reason(model)
    if reason is not None:
        return reason
    own = _own_method(model, _OVERRIDES)
    if own is not None:
        return f"The model's class {type(model).__name__} has a {own} of its own."
    if not model.compiled or model.optimizer is None or user_loss(model) is None:
        return "The model is not compiled with a loss and an optimizer."
    if model.run_eagerly:
        return "The model is compiled with run_eagerly=True."
    if not model.trainable_variables:
        return "The model has no trainable variables."
    if any(
        v.dtype not in ("float32", "int32", "uint32", "int64", "bool")
        for v in model.variables
    ) or any(
        layer.compute_dtype not in (None, "float32") for layer in layers_of(model)
    ):
        return "The model computes in another precision than float32."
    if any(
        layer.metrics
        for layer in layers_of(model)
        if not isinstance(layer, keras.Model)
    ):
        return "A layer of the model has metrics."
    return None


def _own_method(model: Any, names: tuple[str, ...]) -> str | None:
    """Name the first of Keras' methods that a model has a version of its own of."""
    for name in names:
        if name in vars(model) or (
            getattr(type(model), name) is not getattr(keras.Model, name)
        ):
            return name
    return None


def _optimizer_reason(model: Any) -> str | None:
    optimizer = model.optimizer
    name = type(optimizer).__name__
    if not is_own_class(type(optimizer)):
        return f"The optimizer {name} is not one of Keras' own."
    if name == "LossScaleOptimizer":
        return "The optimizer scales the loss for mixed precision."
    if optimizer.gradient_accumulation_steps or optimizer.use_ema:
        return f"The optimizer {name} accumulates gradients or averages weights."
    if optimizer.built and [id(v) for v in trained_by(optimizer)] != [
        id(v) for v in model.trainable_variables
    ]:
        return f"The optimizer {name} was built for other variables."
    rate = learning_rate_of(optimizer)
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
    if mixes_rows(model):
        return False
    for layer in layers_of(model):
        if isinstance(layer, _NOT_ROW_BY_ROW) or not _is_keras(type(layer)):
            return False
        if type(layer).__name__ in _MIXING or getattr(layer, "mask_zero", False):
            return False
        if getattr(layer, "activity_regularizer", None) is not None:
            return False
    loss = user_loss(model)
    name = loss
    if isinstance(loss, keras.Loss):
        if loss.reduction not in ("sum_over_batch_size", "mean"):
            return False
        name = loss.name
    elif not isinstance(loss, str):
        name = getattr(loss, "__name__", "")
    if any(part in str(name).lower() for part in _NOT_ROW_BY_ROW_LOSSES):
        return False
    return all(map(_scores_rows, [loss, *_flat(list(user_metrics(model)))]))


def mixes_rows(model: Any) -> bool:
    """Tell whether a row's output might depend on the batch's other rows.

    Parameters
    ----------
    model : keras.Model
    """
    return not all(
        isinstance(operation, keras.layers.Layer)
        and not isinstance(operation, keras.layers.Lambda)
        and is_own_class(type(operation))
        and not getattr(operation, "stateful", False)
        and _is_along_rows(operation)
        and all(
            is_own_function(value)
            for name, value in vars(operation).items()
            # Keras wraps these two, which no call looks at.
            if callable(value)
            and name not in ("build", "quantize")
            and not is_own_class(type(value))
        )
        for operation in operations_of(model)
    )


def _is_along_rows(item: Any) -> bool:
    """Tell whether what has an axis keeps away from the first, that of the rows."""
    settings = {**function_settings(item), **vars(item)}
    axes = [settings.get("axis"), settings.get("axes")]
    return all(
        isinstance(axis, int) and (axis > 0 or axis == -1)
        for axis in _flat(axes)
        if axis is not None
    )


def _scores_rows(item: Any) -> bool:
    """Tell whether a loss or metric of Keras' looks at rows one by one."""
    if item is None or isinstance(item, str):
        return True  # Keras looks names up among its own only.
    if isinstance(item, keras.Loss | keras.Metric):
        wrapped = getattr(item, "_fn", getattr(item, "fn", None))
        return (
            _is_keras(type(item))
            and (wrapped is None or is_own_function(wrapped))
            and _is_along_rows(item)
            and not getattr(item, "num_regressors", 0)  # these count the rows
        )
    return isinstance(item, types.FunctionType) and is_own_function(item)


def has_convolutions(model: Any) -> bool:
    """Tell whether a model convolves or recurs.

    TensorFlow's own kernels run those faster on a CPU than what XLA makes of them,
    and XLA is faster for everything else.
    """
    convolution = ("Conv", "SeparableConv", "DepthwiseConv")
    return any(
        type(layer).__name__.startswith(convolution)
        or isinstance(layer, keras.layers.RNN)
        for layer in layers_of(model)
    )


def _is_keras(cls: Any) -> bool:
    return is_own_class(cls) and cls.__module__.startswith("keras.")


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
