"""Python floats that become inputs of a compiled program."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._own import class_version, is_own_class
from kerasweep.training.engine._private import layers_of

REGULARIZERS = ("L1", "L2", "L1L2")
CONSTRAINTS = ("MaxNorm", "MinMaxNorm")
_OPTIMIZERS = frozenset(
    "SGD RMSprop Adam AdamW Adagrad Adadelta Adamax Nadam Lion".split()
)
_CHUNK = 32
# Keras passes these to functions that take Python numbers only.
_CONSTANT = ("clipnorm", "clipvalue", "global_clipnorm", "loss_scale_factor")


class TracedFloat:
    """Stand in for a Python float while a program is traced.

    In arithmetic it is the program's input. In a comparison, which decides what
    code runs, it is the sign of the float; the sign is part of the program's key.

    Parameters
    ----------
    value, complement : scalar tensor
        The float, and one minus it, which Keras computes in double precision.
    sign : float
        What comparisons see.
    """

    dtype = "float32"
    shape = ()

    def __init__(self, value: Any, complement: Any, sign: float):
        self._value = value
        self._complement = complement
        self._sign = sign

    def __tf_tensor__(self, dtype: Any = None, name: Any = None) -> Any:
        return keras.ops.cast(self._value, dtype.name if dtype else "float32")

    def __jax_array__(self) -> Any:
        return self._value

    def __bool__(self) -> bool:
        return self._sign != 0

    def __eq__(self, other: object) -> bool:
        return self._sign == other

    def __lt__(self, other: float) -> bool:
        return self._against_zero(other) and self._sign < 0

    def __gt__(self, other: float) -> bool:
        return self._against_zero(other) and self._sign > 0

    def _against_zero(self, other: float) -> bool:
        if other != 0:
            raise TypeError("A traced float can be compared with zero only.")
        return True

    __hash__ = None  # type: ignore[assignment]

    def __neg__(self) -> Any:
        return -self._value

    def __add__(self, other: Any) -> Any:
        return self._value + other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._value - other

    def __rsub__(self, other: Any) -> Any:
        if isinstance(other, int | float) and other == 1:
            return self._complement
        return other - self._value

    def __mul__(self, other: Any) -> Any:
        return self._value * other

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self._value / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / self._value

    def __pow__(self, other: Any) -> Any:
        return self._value**other


class Floats:
    """The floats of a model and its optimizer that a program takes as inputs.

    They stand in regularizers, constraints, dropout layers and the optimizer.

    Attributes
    ----------
    names : list of str
        The attribute that each float stands in.
    values : list of float
        Two for each float, as :meth:`values_of` lays them out.
    n_rates : int
        How many of them are rates of dropout.
    key : tuple
        Which floats there are, and their signs where code depends on them.
    """

    def __init__(self, model: keras.Model, optimizer: Any):
        self.names: list[str] = []
        self._defaults: list[float] = []
        self._owned: list[tuple[Any, str, Any, int, tuple[str, ...]]] = []
        self._dropout: list[tuple[Any, int]] = []
        key: list[Any] = []
        for i, variable in enumerate(model.trainable_variables):
            for slot, masked in (
                ("regularizer", REGULARIZERS),
                ("constraint", CONSTRAINTS),
            ):
                owner = getattr(variable, slot, None)
                if has_strengths(owner, masked):
                    names = float_names(owner)
                    start = self._add(names, [getattr(owner, n) for n in names])
                    self._owned.append((variable, slot, owner, start, names))
                    key.append((i, type(owner).__name__, names))
                else:
                    key.append((i, None))
        for i, layer in enumerate(layers_of(model)):
            if is_plain_dropout(layer):
                self._dropout.append((layer, self._add(("rate",), [layer.rate])))
                key.append((i, "Dropout"))
        self.n_rates = len(self._dropout)
        names = optimizer_float_names(optimizer)
        values = [vars(optimizer)[name] for name in names]
        self._optimizer_names = names
        self._optimizer_start = self._add(names, values)
        key += [(n, sign(v)) for n, v in zip(names, values, strict=True)]
        self.key = tuple(key)
        rates = [layer.rate for layer, _ in self._dropout]
        self.values = self.values_of({}, rates)

    def _add(self, names: Sequence[str], values: Sequence[Any]) -> int:
        start = len(self.names)
        self.names += names
        self._defaults += [float(value) for value in values]
        return 2 * start

    def values_of(
        self, given: Mapping[str, float], rates: Sequence[float]
    ) -> list[float]:
        """Lay floats out as a program takes them.

        Parameters
        ----------
        given : mapping of str to float
            By the attributes' names; those not given are the model's own.
        rates : sequence of float
            The rates of dropout, layer by layer.

        Returns
        -------
        values : list of float
            Each float and one minus it, computed in double precision; a rate of
            dropout as the backend's dropout takes it.
        """
        values: list[float] = []
        left = iter(rates)
        for name, default in zip(self.names, self._defaults, strict=True):
            if name == "rate":
                values += get_runtime().dropout_numbers(float(next(left)))
            else:
                value = float(given.get(name, default))
                values += [value, 1.0 - value]
        return values

    @contextmanager
    def applied(self, inputs: Any) -> Iterator[None]:
        """Let the model compute with a program's inputs instead of its own floats."""
        saved = [(v, slot, owner) for v, slot, owner, _, _ in self._owned]
        try:
            for variable, slot, owner, start, names in self._owned:
                stand_in = _stand_in(owner, slot, names, inputs, start)
                setattr(variable, slot, stand_in)
            for layer, start in self._dropout:
                vars(layer)["call"] = _dropout_call(layer, inputs, start)
            yield
        finally:
            for variable, slot, original in saved:
                setattr(variable, slot, original)
            for layer, _ in self._dropout:
                vars(layer).pop("call", None)

    def penalty(self) -> Any:
        """Compute the values of all penalties, while inputs are applied."""
        values = [
            variable.regularizer.value(keras.ops.convert_to_tensor(variable))
            for variable, slot, *_ in self._owned
            if slot == "regularizer"
        ]
        return sum(values[1:], values[0]) if values else 0.0

    def optimizer_attributes(self, optimizer: Any, inputs: Any) -> dict[str, Any]:
        """Give the optimizer's attributes with its floats replaced."""
        attributes = dict(vars(optimizer))
        for j, name in enumerate(self._optimizer_names):
            at = self._optimizer_start + 2 * j
            attributes[name] = TracedFloat(
                inputs[at], inputs[at + 1], sign(attributes[name])
            )
        return attributes


def _stand_in(
    owner: Any, slot: str, names: Sequence[str], inputs: Any, start: int
) -> Any:
    given = {name: inputs[start + 2 * j] for j, name in enumerate(names)}
    if slot == "regularizer":
        return _Penalty(given.get("l1"), given.get("l2"))
    stand_in = copy.copy(owner)
    vars(stand_in).update(given)
    return stand_in


class _Penalty:
    """Keras' L1, L2 or L1L2 with strengths that are inputs of a program.

    Called, it gives Keras' gradient and the value 0; the value is :meth:`value`, whose
    sum XLA computes in one pass through the weights.
    """

    def __init__(self, l1: Any, l2: Any):
        self._l1, self._l2 = l1, l2

    def __call__(self, x: Any) -> Any:
        runtime = get_runtime()
        penalty = keras.ops.convert_to_tensor(0.0, dtype=x.dtype)
        if self._l1 is not None:
            penalty += self._l1 * runtime.gradient_of_sum(keras.ops.absolute(x))
        if self._l2 is not None:
            penalty += self._l2 * runtime.gradient_of_sum(keras.ops.square(x))
        return penalty

    def value(self, x: Any) -> Any:
        """Compute ``l1 * sum(|x|) + l2 * sum(x**2)``."""
        x = keras.ops.stop_gradient(x)
        terms = 0.0 if self._l1 is None else self._l1 * keras.ops.absolute(x)
        if self._l2 is not None:
            terms = terms + self._l2 * keras.ops.square(x)
        return _pairwise_sum(terms)


def _pairwise_sum(x: Any) -> Any:
    """Sum all numbers, in chunks that XLA neither splits nor stores the terms of."""
    x = keras.ops.reshape(x, (-1,))
    while x.shape[0] > _CHUNK:
        left_over = -x.shape[0] % _CHUNK
        if left_over:
            x = keras.ops.pad(x, (0, left_over))
        x = keras.ops.sum(keras.ops.reshape(x, (-1, _CHUNK)), axis=1)
    return keras.ops.sum(x)


def _dropout_call(layer: Any, inputs: Any, start: int) -> Callable[..., Any]:
    def call(x: Any, training: bool = False) -> Any:
        if not training:
            return x
        draws = keras.random.uniform(keras.ops.shape(x), seed=layer.seed_generator)
        return get_runtime().dropout(x, draws, (inputs[start], inputs[start + 1]))

    return call


def is_plain_dropout(layer: Any) -> bool:
    """Tell whether a layer is Keras' own dropout, of single units, that drops some."""
    return (
        type(layer) is keras.layers.Dropout
        and class_version(type(layer)) is not None
        and "call" not in vars(layer)
        and layer.noise_shape is None
        and layer.rate > 0
        and hasattr(layer, "seed_generator")
    )


def is_maskable(owner: Any, names: tuple[str, ...]) -> bool:
    """Tell whether an object is exactly one of Keras' own classes of those names."""
    cls = type(owner)
    return cls.__name__ in names and is_own_class(cls)


def has_strengths(owner: Any, names: tuple[str, ...]) -> bool:
    """Tell whether an object is of those classes, and all that it has are numbers."""
    return is_maskable(owner, names) and all(
        _is_number(getattr(owner, n)) for n in float_names(owner)
    )


def _is_number(value: Any) -> bool:
    try:
        float(value)  # Keras' L1 holds a tensor.
    except (TypeError, ValueError):
        return False
    return not isinstance(value, str)


def float_names(owner: Any) -> tuple[str, ...]:
    """Name the attributes of a regularizer or constraint that are strengths."""
    return tuple(
        n for n in sorted(vars(owner)) if not n.startswith("_") and n != "axis"
    )


def optimizer_float_names(optimizer: Any) -> tuple[str, ...]:
    """Name the attributes of a built-in optimizer that are floats."""
    if not is_maskable(optimizer, tuple(_OPTIMIZERS)):
        return ()
    return tuple(
        n
        for n, v in sorted(vars(optimizer).items())
        if type(v) is float and not n.startswith("_") and n not in _CONSTANT
    )


def sign(value: float) -> float:
    """Give -1.0, 0.0 or 1.0."""
    return float((value > 0) - (value < 0))
