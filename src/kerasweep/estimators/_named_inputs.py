"""Columns and arrays by name, brought to a model's named inputs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import _num_samples, validate_data

from kerasweep.estimators._row_sources import (
    MappedRows,
    NamedRows,
    is_by_name,
    is_mapped,
)
from kerasweep.preprocessing._numbers import refuse_disguised


class SeveralInputs(Exception):
    """A model has several inputs, and the frame that was read as one array is at hand.

    Raised while the model is built; the fit begins anew, with the columns by name.
    """


def needs_names(X: Any) -> bool:
    """Tell whether X is a frame with columns that are no numbers by their type."""
    kinds = getattr(X, "dtypes", None)
    if not hasattr(X, "columns") or not hasattr(X, "iloc") or kinds is None:
        return False
    return any(getattr(kind, "kind", "O") not in "buif" for kind in kinds)


def takes_by_name(model: Any, X: NamedRows) -> bool:
    """Tell whether a model has inputs of X's names, or several, or one of strings."""
    inputs = {_input_name(tensor): str(tensor.dtype) for tensor in model.inputs or []}
    return len(inputs) > 1 or any(
        name in X.arrays or dtype == "string" for name, dtype in inputs.items()
    )


def named_arrays(estimator: Any, X: Any, *, first: bool) -> NamedRows:
    """Take X apart by name.

    Raises
    ------
    ValueError, TypeError
        If its parts don't have equally many rows, or not the names seen in fit.
    """
    owner = type(estimator).__name__
    if is_by_name(X):
        arrays = {name: _as_array(owner, name, part) for name, part in X.items()}
    elif hasattr(X, "columns"):
        validate_data(estimator, X, skip_check_array=True, reset=first)
        arrays = {name: _as_array(owner, name, X[name]) for name in X.columns}
    else:
        raise TypeError(
            f"X of {owner} must be a DataFrame or a dict for a model with several "
            f"inputs, as in fit. Got {type(X).__name__} instead."
        )
    _check_lengths(f"X of {owner}", arrays)
    if first:
        estimator._named_in = list(arrays)
    elif {*arrays} != {*estimator._named_in}:
        raise ValueError(
            f"X of {owner} must have the names {estimator._named_in}, as in fit. Got "
            f"{list(arrays)} instead."
        )
    return NamedRows({name: arrays[name] for name in estimator._named_in})


def named_targets(owner: str, y: Any) -> dict[str, np.ndarray]:
    """Take y apart by name.

    Raises
    ------
    ValueError
        If its parts don't have equally many rows.
    """
    parts = {str(name): np.asarray(y[name]) for name in y}
    _check_lengths(f"y of {owner}", parts)
    return parts


def _as_array(owner: str, name: Any, part: Any) -> Any:
    if not isinstance(name, str):
        raise TypeError(f"Names of X of {owner} must be strings. Got {name!r} instead.")
    if is_mapped(part):
        return MappedRows(owner, part)
    refuse_disguised(f"{name!r} of X of {owner}", part)
    array = np.asarray(part)
    if array.ndim == 0:
        raise ValueError(
            f"{name!r} of X of {owner} must hold one value per row. Got {part!r} "
            "instead."
        )
    return array


def _check_lengths(what: str, arrays: Mapping[str, Any]) -> None:
    if not arrays:
        raise ValueError(f"{what} must hold an array. Got none.")
    lengths = {name: _num_samples(array) for name, array in arrays.items()}
    if len({*lengths.values()}) > 1 or 0 in lengths.values():
        raise ValueError(
            f"{what} must have equally many rows under each name, and one at least. "
            f"Got {lengths} instead."
        )


def to_inputs(owner: str, X: NamedRows, model: Any) -> NamedRows:
    """Bring arrays by name into the form that a model's inputs take.

    An input takes the array of its name. One input may be of another name: it takes all
    columns that are left, side by side, in their order.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    X : NamedRows
    model : keras.Model

    Returns
    -------
    inputs : NamedRows

    Raises
    ------
    ValueError
        If an input has no array, an array no input, or they don't fit.
    """
    inputs = {_input_name(tensor): tensor for tensor in model.inputs}
    left = [name for name in X.arrays if name not in inputs]
    unnamed = [name for name in inputs if name not in X.arrays]
    if len(unnamed) > 1 or bool(left) != bool(unnamed):
        raise ValueError(
            f"Inputs of the model of {owner} must be named as the columns or arrays of "
            "X, but for one, which takes all columns that are left. Got inputs "
            f"{list(inputs)} and columns {list(X.arrays)} instead."
        )
    arrays = dict(X.arrays)
    if unnamed:
        columns = [_column(owner, name, arrays.pop(name)) for name in left]
        arrays[unnamed[0]] = np.column_stack(columns)
    return NamedRows(
        {name: _fitting(owner, name, arrays[name], inputs[name]) for name in inputs}
    )


def _input_name(tensor: Any) -> str:
    return str(tensor.name).partition(":")[0]


def _column(owner: str, name: str, array: Any) -> np.ndarray:
    if isinstance(array, MappedRows) or array.ndim != 1:
        raise ValueError(
            f"{name!r} of X of {owner} must be one column, or have the name of an "
            f"input. Got shape {array.shape} instead."
        )
    return array


def _fitting(owner: str, name: str, array: Any, tensor: Any) -> Any:
    expected, dtype = tuple(tensor.shape)[1:], str(tensor.dtype)
    if not isinstance(array, MappedRows):
        array = _cast(f"{name!r} of X of {owner}", array, dtype)
        if array.ndim == 1 and len(expected) == 1:
            array = array[:, None]
    shape = array.shape[1:]
    if len(shape) != len(expected) or any(
        e not in (None, n) for e, n in zip(expected, shape, strict=True)
    ):
        raise ValueError(
            f"Input {name!r} of the model of {owner} takes rows of shape {expected}. "
            f"Got rows of shape {shape} instead."
        )
    return array


def _cast(what: str, array: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "string":
        missing = [value is None or value != value for value in array.ravel()]
        if array.dtype.kind in "OU" and not any(missing):
            return array.astype(str).astype(object)
        got = "a missing value" if any(missing) else f"numbers ({array.dtype})"
        raise ValueError(f"{what} must hold strings. Got {got} instead.")
    try:
        numbers = array.astype(np.float64) if array.dtype.kind in "OU" else array
    except (TypeError, ValueError):
        raise ValueError(
            f"{what} must hold numbers for an input of {dtype}. Got {array.dtype} "
            f"instead, such as {array.ravel()[0]!r}. Encode it, or give the input "
            'dtype="string" and look it up in a StringLookup layer.'
        ) from None
    with np.errstate(over="ignore", invalid="ignore"):
        cast = numbers.astype(dtype if "int" in dtype else np.float32)
    if not np.isfinite(numbers).all() or not np.isfinite(cast).all():
        raise ValueError(f"{what} must hold finite numbers. Got NaN or infinity.")
    if "int" in dtype and not (cast == numbers).all():
        raise ValueError(
            f"{what} must hold whole numbers for an input of {dtype}. Got others."
        )
    return cast
