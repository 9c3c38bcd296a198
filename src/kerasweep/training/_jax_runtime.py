"""Compiling and running an epoch on the JAX backend."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

Tensors = list[Any]


def value_and_grad(function: Callable[..., Any], variables: Tensors) -> Any:
    """Differentiate a function with auxiliary output by a list of tensors."""
    return jax.value_and_grad(function, has_aux=True)(variables)


def loop(n_steps: Any, body: Callable[..., Any], carry: Any) -> Any:
    """Apply ``carry = body(i, carry)`` for i in range(n_steps)."""
    return jax.lax.fori_loop(0, n_steps, body, carry)


map_networks = jax.vmap


def compile_function(
    function: Callable[..., Any], arguments: Any, xla: bool, parallel: bool
) -> Callable[..., Any]:
    """Compile a function for arguments of these shapes.

    Parameters
    ----------
    function : callable
    arguments : tuple
        Nested lists, tuples and dicts of arrays.
    xla : bool
        Not used: everything on JAX goes through XLA.
    parallel : bool
        Whether the program may use several cores of a CPU.

    Returns
    -------
    compiled : callable
        Holds no reference to ``function``.
    """
    options: dict[str, Any] = {}
    if not parallel and jax.default_backend() == "cpu":
        options["xla_cpu_multi_thread_eigen"] = False
    return jax.jit(function).lower(*arguments).compile(compiler_options=options or None)


def to_device(array: np.ndarray) -> Any:
    """Copy an array to the device."""
    return jax.device_put(array)


def to_host(tensor: Any) -> np.ndarray:
    """Copy a tensor to the host, waiting for it."""
    return np.asarray(tensor)


def stack(tensors: Tensors) -> Any:
    """Stack tensors along a new first axis."""
    return jax.numpy.stack(tensors)


def where(mask: np.ndarray, new: Any, old: Any) -> Any:
    """Take ``new`` for the networks of a stack where the mask is true."""
    shape = mask.shape + (1,) * (new.ndim - 1)
    return jax.numpy.where(mask.reshape(shape), new, old)
