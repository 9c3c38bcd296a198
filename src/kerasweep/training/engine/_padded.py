"""Small networks of many sizes, trained by one program."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import prod
from typing import Any

import keras
import numpy as np

from kerasweep.networks import dense_network
from kerasweep.training.engine._blueprint import Blueprint
from kerasweep.training.engine._eligible import NotExpressible
from kerasweep.training.engine._network import Drawn, Network
from kerasweep.training.engine._template import template_of

# Hidden layers have so many units at least.
_LEAST_UNITS = 32
# Multiply-adds that may be added to a batch: a fraction of the overhead of its step.
_LITTLE_WORK = 2**19
# Of these an input of zero gives zero, unit by unit.
_ACTIVATIONS = frozenset(
    "relu tanh elu selu gelu silu linear leaky_relu softsign mish".split()
)
# These change a number by its own gradient and slots alone: one that is zero, with a
# gradient of zero, stays zero.
_OPTIMIZERS = frozenset(
    "sgd rmsprop adam adamw adagrad adadelta adamax nadam lion".split()
)


def roomy(network: Network, batch_size: int) -> Network:
    """Give a small dense network room in the program of a wider one.

    A hidden unit whose weights are all zero, those that enter it and those that leave
    it, puts out zero and has gradients of zero. Such units are added up to a power of
    two, so that networks of many sizes share a program. Their results are those of a
    program of their own but for the order of the terms in a sum.

    Parameters
    ----------
    network : Network
    batch_size : int
        What the added units cost in a batch decides, not how long the network is
        trained, which must not change what comes of it.

    Returns
    -------
    network : Network
        The same one where another would take longer, or would not be the same.
    """
    if type(network) is not Drawn or not _l1_leaves_zero_alone(network):
        return network
    wider = _wider(network.blueprint, batch_size)
    return network if wider is None else Padded(network, wider)


class Padded(Drawn):
    """A network as a program of a wider one takes it, and gives it back.

    Parameters
    ----------
    own : Drawn
    wider : Blueprint
        Its own one, with more hidden units.
    """

    def __init__(self, own: Drawn, wider: Blueprint):
        super().__init__(wider, own.numbers, own.seed)
        self._own = own

    def read_state(self) -> list[np.ndarray]:
        """Give the network's own arrays, filled up with zeros."""
        wide = self._template().initial
        own = self._own.read_state()
        return [_filled_up(o, w.shape) for o, w in zip(own, wide, strict=True)]

    def write_state(self, state: Sequence[Any], best: Sequence[Any] | None) -> None:
        """Hand the network its own part of new values.

        Raises
        ------
        NotExpressible
            If units that were added are not zero any more, which changes the network.
        """
        own_best = None if best is None else self._own_parts(best)
        self._own.write_state(self._own_parts(state), own_best)

    def _own_parts(self, values: Sequence[Any]) -> list[np.ndarray]:
        own = template_of(self._own.blueprint).initial
        return [_own_part(v, o.shape) for v, o in zip(values, own, strict=True)]


def _l1_leaves_zero_alone(network: Drawn) -> bool:
    # JAX gives the absolute value the gradient 1 at zero.
    return keras.backend.backend() != "jax" or not network.numbers.get("l1")


def _wider(blueprint: Blueprint, batch_size: int) -> Blueprint | None:
    if blueprint.network is not dense_network:
        return None
    arguments, training = dict(blueprint.arguments), dict(blueprint.training)
    n_features, n_outputs = arguments["n_features"], arguments["n_outputs"]
    own = arguments["hidden_layer_sizes"]
    sizes = tuple(max(_LEAST_UNITS, 1 << (n - 1).bit_length()) for n in own)
    work, own_work = (
        batch_size * sum(map(prod, pairwise((n_features, *hidden, n_outputs))))
        for hidden in (sizes, own)
    )
    if (
        sizes == own
        or work - own_work > _LITTLE_WORK
        or arguments["activation"] not in _ACTIVATIONS
        or training["optimizer"] not in _OPTIMIZERS
        or arguments["batch_normalization"]
        or any(_some(there) for n, there in blueprint.present if n in blueprint.dropout)
    ):
        return None
    arguments["hidden_layer_sizes"] = sizes
    return replace(blueprint, arguments=tuple(sorted(arguments.items())))


def _some(there: Any) -> bool:
    return any(there) if isinstance(there, tuple) else bool(there)


def _filled_up(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    if np.shape(value) == shape:
        return np.asarray(value)
    whole = np.zeros(shape, value.dtype)
    whole[tuple(map(slice, value.shape))] = value
    return whole


def _own_part(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    value = np.asarray(value)
    if value.shape == shape:
        return value
    own = value[tuple(map(slice, shape))].copy()  # a view would keep the whole array
    changed = np.count_nonzero(value) != np.count_nonzero(own)
    if changed and np.isfinite(own).all():
        raise NotExpressible("A program of a wider network changed what must stay 0.")
    return own
