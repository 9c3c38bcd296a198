"""Compiling and running an epoch on the JAX backend."""

import threading
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

Tensors = list[Any]
SEED_DTYPE = "uint32"
# Whether a program can be told to keep to one core of a CPU.
KEEPS_TO_ONE_CORE = True


def value_and_grad(function: Callable[..., Any], variables: Tensors) -> Any:
    """Differentiate a function with auxiliary output by a list of tensors."""
    return jax.value_and_grad(function, has_aux=True)(variables)


def loop(n_steps: Any, body: Callable[..., Any], carry: Any) -> Any:
    """Apply ``carry = body(i, carry)`` for i in range(n_steps)."""
    if isinstance(n_steps, np.integer):
        for i in range(n_steps):
            carry = body(i, carry)
        return carry
    return jax.lax.fori_loop(0, n_steps, body, carry)


def loop_epochs(n_epochs: Any, body: Callable[..., Any], carry: Any) -> Any:
    """Apply ``carry = body(i, carry)`` for i in range(n_epochs)."""
    return jax.lax.fori_loop(0, n_epochs, body, carry)


map_networks = jax.vmap


@jax.custom_vjp
def gradient_of_sum(x: Any) -> Any:
    """Give 0 with the gradient of ``sum(x)``."""
    return jax.numpy.zeros((), x.dtype)


def _forward(x: Any) -> tuple[Any, Any]:
    return gradient_of_sum(x), x


def _backward(x: Any, upstream: Any) -> tuple[Any]:
    return (jax.numpy.broadcast_to(upstream, x.shape),)


gradient_of_sum.defvjp(_forward, _backward)


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


def compile_draw(function: Callable[..., Any], n_seeds: int) -> Callable[..., Any]:
    """Compile a function of seeds."""
    compiled = jax.jit(function)
    return lambda seeds: [np.asarray(a) for a in compiled(np.asarray(seeds, "u4"))]


def dropout_numbers(rate: float) -> list[float]:
    """Give what :func:`dropout` takes in place of a rate."""
    return [rate, 1 - rate]


def dropout(x: Any, draws: Any, numbers: tuple[Any, Any]) -> Any:
    """Compute what ``keras.random.dropout`` does from uniform draws."""
    keep = numbers[1]
    return jax.lax.select(draws < keep, x / keep, jax.numpy.zeros_like(x))


class StepByStep:
    """A function compiled by itself at its first call, for shapes that never change.

    Parameters
    ----------
    function : callable
        Forgotten once it is compiled.
    """

    def __init__(self, function: Callable[..., Any]):
        self._function: Callable[..., Any] | None = function
        self._compiled: Any = None
        self._lock = threading.Lock()

    def __call__(self, *arguments: Any) -> Any:
        """Run the compiled function."""
        with self._lock:
            if self._function is not None:
                lowered = jax.jit(self._function).lower(*arguments)
                self._compiled, self._function = lowered.compile(), None
        return self._compiled(*arguments)


def loops_slowly(convolutional: bool) -> bool:
    """Tell whether a network runs slower inside a compiled loop than outside.

    XLA on a CPU gives a convolution its fast kernel at the top level of a program
    only: 10 times slower inside a loop was measured.
    """
    return convolutional and jax.default_backend() == "cpu"


def release_dead_models() -> None:
    """Do nothing: JAX keeps nothing of models that are gone."""


def has_room_for_xla(draws: bool) -> bool:
    """Return True: JAX frees the programs that are forgotten."""
    return True


def to_device(array: np.ndarray) -> Any:
    """Copy an array to the device."""
    return jax.device_put(array)


def read(value: Any) -> Any:
    """Give the tensor that a variable holds."""
    return value


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


def compile_prediction(
    function: Callable[..., Any], values: Tensors, batch: np.ndarray
) -> Callable[..., Any]:
    """Compile ``function(values, batch)`` for batches of this shape."""
    return jax.jit(function).lower(values, batch).compile()
