"""Compiling and running an epoch on the TensorFlow backend."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from kerasweep.training.backends._mappings import share_of_mappings

Tensors = list[Any]
SEED_DTYPE = "int64"
# TensorFlow's threads are set for the whole process, before its first operation.
KEEPS_TO_ONE_CORE = False


def value_and_grad(function: Callable[..., Any], variables: Tensors) -> Any:
    """Differentiate a function with auxiliary output by a list of tensors."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(variables)
        value, auxiliary = function(variables)
    gradients = [
        None if g is None else tf.convert_to_tensor(g)
        for g in tape.gradient(value, variables)
    ]
    return (value, auxiliary), gradients


def loop(n_steps: Any, body: Callable[..., Any], carry: Any) -> Any:
    """Apply ``carry = body(i, carry)`` for i in range(n_steps)."""
    shapes = tf.nest.map_structure(lambda t: t.shape, carry)
    step = body
    if not getattr(_tracing, "xla", True):
        # A function of its own: in a loop's cycle TensorFlow finds the fast kernel of
        # a pooling's gradient or not, by chance, and a step takes a fifth longer.
        step = tf.function(
            body, autograph=False, experimental_attributes={"_noinline": True}
        )

    def keep_shapes(i: Any, carry: Any) -> Any:
        out = step(i, carry)
        return i + 1, tf.nest.map_structure(tf.ensure_shape, out, shapes)

    return tf.while_loop(
        lambda i, _: i < n_steps,
        keep_shapes,
        (tf.constant(0), carry),
        parallel_iterations=1,
    )[1]


def loop_epochs(n_epochs: Any, body: Callable[..., Any], carry: Any) -> Any:
    """Apply ``carry = body(i, carry)`` for i in range(n_epochs)."""
    return tf.while_loop(
        lambda i, _: i < n_epochs,
        lambda i, carry: (i + 1, body(i, carry)),
        (tf.constant(0), carry),
        parallel_iterations=1,
    )[1]


def map_networks(function: Callable[..., Any]) -> Callable[..., Any]:
    """Map a function over a leading axis of all its arguments."""
    _teach_mapping()
    return lambda *args: tf.vectorized_map(lambda a: function(*a), args)


@cache
def _teach_mapping() -> None:
    """Map Bitcast, which Keras' accuracy uses, without a loop over the networks.

    TensorFlow maps an operation that it has no rule for one network at a time, and
    warns of it. Random numbers are wanted so: each network draws as it would alone.
    """
    try:
        from tensorflow.python.ops.parallel_for import pfor
    except ImportError:
        return

    def convert(inputs: Any) -> Any:
        to = inputs.get_attr("type")
        return pfor.wrap(tf.bitcast(inputs.stacked_input(0), to), True)

    pfor._pfor_converter_registry.setdefault("Bitcast", convert)
    one_by_one = getattr(pfor, "_fallback_converter", None)
    if one_by_one is not None:
        for kind in ("GetKeyCounter", "UniformV2", "NormalV2", "UniformIntV2"):
            name = f"StatelessRandom{kind}"
            pfor._pfor_converter_registry.setdefault(name, one_by_one)


_tracing = threading.local()


@contextmanager
def _fast_random_numbers(xla: bool) -> Iterator[None]:
    """Draw random numbers by Threefry where XLA would choose the algorithm on a CPU.

    What it chooses takes 100 times longer: a network with dropout spent nine tenths of
    its time on masks. Only what this thread traces meanwhile is changed.
    """
    _teach_threefry()
    _tracing.xla = xla
    _tracing.fast = xla and not tf.config.list_logical_devices("GPU")
    try:
        yield
    finally:
        _tracing.fast, _tracing.xla = False, True


@cache
def _teach_threefry() -> None:
    """Let traced programs ask for Threefry; all else draws as ever."""
    try:
        from tensorflow.python.ops import random_ops_util

        original = random_ops_util.get_key_counter_alg
    except (ImportError, AttributeError):  # private; without it training is slow
        return
    left_open = (None, "auto_select", tf.random.Algorithm.AUTO_SELECT)

    def get_key_counter_alg(seed: Any, alg: Any) -> Any:
        fast = getattr(_tracing, "fast", False) and alg in left_open
        return original(seed, "threefry" if fast else alg)

    random_ops_util.get_key_counter_alg = get_key_counter_alg


@tf.custom_gradient
def gradient_of_sum(x: Any) -> Any:
    """Give 0 with the gradient of ``sum(x)``."""

    def gradient(upstream: Any) -> Any:
        return tf.broadcast_to(upstream, tf.shape(x))

    return tf.zeros((), x.dtype), gradient


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
        Whether XLA compiles the program, or TensorFlow's own kernels run it.
    parallel : bool
        Not used: TensorFlow's threads belong to the process.

    Returns
    -------
    compiled : callable
        Holds no reference to ``function``.
    """
    flat = tf.nest.flatten(arguments)
    structure: list[Any] = []
    arguments_like = tf.nest.map_structure(lambda _: 0, arguments)

    def on_flat(*flat: Any) -> Any:
        out = function(*tf.nest.pack_sequence_as(arguments_like, flat))
        structure.append(tf.nest.map_structure(lambda _: 0, out))
        return tf.nest.flatten(out)

    specs = [tf.TensorSpec(np.shape(a), tf.as_dtype(a.dtype)) for a in flat]
    concrete = tf.function(on_flat, autograph=False, jit_compile=xla or None)
    with _fast_random_numbers(xla):
        concrete = concrete.get_concrete_function(*specs)
    out_like = structure[-1]

    def compiled(*arguments: Any) -> Any:
        out = concrete(*[tf.convert_to_tensor(a) for a in tf.nest.flatten(arguments)])
        return tf.nest.pack_sequence_as(out_like, out)

    return compiled


def compile_draw(function: Callable[..., Any], n_seeds: int) -> Callable[..., Any]:
    """Compile a function of seeds, with the kernels that draw outside programs.

    XLA would draw other numbers from the same seeds.
    """
    spec = tf.TensorSpec((n_seeds,), tf.uint32)
    concrete = tf.function(function, autograph=False).get_concrete_function(spec)
    return lambda seeds: [t.numpy() for t in concrete(tf.constant(seeds, tf.uint32))]


def dropout_numbers(rate: float) -> list[float]:
    """Give what :func:`dropout` takes in place of a rate."""
    return [rate, 1 / (1 - rate)]


def dropout(x: Any, draws: Any, numbers: tuple[Any, Any]) -> Any:
    """Compute what ``tf.nn.experimental.stateless_dropout`` does from uniform draws."""
    rate, scale = numbers
    return tf.where(draws >= rate, x * scale, tf.zeros((), x.dtype))


StepByStep: Any = None
_FITS_BETWEEN_RELEASES = 16
_fits = itertools.count(1)


def release_dead_models() -> None:
    """Free what TensorFlow keeps of models that are gone; call after each fit.

    TensorFlow caches a kernel for every variable ever made, because each has a name
    of its own: 0.7 MB for every small network under Adam.
    """
    if next(_fits) % _FITS_BETWEEN_RELEASES:
        return
    try:
        from tensorflow.python.eager import context

        context.context().clear_kernel_cache()
    except (ImportError, AttributeError):
        pass  # It only saves memory.


def loops_slowly(convolutional: bool) -> bool:
    """Tell whether a network runs slower inside a compiled loop than outside."""
    return False


# Of the mappings that a process may have, until TensorFlow's own kernels take over.
_ROOM = 0.5
# The same for networks that draw random numbers: those kernels draw other ones.
_ROOM_TO_DRAW = 0.9


def has_room_for_xla(draws: bool) -> bool:
    """Tell whether this process can take one more program of XLA's.

    TensorFlow frees none of them, and each holds about a hundred mappings of memory:
    the process would die, without a word, of some 500 different architectures.

    Parameters
    ----------
    draws : bool
        Whether the network draws random numbers.
    """
    return share_of_mappings() < (_ROOM_TO_DRAW if draws else _ROOM)


def to_device(array: np.ndarray) -> Any:
    """Copy an array to the device."""
    return tf.constant(array)


def read(value: Any) -> Any:
    """Give the tensor that a variable holds."""
    return tf.convert_to_tensor(value)


def to_host(tensor: Any) -> np.ndarray:
    """Copy a tensor to the host, waiting for it."""
    return tensor.numpy()


def stack(tensors: Tensors) -> Any:
    """Stack tensors along a new first axis."""
    return tf.stack(tensors)


def where(mask: np.ndarray, new: Any, old: Any) -> Any:
    """Take ``new`` for the networks of a stack where the mask is true."""
    shape = mask.shape + (1,) * (len(new.shape) - 1)
    return tf.where(mask.reshape(shape), new, old)


def compile_prediction(
    function: Callable[..., Any], values: Tensors, batch: np.ndarray
) -> Callable[..., Any]:
    """Compile ``function(values, batch)`` for batches of this shape."""
    specs = [tf.TensorSpec(v.shape, v.dtype) for v in values]
    specs.append(tf.TensorSpec(batch.shape, tf.as_dtype(batch.dtype)))
    concrete = tf.function(
        lambda *flat: function(list(flat[:-1]), flat[-1]), autograph=False
    ).get_concrete_function(*specs)
    return lambda values, batch: concrete(*values, tf.convert_to_tensor(batch))
