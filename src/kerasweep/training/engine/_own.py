"""Tell Keras' and this package's own classes and functions from users' own."""

import itertools
import operator
import sys
from typing import Any

_PACKAGES = ("keras", "kerasweep")
# Python's own notes, made when somebody asks.
_MADE_LATER = ("__annotations__", "__slotnames__")
_versions: dict[type, tuple[list[Any], int]] = {}
_numbers = itertools.count()


def _is_found_where_it_says(item: Any) -> bool:
    """Tell whether a module of ours or Keras' has exactly this under its name."""
    name = getattr(item, "__module__", None) or ""
    if name.partition(".")[0] not in _PACKAGES:
        return False
    found: Any = sys.modules.get(name)
    for part in item.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is item


def is_own_function(function: Any) -> bool:
    """Tell whether a function is Keras' own or this package's, and nobody's copy."""
    return _is_found_where_it_says(function)


def is_own_class(cls: Any) -> bool:
    """Tell whether a class is exactly one of Keras' or of this package."""
    return isinstance(cls, type) and _is_found_where_it_says(cls)


def class_version(cls: type) -> int | None:
    """Give a class of Keras' own a number, anew if something in it was replaced.

    Parameters
    ----------
    cls : type

    Returns
    -------
    version : int or None
        None for a class that is neither Keras' nor this package's.
    """
    if not is_own_class(cls):
        return None
    members = [
        member
        for base in cls.__mro__[:-1]
        for name, member in vars(base).items()
        if name not in _MADE_LATER
    ]
    known = _versions.get(cls)
    if (
        known is None
        or len(known[0]) != len(members)
        or not all(map(operator.is_, known[0], members))
    ):
        known = _versions[cls] = members, next(_numbers)
    return known[1]
