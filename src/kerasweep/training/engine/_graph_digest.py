"""Compare computations as TensorFlow's graphs."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from kerasweep.training.engine._eligible import NotExpressible

# Where a node or a function was made, and what only a further derivative reads: all
# derivatives of a step are in its graph.
_NAMES = frozenset(
    "_class _gradient_op_type _output_shapes shared_name container "
    "backward_function_name forward_function_name _forward_func_name "
    "_backward_func_name _construction_context _input_shapes".split()
)
_CALLS_PYTHON = ("PyFunc", "NumpyFunction")


def digest(function: Callable[..., Any], arguments: Any) -> bytes:
    """Give a digest of a function's graph and of the values that it captures.

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
        If the graph calls back into Python, or captures a variable or a resource.
    """
    like = tf.nest.map_structure(lambda _: 0, arguments)

    def on_flat(*flat: Any) -> Any:
        return tf.nest.flatten(function(*tf.nest.pack_sequence_as(like, flat)))

    specs = [
        tf.TensorSpec(np.shape(a), tf.as_dtype(a.dtype))
        for a in tf.nest.flatten(arguments)
    ]
    concrete = tf.function(on_flat, autograph=False).get_concrete_function(*specs)
    definition = concrete.function_def
    reader = _Reader(concrete.graph.as_graph_def().library)
    captured = [_value(tensor) for tensor in concrete.captured_inputs]
    return _hash(reader.read_body(definition), *captured)


def _value(tensor: Any) -> bytes:
    if not isinstance(tensor, tf.Tensor) or not hasattr(tensor, "numpy"):
        raise NotExpressible("The model refers to a tensor without a value.")
    if tensor.dtype in (tf.resource, tf.variant):
        raise NotExpressible(
            "The model refers to variables or tables that are not its own."
        )
    array = np.asarray(tensor.numpy())
    data = array.tobytes() if array.dtype.kind != "O" else repr(array.tolist()).encode()
    return _hash(str((array.dtype.str, array.shape)).encode(), data)


def _hash(*parts: bytes) -> bytes:
    out = hashlib.sha256()
    for part in parts:
        out.update(len(part).to_bytes(8, "little"))
        out.update(part)
    return out.digest()


class _Reader:
    """Give each function of a library a digest that no name counts in."""

    def __init__(self, library: Any):
        self._functions = {f.signature.name: f for f in library.function}
        self._digests: dict[str, bytes | None] = {}

    def read_body(self, function: Any) -> bytes:
        """Give the digest of a function's definition."""
        signature = function.signature
        places = {arg.name: f"arg{i}" for i, arg in enumerate(signature.input_arg)}
        places |= {node.name: f"node{i}" for i, node in enumerate(function.node_def)}
        parts = [
            str([a.type for a in signature.input_arg]).encode(),
            str([a.type for a in signature.output_arg]).encode(),
            str(signature.is_stateful).encode(),
            self._attributes(function.attr),
        ]
        for node in function.node_def:
            if any(name in node.op for name in _CALLS_PYTHON):
                raise NotExpressible("The model calls back into Python.")
            inputs = sorted(_placed(i, places) for i in node.input if i[0] == "^")
            inputs += [_placed(i, places) for i in node.input if i[0] != "^"]
            parts += [
                node.op.encode() if node.op not in self._functions else b"call",
                self._named(node.op) if node.op in self._functions else b"",
                str(inputs).encode(),
                node.device.encode(),
                self._attributes(node.attr),
            ]
        for arg in signature.output_arg:
            parts.append(_placed(function.ret[arg.name], places).encode())
        controls = [function.control_ret[c] for c in signature.control_output]
        parts.append(str(sorted(places[name] for name in controls)).encode())
        return _hash(*parts)

    def _named(self, name: str) -> bytes:
        if name not in self._digests:
            self._digests[name] = None
            self._digests[name] = self.read_body(self._functions[name])
        found = self._digests[name]
        if found is None:
            raise NotExpressible("A function of the model calls itself.")
        return found

    def _attributes(self, attributes: Any) -> bytes:
        parts = []
        for name in sorted(attributes):
            if name in _NAMES:
                continue
            value = attributes[name]
            kind = value.WhichOneof("value")
            if kind == "func":
                read = self._function(value.func)
            elif kind == "list" and value.list.func:
                read = _hash(*map(self._function, value.list.func))
            elif kind == "s" and value.s.decode("utf-8", "replace") in self._functions:
                read = self._named(value.s.decode())
            else:
                read = value.SerializeToString(deterministic=True)
            parts += [name.encode(), read]
        return _hash(*parts)

    def _function(self, func: Any) -> bytes:
        if not func.name:
            return b""
        if func.name not in self._functions:
            raise NotExpressible("The model calls a function that cannot be read.")
        return _hash(self._named(func.name), self._attributes(func.attr))


def _placed(name: str, places: dict[str, str]) -> str:
    """Replace the node's name in ``node``, ``node:output:0`` or ``^node``."""
    mark, name = ("^", name[1:]) if name[0] == "^" else ("", name)
    node, _, output = name.partition(":")
    return f"{mark}{places[node]}:{output}"
