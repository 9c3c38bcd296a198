"""What parameters hold beside numbers, strings and arrays, by name or by value.

Types, functions, choices of columns and random states. Names are looked up in fixed
lists: a file can't name a function that reads, writes or runs anything.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.utils import Bunch

_UFUNCS_OF = ("numpy", "scipy.special")
_FUNCTIONS = {
    "numpy": ("clip", "imag", "nan_to_num", "real", "round"),
    "sklearn.feature_selection": (
        *("chi2", "f_classif", "f_regression", "r_regression"),
        *("mutual_info_classif", "mutual_info_regression"),
    ),
}
_TYPES = {f"builtins.{kind.__name__}": kind for kind in (bool, int, float, str, object)}
_SELECTS = ("pattern", "dtype_include", "dtype_exclude")


def encode_value(value: Any, encode: Callable[[Any], Any]) -> dict[str, Any] | None:
    """Return a value of these kinds as a JSON value; None if it is of no such kind.

    Parameters
    ----------
    value : object
    encode : callable
        Returns the JSON value of what it holds.

    Returns
    -------
    value : dict or None
    """
    from sklearn.compose import make_column_selector

    if isinstance(value, type):
        name = _type_name(value)
        return None if name is None else {"kind": "type", "name": name}
    if callable(value) and (name := _function_name(value)) is not None:
        return {"kind": "function", "name": name}
    if type(value) is make_column_selector:
        settings = {name: encode(getattr(value, name)) for name in _SELECTS}
        return {"kind": "selector", **settings}
    if type(value) is slice:
        return {"kind": "slice", "of": encode([value.start, value.stop, value.step])}
    if type(value) is Bunch:
        return {"kind": "bunch", "items": encode(dict(value))}
    if type(value) is np.random.RandomState:
        algorithm, *state = value.get_state()
        if algorithm == "MT19937":
            return {"kind": "random_state", "state": encode(state)}
    return _encode_pandas(value, encode)


def decode_value(value: dict[str, Any], decode: Callable[[Any], Any]) -> Any:
    """Return what a JSON value of these kinds stands for.

    Raises
    ------
    ValueError
        With the reason, to be put behind a colon.
    """
    kind = value["kind"]
    if kind == "type":
        return _type_named(value["name"])
    if kind == "function":
        return _function_named(value["name"])
    if kind == "selector":
        from sklearn.compose import make_column_selector

        settings = {name: decode(value[name]) for name in _SELECTS}
        return make_column_selector(**settings)
    if kind == "slice":
        return slice(*decode(value["of"]))
    if kind == "bunch":
        return Bunch(**decode(value["items"]))
    if kind == "random_state":
        random = np.random.RandomState()
        random.set_state(("MT19937", *decode(value["state"])))
        return random
    if kind in ("missing", "index"):
        import pandas as pd

        return pd.NA if kind == "missing" else pd.Index(decode(value["items"]))
    raise ValueError(f"it holds a value of the kind {kind!r}, which is none")


def _encode_pandas(value: Any, encode: Callable[[Any], Any]) -> dict[str, Any] | None:
    if type(value).__module__.partition(".")[0] != "pandas":
        return None
    import pandas as pd

    if value is pd.NA:
        return {"kind": "missing"}
    if type(value) is pd.Index:
        return {"kind": "index", "items": encode(value.to_numpy())}
    return None


def _type_name(kind: type) -> str | None:
    for name in (f"builtins.{kind.__name__}", f"numpy.{kind.__name__}"):
        try:
            if _type_named(name) is kind:
                return name
        except ValueError:
            continue
    return None


def _type_named(name: str) -> type:
    found = _TYPES.get(name)
    folder, _, last = name.rpartition(".")
    if folder == "numpy":
        found = getattr(np, last, None)
        if not (isinstance(found, type) and issubclass(found, np.generic)):
            found = None
    if found is None:
        raise ValueError(f"it names the type {name!r}, which is none of numbers")
    return found


def _function_name(function: Any) -> str | None:
    for folder in {*_UFUNCS_OF, *_FUNCTIONS}:
        name = f"{folder}.{getattr(function, '__name__', None)}"
        try:
            if _function_named(name) is function:
                return name
        except ValueError:
            continue
    return None


def _function_named(name: str) -> Any:
    folder, _, last = name.rpartition(".")
    if last in _FUNCTIONS.get(folder, ()):
        return getattr(import_module(folder), last)
    if folder in _UFUNCS_OF:
        found = getattr(import_module(folder), last, None)
        if isinstance(found, np.ufunc):
            return found
    raise ValueError(
        f"it names the function {name!r}, which is none of those that may be loaded"
    )
