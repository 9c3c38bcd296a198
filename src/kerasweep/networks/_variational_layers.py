"""The layers of a variational autoencoder that Keras does not have."""

import math
from typing import Any

import keras
from keras import ops

_LOG_2_PI = math.log(2 * math.pi)


@keras.saving.register_keras_serializable("kerasweep")
class Binarize(keras.layers.Layer):
    """Draw each value as 1 with the probability that it states, else 0.

    The draw is made afresh for every batch, in training and in evaluation.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        # The seed is a variable's value alone, not a setting: networks that differ in
        # nothing else are trained by one program.
        self.generator = keras.random.SeedGenerator(0)

    def call(self, x: Any) -> Any:
        """Return zeros and ones in the shape of x."""
        uniform = keras.random.uniform(ops.shape(x), seed=self.generator)
        return ops.cast(uniform < x, x.dtype)


@keras.saving.register_keras_serializable("kerasweep")
class SampleLatent(keras.layers.Layer):
    """Draw ``z = mean + exp(log_variance / 2) * noise`` from rows of both."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.generator = keras.random.SeedGenerator(0)

    def call(self, code: Any) -> Any:
        """Return one draw of shape (rows, latent_dim) a row."""
        mean, log_variance = ops.split(code, 2, axis=-1)
        noise = keras.random.normal(ops.shape(mean), seed=self.generator)
        return mean + ops.exp(0.5 * log_variance) * noise


@keras.saving.register_keras_serializable("kerasweep")
class LogLikelihood(keras.layers.Layer):
    """Compute the logarithm of ``p(x | z)`` in nats, summed over the last axis.

    Parameters
    ----------
    likelihood : {"bernoulli", "gaussian"}
        What the decoder's output means: logits, or means whose standard deviation is
        learned here, one for all features.
    """

    def __init__(self, likelihood: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.likelihood = likelihood

    def build(self, shapes: Any) -> None:
        """Make the standard deviation's logarithm."""
        if self.likelihood == "gaussian":
            self.log_std = self.add_weight(shape=(), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Take x and the decoder's output, which broadcast."""
        x, output = inputs
        if self.likelihood == "bernoulli":
            terms = x * output - ops.softplus(output)
        else:
            residual = (x - output) * ops.exp(-self.log_std)
            terms = -0.5 * (ops.square(residual) + _LOG_2_PI) - self.log_std
        return ops.sum(terms, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer again."""
        return {**super().get_config(), "likelihood": self.likelihood}


@keras.saving.register_keras_serializable("kerasweep")
class Divergence(keras.layers.Layer):
    """Compute ``KL(q(z | x) || N(0, I))`` in nats, one value per row."""

    def call(self, code: Any) -> Any:
        """Take means and log variances side by side."""
        mean, log_variance = ops.split(code, 2, axis=-1)
        terms = ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance
        return 0.5 * ops.sum(terms, axis=-1)


# Classes rather than functions, which Keras finds again only once they are imported.
@keras.saving.register_keras_serializable("kerasweep")
class NegativeElbo(keras.Loss):
    """Reconstruction plus beta times KL, in nats per row.

    Beta is a column of the targets, so that networks of different beta share a
    program.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each row."""
        return y_pred[:, 0] + y_true[:, 0] * y_pred[:, 1]


@keras.saving.register_keras_serializable("kerasweep")
class Reconstruction(keras.metrics.Mean):
    """Mean of ``-log p(x | z)``, in nats per row."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        super().update_state(y_pred[:, 0], sample_weight=sample_weight)


@keras.saving.register_keras_serializable("kerasweep")
class Kl(keras.metrics.Mean):
    """Mean divergence of the codes from the prior, in nats per row."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        super().update_state(y_pred[:, 1], sample_weight=sample_weight)
