"""Keras' metrics, made for the outputs that they will see.

A metric of probabilities that is given logits, or one that takes values instead of
targets and outputs, answers without an error, and wrongly.
"""

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

from kerasweep.estimators._routing import class_named
from kerasweep.estimators._target_forms import made, name_of

# What each takes so that it reads logits.
_OF_LOGITS: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(
        "AUC BinaryCrossentropy CategoricalCrossentropy "
        "SparseCategoricalCrossentropy".split(),
        ("from_logits", True),
    ),
    **dict.fromkeys(
        "Precision Recall TruePositives TrueNegatives FalsePositives "
        "FalseNegatives".split(),
        ("thresholds", 0.0),
    ),
    **dict.fromkeys(("BinaryAccuracy", "BinaryIoU"), ("threshold", 0.0)),
}
_NEVER_OF_LOGITS = frozenset(
    "KLDivergence PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity "
    "SpecificityAtSensitivity".split()
)
_F_SCORES = ("F1Score", "FBetaScore")
# What these take instead of outputs, and what to pass.
_OF_OTHERS = {
    "Mean": ("values alone", "a subclass with an update_state of its own"),
    "Sum": ("values alone", "a subclass with an update_state of its own"),
    "Accuracy": ("predicted classes", '"accuracy"'),
}


def fitting_metrics(
    owner: str,
    metrics: Any,
    *,
    logits: bool,
    n_outputs: int,
    labels: bool = False,
) -> Any:
    """Give metrics that were named, or given as types, the settings that they need.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    metrics : list or dict
        As ``Model.compile`` takes them.
    logits : bool
        Whether the outputs are logits.
    n_outputs : int
    labels : bool, default=False
        Whether each output is a label's, whatever the others are.

    Returns
    -------
    metrics : list or dict

    Raises
    ------
    ValueError
        If one of Keras' own metrics would answer wrongly.
    """

    def fitting(metric: Any) -> Any:
        if isinstance(metric, list | tuple):
            return [fitting(one) for one in metric]
        if isinstance(metric, Mapping) and "class_name" not in metric:
            return {name: fitting(one) for name, one in metric.items()}
        if labels:
            return _of_labels(owner, metric, logits)
        return _fitting(owner, metric, logits, n_outputs)

    return fitting(metrics)


def _of_labels(owner: str, metric: Any, logits: bool) -> Any:
    import keras

    if isinstance(metric, str) and metric.lower() in ("acc", "accuracy"):
        threshold = 0.0 if logits else 0.5
        return keras.metrics.BinaryAccuracy(name=metric, threshold=threshold)
    if "categorical" in name_of(metric).lower():
        raise ValueError(
            f"metrics of {owner} must not compare several outputs for labels that may "
            f'hold together. Got {name_of(metric)} instead. Pass "binary_accuracy".'
        )
    return _fitting(owner, metric, logits, 1)  # each as if it were the only one


def _fitting(owner: str, metric: Any, logits: bool, n_outputs: int) -> Any:
    import keras

    if isinstance(metric, str) and metric.lower() in ("acc", "accuracy"):
        if not (logits and n_outputs == 1):
            return metric  # Keras chooses by the shapes
        return keras.metrics.BinaryAccuracy(name=metric, threshold=0.0)
    given = not isinstance(metric, str | type)
    cls: Any = _class_of(owner, metric)
    kind = getattr(cls, "__name__", "")
    if getattr(keras.metrics, kind, metric) is not cls:
        return metric  # the user's own, or a function
    named, name = f"metrics of {owner}", name_of(metric)
    if kind in _OF_OTHERS:
        takes, remedy = _OF_OTHERS[kind]
        raise ValueError(
            f"{named} must take targets and outputs. Got {name} instead, which takes "
            f"{takes}. Pass {remedy}."
        )
    if "sparse_y_pred" in inspect.signature(cls).parameters and not (
        given and n_outputs > 1 and not metric.sparse_y_pred
    ):
        remedy = "BinaryIoU" if n_outputs == 1 else f"{kind}(sparse_y_pred=False)"
        raise ValueError(
            f"{named} must take the outputs of {n_outputs} units. Got {name} instead, "
            f"which takes them for classes. Pass {remedy}."
        )
    needed = _needed(kind, logits, n_outputs)
    if needed is None:
        raise ValueError(
            f"{named} must take logits, as loss has from_logits=True. Got {name} "
            "instead, which takes probabilities. End the model with a softmax or "
            "sigmoid layer, and leave from_logits out."
        )
    if not given:
        named_so = {"name": metric} if isinstance(metric, str) else {}
        return cls(**needed, **named_so) if needed else metric
    for argument, value in needed.items():
        default = inspect.signature(cls).parameters[argument].default
        if metric.get_config().get(argument) == default:
            raise ValueError(
                f"{named} must be given {argument} for this model, for instance "
                f"{kind}({argument}={value!r}). Got {name} without it instead."
            )
    return metric


def _needed(kind: str, logits: bool, n_outputs: int) -> dict[str, Any] | None:
    """Give the arguments that one of Keras' metrics needs; None if none will do."""
    if kind in _F_SCORES:
        if logits and n_outputs == 1:
            return None
        # One number; of several columns the largest counts, whatever the scale.
        mean = {"average": "macro"}
        return {**mean, "threshold": 0.5} if n_outputs == 1 else mean
    if not logits:
        return {}
    if kind in _NEVER_OF_LOGITS:
        return None
    argument, value = _OF_LOGITS.get(kind, ("", None))
    if "threshold" in argument and n_outputs > 1:
        return None
    return {argument: value} if argument else {}


def _class_of(owner: str, metric: Any) -> Any:
    """Return a metric's class; None for a function that has none."""
    import keras

    if isinstance(metric, str):
        metric = made(owner, "metrics", partial(class_named, "metrics"), metric)
    if isinstance(metric, type):
        return metric
    return type(metric) if isinstance(metric, keras.metrics.Metric) else None


def gives_logits(loss: Any) -> bool:
    """Whether a loss takes a model's outputs for logits."""
    keywords = getattr(loss, "keywords", None) or {}
    return bool(getattr(loss, "from_logits", keywords.get("from_logits", False)))
