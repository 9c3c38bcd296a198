"""The encoder of a table as a part of a Keras graph."""

from typing import Any

import numpy as np

# Beyond it the smooth clipping is flat in single precision.
_FAR = 1e8


def table_graph(owner: str, net: Any, x: Any) -> Any:
    """Encode a table's rows as a fitted estimator does.

    Parameters
    ----------
    owner : str
        The function that asks, for errors.
    net : TabularClassifier or TabularRegressor
        Fitted.
    x : KerasTensor of shape (n_samples, n_features)
        Quantities and categories that are numbers; NaN for what is missing.

    Returns
    -------
    encoded : KerasTensor of shape (n_samples, n_encoded)

    Raises
    ------
    ValueError
        If a column holds text or booleans, or too many categories.
    """
    import keras

    encoder = net.encoder_
    places = np.flatnonzero(encoder.scale_ > 0)
    parts = []
    if len(places):
        parts.append(_quantities(encoder, places, x))
    for i in range(encoder.n_features_in_):
        column = keras.ops.take(x, [i], axis=1)
        missing = keras.ops.cast(keras.ops.isnan(column), "float32")
        if not encoder.is_categorical_[i]:
            if encoder.had_missing_[i]:
                parts.append(missing)
            continue
        n = len(encoder.categories_[i])
        values = _numbers_of(owner, net, i)
        for code in encoder._flags(i):
            if code == n:
                parts.append(missing)
            else:
                same = keras.ops.equal(column, float(values[code]))
                parts.append(keras.ops.cast(same, "float32"))
    if not parts:
        return keras.ops.zeros_like(keras.ops.take(x, [0], axis=1))
    return keras.ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]


def _quantities(encoder: Any, places: np.ndarray, x: Any) -> Any:
    import keras

    x = keras.ops.take(x, places.tolist(), axis=1)
    center, scale = encoder.center_[places], encoder.scale_[places]
    z = keras.layers.Rescaling(1.0, (-center).tolist(), name="table_center")(x)
    z = keras.layers.Rescaling((1 / scale).tolist(), name="table_scale")(z)
    z = keras.ops.where(keras.ops.isnan(x), 0.0, z)
    z = keras.ops.clip(z, -_FAR, _FAR)
    return z / keras.ops.sqrt(1.0 + keras.ops.square(z / encoder.BOUND))


def _numbers_of(owner: str, net: Any, i: int) -> list[float]:
    """Give a column's categories as numbers."""
    encoder = net.encoder_
    names = getattr(net, "feature_names_in_", None)
    name = f"column {i}" if names is None else str(names[i])
    try:
        values = [float(text) for text in encoder.categories_[i]]
    except ValueError:
        values = None
    if values is None or encoder.has_others_[i] or not encoder._is_one_hot(i):
        raise ValueError(
            f"estimator of {owner} must take numbers alone: {name!r} of the "
            f"{type(net).__name__} holds text, booleans or more categories than "
            "max_one_hot, which are no arithmetic. Encode them outside, with "
            "estimator.encoder_.transform(X), and write what follows with "
            "estimator.model_.save(path)."
        )
    return values
