"""Sizes in, plain Keras models out."""

from kerasweep.networks._dense import dense_network
from kerasweep.networks._variational import (
    compile_variational,
    likelihood_network,
    mean_network,
    variational_network,
)

__all__ = [
    "compile_variational",
    "dense_network",
    "likelihood_network",
    "mean_network",
    "variational_network",
]
