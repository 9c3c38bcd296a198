"""Features that are numbers, whatever NumPy would make of others."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

#: The largest number in the precision that networks compute in.
FLOAT32_MAX = float(np.finfo(np.float32).max)
# NumPy casts dates to days or nanoseconds since 1970, and records to their first field.
_KINDS = {"m": "durations", "M": "dates", "V": "records"}


def validate_numbers(estimator: Any, X: Any, **settings: Any) -> np.ndarray:
    """Check features as scikit-learn does, and refuse what only looks like numbers.

    Parameters
    ----------
    estimator : estimator
        Its number and names of features are set, or compared with.
    X : array-like
    **settings : dict
        Passed to ``sklearn.utils.validation.validate_data``.

    Returns
    -------
    X : ndarray

    Raises
    ------
    ValueError, TypeError
        If X does not hold finite numbers, at least one per row.
    """
    owner = type(estimator).__name__
    refuse_disguised(f"X of {owner}", X)
    with clear_overflow(f"X of {owner}"):
        X = validate_data(estimator, X, **settings)
    if X.size == 0:  # of images; scikit-learn looks at one axis
        raise ValueError(
            f"X of {owner} must hold at least one value per row. Got rows of shape "
            f"{X.shape[1:]} instead."
        )
    return X


@contextmanager
def clear_overflow(name: str) -> Iterator[None]:
    """Check numbers without a warning; say which are too large for any float.

    A float64 that is too large for float32 becomes infinite, which scikit-learn's check
    then refuses in its own words.

    Raises
    ------
    ValueError
        In place of Python's own error on an integer above 1e308.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except OverflowError:
        raise ValueError(
            f"{name} must hold numbers that a float can hold. Got an integer above "
            "1e308 instead."
        ) from None


def check_factor(owner: str, name: str, value: Any) -> None:
    """Refuse a parameter that single precision would make infinite.

    Smaller ones than it can hold are zeros there.

    Raises
    ------
    ValueError
        If its size is above 3.4e38.
    """
    # As it is: the conversion of a large integer to a float would fail.
    if isinstance(value, Real) and abs(value) > FLOAT32_MAX:  # type: ignore[operator]
        raise ValueError(
            f"{name} of {owner} must be at most {FLOAT32_MAX:.1e}, the largest number "
            f"in single precision. Got {str(value)[:40]} instead."
        )


def refuse_disguised(name: str, values: Any, kinds: str = "mMV") -> None:
    """Refuse what NumPy would cast to numbers without a word.

    Parameters
    ----------
    name : str
        What the values are, for the message.
    values : array-like
    kinds : str, default="mMV"
        What to refuse beside masked values: durations, dates and records.

    Raises
    ------
    TypeError
        If there are dates, durations or records among them.
    ValueError
        If some are masked.
    """
    if isinstance(values, list | tuple):
        try:
            values = np.asarray(values)
        except ValueError:
            return  # ragged: scikit-learn says so
    for kind in _kinds(values):
        if kind and kind in kinds:
            raise TypeError(
                f"{name} must hold numbers. Got {_KINDS[kind]} instead. Turn them into "
                "numbers first, in a unit of your choice."
            )
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} must hold no masked values. Got {np.ma.count_masked(values)} "
            "instead. Fill them in, or drop their rows."
        )


def _kinds(values: Any) -> Iterable[str]:
    """Give the kinds of the columns' types, as NumPy writes them."""
    of_columns = getattr(values, "dtypes", None)  # of a data frame
    if of_columns is None:  # of a table of Arrow's
        of_columns = getattr(getattr(values, "schema", None), "types", None)
    if of_columns is None:
        of_columns = getattr(values, "dtype", getattr(values, "type", None))
    types = of_columns if np.iterable(of_columns) else [of_columns]  # or of a series
    kinds = {_kind(dtype) for dtype in types}
    if "O" in kinds:
        dated = (np.datetime64, np.timedelta64)
        kinds |= {v.dtype.kind for v in np.asarray(values).flat if isinstance(v, dated)}
    return kinds


def _kind(dtype: Any) -> str:
    kind = getattr(dtype, "kind", "")
    if kind in _KINDS:
        return str(kind)
    # Those of polars and Arrow have names alone.
    name = re.match(r"(date|time|duration)?", str(dtype).lower())
    named = {"date": "M", "time": "M", "duration": "m"}
    return named.get(name[1] if name else "", kind)
