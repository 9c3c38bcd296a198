"""A fitted pipeline as one Keras model: preprocessing, network, probabilities."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from kerasweep.estimators import DenoisingAutoencoder, VariationalAutoencoder
from kerasweep.estimators._base import BaseNetwork
from kerasweep.estimators._own_metrics import gives_logits
from kerasweep.estimators._tabular import TabularNetwork
from kerasweep.persistence._table_graph import table_graph

Graph = Callable[[Any], Any]


def whole_graph(
    owner: str, estimator: Any, image_shape: Sequence[int] | None = None
) -> Any:
    """Build the Keras model that computes what a fitted estimator answers.

    Parameters
    ----------
    owner : str
        The function that asks, for errors.
    estimator : estimator
        A fitted network, or a Pipeline that ends in one.
    image_shape : sequence of int, default=None
        Shape of the images to take; None takes what the estimator was fitted on.

    Returns
    -------
    model : keras.Model
        Of ordinary layers, not compiled; it shares the network's variables.

    Raises
    ------
    ValueError
        If a step is not arithmetic that Keras has layers for.
    """
    import keras

    steps = estimator.steps if isinstance(estimator, Pipeline) else [("", estimator)]
    steps = [(n, s) for n, s in steps if s is not None and s != "passthrough"]
    if not steps or not isinstance(steps[-1][1], BaseNetwork):
        found = steps[-1][1] if steps else estimator
        raise ValueError(
            f"estimator of {owner} must be a network of this package, or a Pipeline "
            f"that ends in one. Got {found!r} instead."
        )
    check_is_fitted(estimator)
    graphs = [
        _preprocessing(owner, name, step, f"step_{number}")
        for number, (name, step) in enumerate(steps[:-1], start=1)
    ]
    graphs.append(_network(owner, steps[-1][1], "network"))
    rows = keras.Input(_input_shape(owner, steps, image_shape), name="features")
    x = rows
    if image_shape is not None and len(_rows_of(steps)) == 1:
        x = keras.layers.Flatten()(x)
    for graph in graphs:
        x = graph(x)
    return keras.Model(rows, x, name="kerasweep")


def _rows_of(steps: list[tuple[str, Any]]) -> tuple[int, ...]:
    """Return the shape of a row as the first step was given it."""
    first = steps[0][1]
    if type(first).__name__ == "ImagesToRows":
        return tuple(int(side) for side in first.image_shape)
    if isinstance(first, BaseNetwork) and not isinstance(first, TabularNetwork):
        _refuse_several("the export", first)
        return first._row_shape
    return (int(first.n_features_in_),)


def _input_shape(
    owner: str, steps: list[tuple[str, Any]], image_shape: Sequence[int] | None
) -> tuple[int, ...]:
    rows = _rows_of(steps)
    if image_shape is None:
        return rows
    given = tuple(int(side) for side in image_shape)
    if np.prod(given) != np.prod(rows) or (len(rows) > 1 and given != rows):
        raise ValueError(
            f"`image_shape` of {owner} (={given}) must hold as many values as a row "
            f"that the estimator was fitted on, whose shape is {rows}."
        )
    return given


def _preprocessing(owner: str, name: str, step: Any, layer_name: str) -> Graph:
    import keras

    kind = type(step).__name__
    if isinstance(step, BaseNetwork):
        return _network(owner, step, layer_name)
    if kind in ("SaltAndPepper", "GaussianNoise") and step.apply == "fit":
        return lambda x: x
    if kind == "ImagesToRows":
        return keras.layers.Flatten(name=layer_name)
    if kind == "PixelScaler":
        return keras.layers.Rescaling(1.0 / float(step.max_value), name=layer_name)
    affine = _affine(kind, step)
    if affine is None:
        raise ValueError(
            f"Step {name!r} of {owner}'s pipeline, {kind}, must be a scaler, for Keras "
            "has no layers for what it does. Export the steps behind it, as in "
            f"{owner}(pipeline[-1], path), and apply it before."
        )
    mean, scale = (np.broadcast_to(np.float64(v), step.n_features_in_) for v in affine)
    # Not Normalization, whose constants tf2onnx takes for inputs; and two layers, so
    # that a large mean costs no precision.
    center = keras.layers.Rescaling(1.0, (-mean).tolist(), name=f"{layer_name}_center")
    divide = keras.layers.Rescaling((1 / scale).tolist(), name=f"{layer_name}_scale")
    if not getattr(step, "clip", False):
        return lambda x: divide(center(x))
    bounds = step.feature_range if hasattr(step, "feature_range") else (-1.0, 1.0)
    return lambda x: keras.ops.clip(divide(center(x)), *map(float, bounds))


def _affine(kind: str, step: Any) -> tuple[Any, Any] | None:
    """Return what a scaler subtracts, and what it then divides by."""
    if kind == "MinMaxScaler":
        return -step.min_ / step.scale_, 1 / step.scale_
    if kind == "MaxAbsScaler":
        return 0.0, step.scale_
    center = {"StandardScaler": "mean_", "RobustScaler": "center_"}.get(kind)
    if center is None:
        return None
    with_center = step.with_mean if kind == "StandardScaler" else step.with_centering
    scale = step.scale_ if step.scale_ is not None else 1.0
    return getattr(step, center) if with_center else 0.0, scale


def _refuse_several(owner: str, net: Any) -> None:
    by_name = getattr(net, "_x_by_name", False) or getattr(net, "_named_out", None)
    if by_name:
        raise ValueError(
            f"The network of {owner} must have one input and one output. Got a "
            f"{type(net).__name__} with several, by name. Export its model_ with Keras "
            "itself: model_.save(path), or model_.export(path)."
        )


def _network(owner: str, net: Any, name: str) -> Graph:
    import keras

    _refuse_several(owner, net)
    if isinstance(net, VariationalAutoencoder):
        encoder, width = net.encoder_, net._latent_dim()
        return lambda x: encoder(x, training=False)[:, :width]
    # Without its optimizer and loss: they may be the user's own classes.
    model = keras.Model(net.model_.inputs, net.model_.outputs, name=name)

    def graph(x: Any) -> Any:
        if isinstance(net, TabularNetwork):
            x = table_graph(owner, net, x)
        taken = model.inputs[0].shape[1:]
        given = x.shape[1:]
        if given != taken:
            x = keras.layers.Reshape(taken)(x)
        # Keras' shifts and rotations are for training only if that is said.
        x = model(x, training=False)
        x = x[0] if isinstance(x, list) else x
        if isinstance(net, DenoisingAutoencoder) and given != taken:
            return keras.layers.Reshape(given)(x)
        return _probabilities(net, x) if is_classifier(net) else x

    return graph


def _probabilities(net: Any, x: Any) -> Any:
    import keras

    logits = gives_logits(net.model_.loss)
    if getattr(net, "multilabel_", False):
        return keras.layers.Activation("sigmoid", name="labels")(x) if logits else x
    if x.shape[-1] > 1:
        return keras.layers.Softmax(name="probabilities")(x) if logits else x
    if logits:
        x = keras.layers.Activation("sigmoid", name="share")(x)
    other = keras.layers.Rescaling(-1.0, 1.0, name="other_share")(x)
    return keras.layers.Concatenate(name="probabilities")([other, x])
