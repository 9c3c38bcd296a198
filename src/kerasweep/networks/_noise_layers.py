"""Noise as layers: drawn afresh in each training step, absent otherwise.

Importing this module imports Keras.
"""

from abc import abstractmethod
from typing import Any

import keras
from keras import ops


class BaseNoiseLayer(keras.layers.Layer):
    """Corrupt the rows of a batch in training, each at a level of its own.

    Parameters
    ----------
    amount : (low, high)
        Each row's level is drawn uniformly from this range.
    seed : int
        Not part of the configuration: the state of the generator is a variable, so
        that networks which differ in nothing else share one compiled program.
    """

    def __init__(self, amount: tuple[float, float], *, seed: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.amount = (float(amount[0]), float(amount[1]))
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, corrupted in training."""
        if not training:
            return inputs
        least, most = self.amount
        shape = (ops.shape(inputs)[0],) + (1,) * (len(inputs.shape) - 1)
        level: Any = least
        if most > least:
            level = keras.random.uniform(shape, least, most, seed=self.seed_generator)
        return self._corrupt(inputs, level)

    @abstractmethod
    def _corrupt(self, inputs: Any, level: Any) -> Any:
        """Return noisy inputs; `level` is a number, or one for each row."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, but for the seed."""
        return {**super().get_config(), "amount": self.amount}


@keras.saving.register_keras_serializable(package="kerasweep")
class SaltAndPepperLayer(BaseNoiseLayer):
    """Replace values by `low` or `high`, as `SaltAndPepper` does.

    Parameters
    ----------
    amount : (low, high)
        Range of the share of values to replace, in [0, 1].
    salt_vs_pepper : float
        Share of `high` among the replaced values.
    low, high : float
    seed : int
    """

    def __init__(
        self,
        amount: tuple[float, float],
        *,
        salt_vs_pepper: float = 0.5,
        low: float = 0.0,
        high: float = 1.0,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(amount, seed=seed, **kwargs)
        self.salt_vs_pepper = float(salt_vs_pepper)
        self.low, self.high = float(low), float(high)

    def _corrupt(self, inputs: Any, level: Any) -> Any:
        draws = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator)
        noisy = ops.where(draws < level, self.low, inputs)
        return ops.where(draws < level * self.salt_vs_pepper, self.high, noisy)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, but for the seed."""
        return {
            **super().get_config(),
            "salt_vs_pepper": self.salt_vs_pepper,
            "low": self.low,
            "high": self.high,
        }


@keras.saving.register_keras_serializable(package="kerasweep")
class GaussianNoiseLayer(BaseNoiseLayer):
    """Add Gaussian noise and clip the sum, as `GaussianNoise` does.

    Parameters
    ----------
    amount : (low, high)
        Range of the noise's standard deviation, at least 0.
    low, high : float or None
        Bounds of the sum; None for no bound.
    seed : int
    """

    def __init__(
        self,
        amount: tuple[float, float],
        *,
        low: float | None = 0.0,
        high: float | None = 1.0,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(amount, seed=seed, **kwargs)
        self.low = None if low is None else float(low)
        self.high = None if high is None else float(high)

    def _corrupt(self, inputs: Any, level: Any) -> Any:
        noise = keras.random.normal(ops.shape(inputs), seed=self.seed_generator)
        noisy = inputs + level * noise
        if self.low is not None:
            noisy = ops.maximum(noisy, self.low)
        if self.high is not None:
            noisy = ops.minimum(noisy, self.high)
        return noisy

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor, but for the seed."""
        return {**super().get_config(), "low": self.low, "high": self.high}
