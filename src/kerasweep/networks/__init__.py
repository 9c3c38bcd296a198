"""Sizes in, plain Keras models out."""

from kerasweep.networks._conv import conv_network
from kerasweep.networks._dense import dense_network

__all__ = ["conv_network", "dense_network"]
