"""Sizes in, plain Keras models out."""

from kerasweep.networks._autoencoder import dense_autoencoder, encoder_and_decoder
from kerasweep.networks._compile import compile_network, make_optimizer
from kerasweep.networks._conv import conv_network, pooled_rates
from kerasweep.networks._conv_denoiser import conv_denoiser
from kerasweep.networks._dense import dense_network
from kerasweep.networks._noise_in_training import noise_in_training
from kerasweep.networks._variational import (
    compile_variational,
    likelihood_network,
    mean_network,
    variational_network,
)

__all__ = [
    "compile_network",
    "compile_variational",
    "conv_denoiser",
    "conv_network",
    "dense_autoencoder",
    "dense_network",
    "encoder_and_decoder",
    "likelihood_network",
    "make_optimizer",
    "mean_network",
    "noise_in_training",
    "pooled_rates",
    "variational_network",
]
