"""A target that is learnt standardized, and answered in its units."""

from typing import Any, NamedTuple

import numpy as np

from kerasweep.estimators._fold import Fold


class Units(NamedTuple):
    """Mean and standard deviation of each column of a target.

    Both are ndarrays of shape (n_outputs,), float64.
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, rows: Fold) -> "Units":
        """Measure the targets of training rows, in double precision.

        A row of weight 0 counts as little as one that is not there. The scale of a
        column that is constant is 1.
        """
        target, weight = rows.target, rows.sample_weight
        # Where no row counts, the fit is refused later on.
        if weight is not None and weight.max() > 0:
            counts = weight > 0
            target, weight = target[counts], weight[counts] / weight.max()
        else:
            weight = None
        # Not StandardScaler, whose weighted variance can be negative.
        mean = np.average(target, axis=0, weights=weight)
        variance = np.average((target - mean) ** 2, axis=0, weights=weight)
        constant = target.max(axis=0) == target.min(axis=0)
        return cls(mean, np.sqrt(np.where(constant, 1.0, variance)))

    def standardized(self, target: np.ndarray) -> np.ndarray:
        """Return targets as the network learns them, float32."""
        return ((target - self.mean) / self.scale).astype(np.float32)

    def restored(self, outputs: np.ndarray) -> np.ndarray:
        """Return the network's outputs in the target's units, float64."""
        return outputs.astype(np.float64) * self.scale + self.mean


def in_units(model: Any, units: Units) -> Any:
    """Put a layer behind a trained network that brings its outputs into units.

    Parameters
    ----------
    model : keras.Model
        Of one input and one output.
    units : Units

    Returns
    -------
    model : keras.Model
        Of the same layers, with the same optimizer if there is one, and a
        ``Rescaling`` layer. A ``Sequential`` model stays one.
    """
    import keras

    scale, mean = units.scale.tolist(), units.mean.tolist()
    layer = keras.layers.Rescaling(scale, mean, name="units")
    if isinstance(model, keras.Sequential):
        rows = keras.Input(model.input_shape[1:], name="features")
        scaled = keras.Sequential([rows, *model.layers, layer], name=model.name)
    else:
        scaled = keras.Model(model.inputs, layer(model.output), name=model.name)
    if model.compiled:
        scaled.compile(optimizer=model.optimizer, loss=model.loss)
    return scaled
