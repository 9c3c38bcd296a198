"""Compare computations as JAX's jaxprs."""

import dataclasses
import hashlib
from collections.abc import Callable, Hashable
from enum import Enum
from typing import Any

import jax
import numpy as np
from jax.extend import core

from kerasweep.training.engine._eligible import NotExpressible

# What only a further derivative reads: all derivatives of a step are in its jaxpr.
_RULES = frozenset(
    "jvp_jaxpr_fun jvp_jaxpr_thunk fwd_jaxpr_thunk bwd out_trees name".split()
)


def digest(function: Callable[..., Any], arguments: Any) -> bytes:
    """Give a digest of a function's jaxpr and of its constants.

    Parameters
    ----------
    function : callable
    arguments : tuple
        Nested lists, tuples and dicts of arrays.

    Returns
    -------
    digest : bytes

    Raises
    ------
    NotExpressible
        If the jaxpr calls back into Python, or has something in it that is unknown.
    """
    closed = jax.make_jaxpr(function)(*arguments)
    return hashlib.sha256(repr(_read(closed)).encode()).digest()


def _jaxpr(jaxpr: Any) -> Hashable:
    if jaxpr.effects:
        raise NotExpressible("The model has effects beside its output.")
    places: dict[Any, int] = {}

    def atom(item: Any) -> Hashable:
        if isinstance(item, core.Literal):
            return "literal", _read(item.val), str(item.aval)
        return places.setdefault(item, len(places)), str(item.aval)

    read: list[Hashable] = [tuple(map(atom, [*jaxpr.constvars, *jaxpr.invars]))]
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if "callback" in name:
            raise NotExpressible("The model calls back into Python.")
        params = tuple(
            (key, _read(value))
            for key, value in sorted(equation.params.items())
            if key not in _RULES
        )
        inputs = tuple(map(atom, equation.invars))
        read.append((name, params, inputs, tuple(map(atom, equation.outvars))))
    return (*read, tuple(map(atom, jaxpr.outvars)))


def _read(value: Any) -> Hashable:
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return type(value).__name__, repr(value)
    if isinstance(value, core.ClosedJaxpr):
        return "closed", _jaxpr(value.jaxpr), tuple(map(_read, value.consts))
    if isinstance(value, core.Jaxpr):
        return "jaxpr", _jaxpr(value)
    if isinstance(value, jax.Array | np.ndarray | np.generic):
        return _array(value)
    if isinstance(value, tuple | list):
        return type(value).__name__, tuple(map(_read, value))
    if isinstance(value, dict):
        return "dict", tuple((_read(k), _read(v)) for k, v in value.items())
    if isinstance(value, set | frozenset):
        return "set", tuple(sorted(map(_read, value), key=repr))
    if isinstance(value, np.dtype):
        return "dtype", value.str
    if isinstance(value, type):
        return "type", value.__module__, value.__qualname__
    if isinstance(value, Enum):
        return type(value).__name__, value.name
    if dataclasses.is_dataclass(value) and _of_jax(value):
        names = [f.name for f in dataclasses.fields(value)]
        return type(value).__name__, tuple(_read(getattr(value, n)) for n in names)
    text = repr(value)
    # A mesh can be called, as a decorator; other callables hide what they compute.
    plain = isinstance(value, jax.sharding.Mesh) or not callable(value)
    if _of_jax(value) and plain and " at 0x" not in text:
        return type(value).__name__, text
    raise NotExpressible(f"The model computes with a {type(value).__name__}.")


def _of_jax(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in ("jax", "jaxlib", "ml_dtypes")


def _array(value: Any) -> Hashable:
    if isinstance(value, jax.Array) and jax.numpy.issubdtype(
        value.dtype, jax.dtypes.prng_key
    ):
        return "key", _array(jax.random.key_data(value))
    array = np.asarray(value)
    data = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return type(value).__name__, str(array.dtype), array.shape, data
