"""Variational autoencoders."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasweep.networks._dense import dense_network


def variational_network(
    n_features: int,
    latent_dim: int,
    *,
    n_classes: int = 0,
    hidden_layer_sizes: Sequence[int] = (500, 500),
    activation: str = "relu",
    likelihood: str = "bernoulli",
    binarize: bool = False,
    seed: int = 0,
) -> Any:
    """Build the network that trains an encoder and a decoder together.

    A row x is encoded to ``q(z | x) = N(mean, diag(exp(log_variance)))``; a draw z of
    it is decoded to ``p(x | z)``. The output has two columns, both in nats and summed
    over features or latent units: the reconstruction term ``-log p(x | z)``, and the
    divergence of ``q(z | x)`` from the prior N(0, I). Their sum is minus the evidence
    lower bound (ELBO).

    Parameters
    ----------
    n_features, latent_dim : int
    n_classes : int, default=0
        Columns behind the features that hold a row's class as zeros and a one. They
        reach the decoder, not the encoder.
    hidden_layer_sizes : sequence of int, default=(500, 500)
        Units of the encoder's hidden layers; the decoder's are the same, reversed.
    activation : str, default="relu"
    likelihood : {"bernoulli", "gaussian"}, default="bernoulli"
        "gaussian" learns one standard deviation for all features.
    binarize : bool, default=False
        Whether rows are drawn as zeros and ones, afresh for every batch, with their
        values as the probabilities of a one.
    seed : int, default=0
        Draws the initial weights, the codes and the binary rows.

    Returns
    -------
    model : keras.Model
        Built, not compiled. Its layers "encoder" and "decoder" are models of ordinary
        Keras layers: the first gives means and log variances side by side, the second
        logits (bernoulli) or means. No global random state is read or changed.

    References
    ----------
    D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014.

    Examples
    --------
    >>> from kerasweep.networks import variational_network
    >>> model = variational_network(64, 2, hidden_layer_sizes=(32,))
    >>> model.get_layer("decoder").count_params()
    2208
    """
    import keras

    from kerasweep.networks._variational_layers import (
        Binarize,
        Divergence,
        LogLikelihood,
        SampleLatent,
    )

    seeds = np.random.SeedSequence(seed).generate_state(4).tolist()
    sizes = list(hidden_layer_sizes)
    encoder = dense_network(
        n_features,
        2 * latent_dim,
        hidden_layer_sizes=sizes,
        activation=activation,
        seed=seeds[0],
        name="encoder",
    )
    decoder = dense_network(
        latent_dim + n_classes,
        n_features,
        hidden_layer_sizes=sizes[::-1],
        activation=activation,
        seed=seeds[1],
        name="decoder",
    )
    inputs = keras.Input((n_features + n_classes,), name="features")
    x = inputs[:, :n_features] if n_classes else inputs
    if binarize:
        layer = Binarize(name="binarize")
        _seed(layer.generator, seeds[2])
        x = layer(x)
    code = encoder(x)
    layer = SampleLatent(name="sample")
    _seed(layer.generator, seeds[3])
    z = layer(code)
    if n_classes:
        z = keras.layers.Concatenate(name="with_class")([z, inputs[:, n_features:]])
    log_likelihood = LogLikelihood(likelihood, name="log_likelihood")([x, decoder(z)])
    divergence = Divergence(name="divergence")(code)
    output = keras.ops.stack([-log_likelihood, divergence], axis=-1)
    return keras.Model(inputs, output, name="variational")


def compile_variational(model: Any, optimizer: Any) -> None:
    """Give a variational network its loss and its metrics.

    The loss is ``reconstruction + beta * kl``, where beta is the only column of the
    targets; the metrics "reconstruction" and "kl" are its parts.

    Parameters
    ----------
    model : keras.Model
        From :func:`variational_network`.
    optimizer : keras.optimizers.Optimizer
    """
    from kerasweep.networks._variational_layers import (
        Kl,
        NegativeElbo,
        Reconstruction,
    )

    model.compile(
        optimizer=optimizer,
        loss=NegativeElbo(name="negative_elbo"),
        weighted_metrics=[Reconstruction(name="reconstruction"), Kl(name="kl")],
    )


def likelihood_network(
    model: Any, n_features: int, n_classes: int, n_draws: int
) -> Any:
    """Build the network that rates several codes of each row.

    Parameters
    ----------
    model : keras.Model
        From :func:`variational_network`; its decoder is shared.
    n_features, n_classes : int
    n_draws : int
        Codes per row.

    Returns
    -------
    model : keras.Model
        Takes rows of features, class columns, and `n_draws` codes, side by side; gives
        ``log p(x | z)`` of each code, in nats.
    """
    import keras

    decoder = model.get_layer("decoder")
    latent_dim = decoder.input_shape[-1] - n_classes
    start = n_features + n_classes
    inputs = keras.Input((start + n_draws * latent_dim,), name="features")
    x = keras.layers.Reshape((1, n_features))(inputs[:, :n_features])
    z = keras.layers.Reshape((n_draws, latent_dim))(inputs[:, start:])
    if n_classes:
        repeated = keras.layers.RepeatVector(n_draws)(inputs[:, n_features:start])
        z = keras.layers.Concatenate()([z, repeated])
    for layer in decoder.layers:  # acts on the last axis alone
        z = layer(z)
    return keras.Model(inputs, model.get_layer("log_likelihood")([x, z]))


def mean_network(model: Any) -> Any:
    """Build the decoder whose output is the mean of ``p(x | z)``.

    Parameters
    ----------
    model : keras.Model
        From :func:`variational_network`; its decoder is shared.

    Returns
    -------
    decoder : keras.Model
        Of ordinary Keras layers; its output lies in [0, 1] for Bernoulli rows.
    """
    import keras

    decoder = model.get_layer("decoder")
    if model.get_layer("log_likelihood").likelihood == "gaussian":
        return decoder
    return keras.Sequential(
        [
            keras.Input(decoder.input_shape[1:], name="codes"),
            *decoder.layers,
            keras.layers.Activation("sigmoid", name="mean"),
        ],
        name="decoder",
    )


def _seed(generator: Any, seed: int) -> None:
    generator.state.assign(np.array([seed, 0], dtype="uint32"))
