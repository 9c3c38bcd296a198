"""Sizes in, plain Keras models out."""

from kerasweep.networks._dense import dense_network

__all__ = ["dense_network"]
