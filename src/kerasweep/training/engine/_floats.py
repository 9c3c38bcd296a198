"""Python floats that become inputs of a compiled program."""

import copy
from collections.abc import Callable
from typing import Any

import keras

from kerasweep.training.engine._own import is_own_class

REGULARIZERS = ("L1", "L2", "L1L2")
CONSTRAINTS = ("MaxNorm", "MinMaxNorm")
_OPTIMIZERS = frozenset(
    "SGD RMSprop Adam AdamW Adagrad Adadelta Adamax Nadam Lion".split()
)
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

    Attributes
    ----------
    values : list of float
        Two for each float: itself and one minus it.
    key : tuple
        Which floats there are, and their signs where code depends on them.
    """

    def __init__(self, model: keras.Model, optimizer: Any):
        self.values: list[float] = []
        self._replacements: list[Callable[[Any], tuple[Any, str, Any]]] = []
        key: list[Any] = []
        for i, variable in enumerate(model.trainable_variables):
            for slot, masked in (
                ("regularizer", REGULARIZERS),
                ("constraint", CONSTRAINTS),
            ):
                owner = getattr(variable, slot, None)
                if has_strengths(owner, masked):
                    names = self._add(owner, float_names(owner), slot, variable)
                    key.append((i, type(owner).__name__, names))
                else:
                    key.append((i, None))
        self._optimizer_slice = len(self.values)
        self._optimizer_names = optimizer_float_names(optimizer)
        for name in self._optimizer_names:
            value = vars(optimizer)[name]
            key.append((name, sign(value)))
            self.values += [value, 1.0 - value]
        self.key = tuple(key)

    def _add(self, owner: Any, names: tuple[str, ...], slot: str, variable: Any) -> Any:
        start = len(self.values)
        for name in names:
            value = float(getattr(owner, name))
            self.values += [value, 1.0 - value]

        def replace(inputs: Any) -> tuple[Any, str, Any]:
            stand_in = copy.copy(owner)
            for j, name in enumerate(names):
                at = start + 2 * j
                # Only a regularizer looks at its strength, and skips it when zero.
                vars(stand_in)[name] = (
                    TracedFloat(inputs[at], inputs[at + 1], 1.0)
                    if slot == "regularizer"
                    else inputs[at]
                )
            return variable, slot, stand_in

        self._replacements.append(replace)
        return names

    def stand_ins(self, inputs: Any) -> list[tuple[Any, str, Any]]:
        """Give (variable, attribute, stand-in) for each regularizer and constraint."""
        return [replace(inputs) for replace in self._replacements]

    def optimizer_attributes(self, optimizer: Any, inputs: Any) -> dict[str, Any]:
        """Give the optimizer's attributes with its floats replaced."""
        attributes = dict(vars(optimizer))
        for j, name in enumerate(self._optimizer_names):
            at = self._optimizer_slice + 2 * j
            attributes[name] = TracedFloat(
                inputs[at], inputs[at + 1], sign(attributes[name])
            )
        return attributes


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
