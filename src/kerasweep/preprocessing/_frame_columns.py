"""The columns of a table, whatever kind of table it is."""

import datetime
from collections.abc import Sequence
from numbers import Number
from typing import Any, NamedTuple

import numpy as np

_REMEDY = (
    "Turn dates into numbers first, with skrub's TableVectorizer in front of the "
    "estimator, for instance."
)
_DATES: tuple[type, ...] = (
    *(datetime.date, datetime.time, datetime.timedelta),
    *(np.datetime64, np.timedelta64),
)


class Column(NamedTuple):
    """One column of a table.

    Attributes
    ----------
    name : str
        For messages: that of a frame's column, or ``column 3`` of an array.
    values : ndarray of shape (n_rows,)
        float64 with NaN for what is missing, or objects with None for it.
    categorical : bool
        Whether its type says that its values are no quantities.
    """

    name: str
    values: np.ndarray
    categorical: bool


def is_frame(X: Any) -> bool:
    """Tell whether X is a frame of pandas, polars or Arrow."""
    return hasattr(X, "columns") and (
        hasattr(X, "iloc") or hasattr(X, "to_series") or hasattr(X, "column_names")
    )


def columns_of_frame(owner: str, X: Any) -> list[Column]:
    """Take a frame apart.

    Parameters
    ----------
    owner : str
        Whose X it is, for messages.
    X : DataFrame of pandas or polars, or Table of Arrow

    Returns
    -------
    columns : list of Column

    Raises
    ------
    TypeError
        If a column holds dates, or something that is neither number nor text.
    """
    if hasattr(X, "iloc"):
        names = [str(name) for name in X.columns]
        series = [X.iloc[:, place] for place in range(len(names))]
        return [_of_pandas(owner, n, s) for n, s in zip(names, series, strict=True)]
    if hasattr(X, "to_series"):
        return [_of_polars(owner, n, X[n]) for n in X.columns]
    return [
        _of_objects(owner, name, np.array(column.to_pylist(), dtype=object))
        for name, column in zip(X.column_names, X.columns, strict=True)
    ]


def columns_of_array(owner: str, X: np.ndarray) -> list[Column]:
    """Take an array of shape (n_rows, n_columns) apart."""
    names = [f"column {place}" for place in range(X.shape[1])]
    if X.dtype.kind in "iuf":
        floats = X.astype(np.float64)
        return [Column(n, floats[:, i], False) for i, n in enumerate(names)]
    if X.dtype.kind == "b":
        return [Column(n, X[:, i].astype(object), True) for i, n in enumerate(names)]
    objects = X.astype(object)
    return [_of_objects(owner, n, objects[:, i]) for i, n in enumerate(names)]


def _of_pandas(owner: str, name: str, series: Any) -> Column:
    import pandas as pd
    from pandas.api import types

    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        values = series.astype(object).to_numpy()
        return _objects(owner, name, values)
    if types.is_datetime64_any_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        raise _no_dates(owner, name)
    if isinstance(dtype, pd.PeriodDtype):
        raise _no_dates(owner, name)
    if types.is_bool_dtype(dtype):
        return _objects(owner, name, series.astype(object).to_numpy())
    if types.is_complex_dtype(dtype):
        raise ValueError(f"Complex data not supported: {name!r} of X of {owner}.")
    if types.is_numeric_dtype(dtype):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return Column(name, values, False)
    return _of_objects(owner, name, series.astype(object).to_numpy())


def _of_polars(owner: str, name: str, series: Any) -> Column:
    if series.dtype.is_temporal():
        raise _no_dates(owner, name)
    if series.dtype.is_numeric():
        floats = [np.nan if value is None else value for value in series.to_list()]
        return Column(name, np.array(floats, dtype=np.float64), False)
    values = np.empty(len(series), dtype=object)
    values[:] = series.to_list()
    return _of_objects(owner, name, values)


def _of_objects(owner: str, name: str, values: np.ndarray) -> Column:
    """Look at each value: numbers alone are quantities, anything else is a category."""
    column = _objects(owner, name, values)
    kinds = {type(value) for value in column.values} - {type(None)}
    numeric = all(issubclass(k, Number) and k not in (bool, np.bool_) for k in kinds)
    if not kinds or not numeric:
        return column
    try:
        floats = [np.nan if v is None else float(v) for v in column.values]
    except (OverflowError, TypeError):
        raise ValueError(
            f"{name!r} of X of {owner} must hold numbers that a float can hold."
        ) from None
    return Column(name, np.array(floats, dtype=np.float64), False)


def _objects(owner: str, name: str, values: np.ndarray) -> Column:
    """Put None for what is missing, and refuse what is neither number nor text."""
    import pandas as pd

    known = set()
    for kind in {type(value) for value in values}:
        if issubclass(kind, _DATES) and kind is not type(pd.NaT):
            raise _no_dates(owner, name)
        if issubclass(kind, Number | str | np.bool_) or kind is type(None):
            continue
        if kind in (type(pd.NA), type(pd.NaT)):
            continue
        known.add(kind.__name__)
    if known:
        raise TypeError(
            f"{name!r} of X of {owner} must hold numbers, text or booleans: argument "
            f"must be a string or a number, not {sorted(known)[0]!r}."
        )
    missing = np.asarray(pd.isna(values), dtype=bool)
    if missing.any():
        values = values.copy()
        values[missing] = None
    return Column(name, values, True)


def _no_dates(owner: str, name: str) -> TypeError:
    return TypeError(
        f"{name!r} of X of {owner} must hold numbers, text or booleans. Got dates "
        f"instead. {_REMEDY}"
    )


def as_text(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write the values of a categorical column, each distinct one once.

    Whole numbers are written alike whatever their type: 3 and 3.0 are one category.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Floats with NaN, or objects with None, for what is missing.

    Returns
    -------
    codes : ndarray of shape (n_rows,), int
        Which of the texts; -1 where the value is missing.
    texts : ndarray of str
    """
    import pandas as pd

    codes, distinct = pd.factorize(values)
    texts = np.array([_text(value) for value in distinct], dtype=str)
    texts = texts if len(texts) else np.empty(0, dtype="U1")
    unique, place = np.unique(texts, return_inverse=True)
    return np.where(codes < 0, -1, np.append(place, -1)[codes]), unique


def _text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating) and not float(value).is_integer():
        return repr(float(value))
    return str(int(value))


def marked_categorical(
    owner: str, marks: Any, columns: Sequence[Column], names: Sequence[str] | None
) -> list[bool]:
    """Tell which columns a user says are categories.

    Parameters
    ----------
    owner : str
    marks : "from_dtype", None, or array-like of bool, int or str
        As ``categorical_features`` of scikit-learn's HistGradientBoostingClassifier.
    columns : sequence of Column
    names : sequence of str, or None
        Of a frame's columns.

    Returns
    -------
    categorical : list of bool

    Raises
    ------
    ValueError
        If the marks do not fit the columns.
    """
    n = len(columns)
    where = f"categorical_features of {owner}"
    if isinstance(marks, str):
        if marks != "from_dtype":
            raise ValueError(
                f"{where} must be 'from_dtype', None, or a mask, indices or names of "
                f"columns. Got {marks!r} instead."
            )
        return [column.categorical for column in columns]
    if marks is None:
        return [False] * n
    marks = np.asarray(marks)
    if marks.size == 0:
        return [False] * n
    if marks.ndim == 1 and marks.dtype.kind == "b":
        if len(marks) != n:
            raise ValueError(
                f"{where} as a mask must have one value per column, {n}. Got "
                f"{len(marks)} instead."
            )
        return marks.tolist()
    if marks.ndim == 1 and marks.dtype.kind in "iu":
        if marks.min() < 0 or marks.max() >= n:
            raise ValueError(
                f"{where} as indices must be from 0 to {n - 1}. Got {marks.tolist()} "
                "instead."
            )
        return np.isin(np.arange(n), marks).tolist()
    given = marks.tolist()
    if marks.ndim == 1 and all(isinstance(name, str) for name in given):
        unknown = [name for name in given if name not in (names or ())]
        if unknown:
            raise ValueError(
                f"{where} must name columns of X"
                + ("" if names else ", which has none: pass a data frame")
                + f". Got {unknown[0]!r} too."
            )
        return [name in given for name in names or ()]
    raise ValueError(
        f"{where} must be 'from_dtype', None, or a mask, indices or names of columns. "
        f"Got {given!r} instead."
    )
