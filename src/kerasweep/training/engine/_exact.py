"""Read everything that objects of Keras' own classes compute from."""

import functools
import hashlib
import re
import types
from collections import OrderedDict, defaultdict
from collections.abc import Hashable
from enum import Enum
from typing import Any

import keras
import numpy as np

from kerasweep.training.engine._floats import (
    CONSTRAINTS,
    REGULARIZERS,
    has_strengths,
    optimizer_float_names,
    sign,
)
from kerasweep.training.engine._own import class_version, is_own_function
from kerasweep.training.engine._private import (
    decayed,
    graph_of,
    ignored_names,
    is_bookkeeping,
    trained_by,
    user_loss,
    user_loss_weights,
    user_metrics,
)

_PLAIN = (type(None), bool, int, str, bytes, complex, type(Ellipsis))
_LISTS = (list, tuple)
_DICTS = (dict, OrderedDict, defaultdict)
_SETS = (set, frozenset)
# Keras' own ones of these have no state: two equal ones are as good as one.
_VALUES = (
    keras.DTypePolicy,
    keras.dtype_policies.DTypePolicyMap,
    keras.regularizers.Regularizer,
    keras.constraints.Constraint,
)
_TENSORS = ("tensorflow.", "jax")
_DEEPEST = 200
_NOTHING = types.SimpleNamespace(variables=(), trainable_variables=())


class NotExact(Exception):
    """Something that computes in a way that its attributes need not tell."""


def exact_architecture(model: Any) -> Hashable:
    """Identify what a model of Keras' own layers computes from its variables.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    key : hashable

    Raises
    ------
    NotExact
        If some part of the model is not of Keras or of this package, or has an
        attribute that cannot be read.
    """
    reader = _Reader(model)
    variables = tuple(
        (tuple(v.shape), v.dtype, bool(v.trainable), reader.read_attributes(v))
        for v in model.variables
    )
    return reader.read(model), variables, _settings()


def exact_compilation(model: Any) -> Hashable:
    """Identify a model's loss, metrics and optimizer, apart from masked floats.

    Raises
    ------
    NotExact
        As in :func:`exact_architecture`.
    """
    reader = _Reader(model)
    optimizer = model.optimizer
    masked = optimizer_float_names(optimizer)
    reader.add_variables("optimizer", optimizer.variables)
    signs: dict[str, Hashable] = {
        name: ("sign", sign(vars(optimizer)[name])) for name in masked
    }
    return (
        reader.read(user_loss(model)),
        reader.read(user_loss_weights(model)),
        reader.read(user_metrics(model)),
        reader.read_object(optimizer, replaced=signs),
        decayed(optimizer),
    )


def exact_part(item: Any) -> Hashable:
    """Identify a loss, a metric, an optimizer or a schedule, or a list of such.

    Raises
    ------
    NotExact
        As in :func:`exact_architecture`.
    """
    reader = _Reader(_NOTHING)
    for part in keras.tree.flatten(item):
        reader.add_variables("part", getattr(part, "variables", ()))
        if isinstance(part, keras.Optimizer):
            reader.add_variables("trained", trained_by(part))
    return reader.read(item)


def _settings() -> Hashable:
    config = keras.config
    return (
        config.floatx(),
        config.image_data_format(),
        config.epsilon(),
        config.is_flash_attention_enabled(),
    )


class _Reader:
    """Turn objects into keys; what is met twice is the same object in both keys."""

    def __init__(self, model: Any):
        self._met: dict[int, int] = {}
        self._places: dict[int, Hashable] = {}
        self._tensors: dict[int, Hashable] = {}
        self._versions: dict[type, int] = {}
        self._depth = 0
        self.add_variables("model", model.variables)
        self._inputs = {
            id(owner)
            for v in model.trainable_variables
            for owner, names in (
                (getattr(v, "regularizer", None), REGULARIZERS),
                (getattr(v, "constraint", None), CONSTRAINTS),
            )
            if has_strengths(owner, names)
        }

    def add_variables(self, group: str, variables: Any) -> None:
        """Let variables be known by their place in a program's state."""
        for i, variable in enumerate(variables):
            self._places.setdefault(id(variable), (group, i))

    def read(self, value: Any) -> Hashable:
        """Identify a value by everything that is in it."""
        kind = type(value)
        if kind in _PLAIN:
            return kind.__name__, value
        if kind is float:
            return value.hex()  # nan equals itself, and -0.0 is not 0.0
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotExact("Something refers to itself.")
        try:
            return self._read(value, kind)
        finally:
            self._depth -= 1

    def _read(self, value: Any, kind: type) -> Hashable:
        if kind in _LISTS or kind in _DICTS or kind in _SETS:
            return self._container(value)
        if isinstance(value, keras.Variable):
            if id(value) not in self._places:
                raise NotExact("A variable is not the model's.")
            return self._places[id(value)]
        if isinstance(value, keras.KerasTensor):
            if id(value) not in self._tensors:
                raise NotExact("A symbolic tensor is outside the model's graph.")
            return self._tensors[id(value)]
        if isinstance(value, np.ndarray | np.generic) or (
            kind.__module__.startswith(_TENSORS) and keras.ops.is_tensor(value)
        ):
            return self._array(value)
        if isinstance(value, types.FunctionType):
            if not is_own_function(value):
                raise NotExact(f"The function {value.__qualname__} is not of Keras.")
            return value
        if kind is functools.partial:
            return "partial", *map(self.read, (value.func, value.args, value.keywords))
        if kind is types.MethodType:
            name = value.__func__.__name__
            if getattr(type(value.__self__), name, None) is not value.__func__:
                raise NotExact(f"The method {name} is not of its class.")
            return "method", name, self.read(value.__self__)
        if kind is types.ModuleType and value.__name__.startswith("keras."):
            return "module", value.__name__
        if isinstance(value, np.dtype):
            return "dtype", value.str
        if kind is re.Pattern:
            return "pattern", value.pattern, value.flags
        if kind is slice:
            return "slice", *map(self.read, (value.start, value.stop, value.step))
        if kind.__module__ == "tensorflow.python.framework.tensor_shape":
            return "shape", str(value)
        if kind.__module__ == "tensorflow.python.framework.dtypes":
            return "dtype", value.name
        if isinstance(value, type):
            return self._class(value)
        if kind.__module__.startswith("tensorflow.python.trackable") or (
            isinstance(value, (*_LISTS, *_SETS, dict)) and self._version(kind) >= 0
        ):
            return self._container(value)
        return self.read_object(value)

    def _container(self, value: Any) -> Hashable:
        if isinstance(value, _LISTS):
            name = "tuple" if isinstance(value, tuple) else "list"
            return name, *map(self.read, value)
        if isinstance(value, dict):
            return "dict", *((self.read(k), self.read(v)) for k, v in value.items())
        if isinstance(value, _SETS):
            return "set", *sorted(map(self.read, value), key=repr)
        raise NotExact(f"A {type(value).__name__} cannot be read.")

    def _array(self, value: Any) -> Hashable:
        try:
            array = np.asarray(value)
        except Exception as error:  # a symbolic tensor's own kind
            raise NotExact("A tensor has no value.") from error
        if array.dtype.kind not in "biufcSU":
            return "array", array.shape, self.read(array.tolist())
        data = hashlib.sha256(np.ascontiguousarray(array).tobytes()).digest()
        return type(value).__name__, array.dtype.str, array.shape, data

    def _class(self, cls: type) -> Hashable:
        if cls.__module__ == "builtins":
            return cls
        return cls, self._version(cls)

    def _version(self, cls: type) -> int:
        if cls not in self._versions:
            version = class_version(cls)
            if version is None:
                raise NotExact(f"The class {cls.__qualname__} is not of Keras.")
            self._versions[cls] = version
        return self._versions[cls]

    def read_object(
        self, value: Any, replaced: dict[str, Hashable] | None = None
    ) -> Hashable:
        """Identify an object of Keras' own by its class and attributes."""
        cls = self._class(type(value))
        if isinstance(value, Enum):
            return cls, value.name
        if isinstance(value, _VALUES):
            return cls, self.read_attributes(value)
        if id(value) in self._met:
            return "met", self._met[id(value)]
        self._met[id(value)] = len(self._met)
        attributes = self.read_attributes(value, replaced or {})
        graph = graph_of(value)
        return cls, attributes, None if graph is None else self._graph(*graph)

    def read_attributes(
        self, value: Any, replaced: dict[str, Hashable] | None = None
    ) -> Hashable:
        """Identify what is in an object's attributes, whatever its class."""
        if not hasattr(value, "__dict__"):
            raise NotExact(f"The attributes of {type(value).__name__} are hidden.")
        items = vars(value)
        ignored = ignored_names(value)
        layer = isinstance(value, keras.layers.Layer)
        drawn = any(isinstance(v, keras.random.SeedGenerator) for v in items.values())
        own_variables = (
            {id(v) for v in value.variables} if isinstance(value, keras.Metric) else ()
        )
        read: list[Hashable] = []
        for name in sorted(items):
            item = items[name]
            if name in ignored or is_bookkeeping(name):
                continue
            if layer and (name.endswith("_initializer") or (name == "seed" and drawn)):
                continue
            if own_variables and id(item) in own_variables:
                continue
            if replaced and name in replaced:
                read.append((name, replaced[name]))
            elif name != "activity_regularizer" and id(item) in self._inputs:
                # Its numbers are inputs, and which there are is in Floats' key.
                read.append((name, type(item), self.read(getattr(item, "axis", None))))
            else:
                read.append((name, self.read(item)))
        return tuple(read)

    def _graph(self, inputs: Any, nodes: list[Any], outputs: Any) -> Hashable:
        self._number(inputs)
        read = [self.read(inputs)]
        for node in nodes:
            arguments = node.arguments
            read.append(
                (
                    self.read(node.operation),
                    self.read(arguments.args),
                    self.read(arguments.kwargs),
                )
            )
            self._number(node.outputs)
        return (*read, self.read(outputs))

    def _number(self, tensors: Any) -> None:
        for tensor in keras.tree.flatten(tensors):
            form = (tuple(tensor.shape), tensor.dtype, tensor.sparse, tensor.ragged)
            self._tensors.setdefault(id(tensor), ("tensor", len(self._tensors), form))
