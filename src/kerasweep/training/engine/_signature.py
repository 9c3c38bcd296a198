"""What two jobs must have in common to run the same compiled program.

A program is shared only where that is proven: each part of both networks is Keras' own
or this package's and everything that it computes from is equal, or the computations
that are traced from both are equal. All others are trained through ``Model.fit``, and
predict through programs of their own.
"""

import itertools
import weakref
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import keras

from kerasweep.training.engine._digest import traced_key
from kerasweep.training.engine._exact import (
    NotExact,
    exact_architecture,
    exact_compilation,
)
from kerasweep.training.engine._private import compiled_parts

if TYPE_CHECKING:
    from kerasweep.training.engine._plan import Plan

_numbers = itertools.count()
_numbered: "weakref.WeakKeyDictionary[Any, int]" = weakref.WeakKeyDictionary()


def architecture_key(model: keras.Model) -> Hashable:
    """Identify what a model computes from its variables.

    Names, initial values, seeds and the strengths of Keras' own weight regularizers
    and norm constraints do not count. The key of a model with parts of a user's own
    equals no other model's.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional.

    Returns
    -------
    key : hashable
    """
    try:
        return exact_architecture(model)
    except NotExact:
        return _only(model)


def compile_key(model: keras.Model) -> Hashable:
    """Identify a model's loss, metrics and optimizer, apart from masked floats.

    The key of a model that was compiled with something of a user's own equals no
    other model's.
    """
    try:
        return exact_compilation(model)
    except NotExact:
        return _only(*compiled_parts(model))


def training_key(plan: "Plan") -> Hashable:
    """Identify what a plan's program computes, apart from the walk through its rows.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    key : hashable

    Raises
    ------
    NotExpressible
        If the model has parts of a user's own, and their computation cannot be
        compared.
    """
    model = plan.network.tracing_model()
    try:
        return exact_architecture(model), exact_compilation(model)
    except NotExact:
        return traced_key(plan)


def _only(*items: Any) -> Hashable:
    """Make a key of objects that nothing equals which comes after them."""
    return "only", *(_number(item) for item in items if item is not None)


def _number(item: Any) -> int:
    # Not id(item), which another object has when this one is gone.
    return _numbered.setdefault(item, next(_numbers))
