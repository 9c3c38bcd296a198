"""The columns of the frame that a model was fitted on, and requests put in their form.

MLflow's signature knows six types; a pipeline may depend on more: on float32, on
categories, on which of pandas' forms a missing value has.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

#: MLflow's type of what pandas finds in a column of objects.
_TYPES = {
    "boolean": "boolean",
    "decimal": "double",
    "floating": "double",
    "integer": "double",
    "mixed-integer-float": "double",
    "string": "string",
}


class Column(NamedTuple):
    """One column of a frame."""

    name: str
    #: As pandas writes it; of categories, that of their values.
    dtype: str
    #: MLflow's name of the type.
    type: str
    #: Whether values were missing when the model was fitted.
    optional: bool
    #: Whether missing objects were None, not NaN.
    none: bool = False


def describe_columns(frame: Any) -> list[Column] | None:
    """Describe a frame that a model is fitted on.

    Parameters
    ----------
    frame : DataFrame
        All of it: one of its last rows may be the one with a missing value.

    Returns
    -------
    columns : list of Column or None
        None where MLflow has no type for one of them, or a name is no string.
    """
    names = list(frame.columns)
    if len({*names}) < len(names) or not all(isinstance(name, str) for name in names):
        return None
    found = [_describe(name, frame[name]) for name in names]
    columns = [column for column in found if column is not None]
    return columns if len(columns) == len(names) else None


def _describe(name: str, values: Any) -> Column | None:
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        # Without its categories: a value that is none of them stays what it is.
        values = values.astype(values.dtype.categories.dtype)
    missing = values.isna()
    optional = bool(missing.any())
    kind = _type_of(values, optional)
    if kind is None:
        return None
    # The first decides where a column holds both.
    none = optional and values[missing].iloc[0] is None
    return Column(name, str(values.dtype), kind, optional, none)


def _type_of(values: Any, optional: bool) -> str | None:
    import pandas as pd
    from pandas.api import types

    if types.is_bool_dtype(values.dtype):
        return "boolean"
    if types.is_integer_dtype(values.dtype):
        # What is missing makes whole numbers floats, in JSON and in CSV.
        return "double" if optional else "long"
    if types.is_float_dtype(values.dtype):
        return "double"
    if types.is_datetime64_dtype(values.dtype):
        return "datetime"
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        return _TYPES.get(types.infer_dtype(values, skipna=True))
    return None


def mlflow_schema(columns: list[Column]) -> Any:
    """Return columns as the inputs of a signature.

    Parameters
    ----------
    columns : list of Column

    Returns
    -------
    schema : mlflow.types.Schema
    """
    from mlflow.types import ColSpec, Schema

    return Schema(
        [
            # MLflow would make what is missing False.
            ColSpec("string", column.name, required=False)
            if column.type == "boolean" and column.optional
            else ColSpec(column.type, column.name, required=not column.optional)
            for column in columns
        ]
    )


def as_mlflow(frame: Any, columns: Sequence[Column]) -> Any:
    """Return rows of a frame in the types that its signature says.

    MLflow does not know pandas' own forms of numbers, nor categories.
    """
    forms = {
        "double": "float64",
        "long": "int64",
        "boolean": "bool",
        "datetime": "datetime64[ns]",
    }
    found = {}
    for column in columns:
        values = frame[column.name]
        if column.type == "string" or (column.type == "boolean" and column.optional):
            values = values.astype(object)
            found[column.name] = values.where(values.notna(), None)
        else:
            found[column.name] = values.astype(forms[column.type])
    return type(frame)(found, index=frame.index)


def as_fitted(frame: Any, columns: list[Column]) -> Any:
    """Return a frame with the columns and types of the one that a model was fitted on.

    A value that its column's type can't hold stays as it is, so that the model itself
    takes or refuses it.

    Parameters
    ----------
    frame : DataFrame
        A column that was optional may be left out: all of it is missing.
    columns : list of Column

    Returns
    -------
    frame : DataFrame
    """
    import pandas as pd

    known = {}
    for column in columns:
        if column.name in frame:
            known[column.name] = _in_form(frame[column.name], column)
        elif column.optional:
            empty = pd.Series([None] * len(frame), frame.index, dtype=object)
            known[column.name] = _in_form(empty, column)
    return pd.DataFrame(known, index=frame.index)


def _in_form(values: Any, column: Column) -> Any:
    if column.type == "boolean" and values.dtype.kind not in "b":
        words = {"True": True, "False": False, "true": True, "false": False}
        values = values.map(lambda value: words.get(value, value))
    if column.dtype == "object":
        values = values.astype(object)
        return values.where(values.notna(), None if column.none else float("nan"))
    try:
        cast = values.astype(column.dtype)
    except (OverflowError, TypeError, ValueError):
        return values
    same = cast.isna().equals(values.isna())
    if same and cast.dtype.kind in "biu":  # else 1.5 becomes 1, and "no" True
        same = bool((cast.dropna() == values.dropna()).all())
    return cast if same else values


def write_columns(columns: Sequence[Column], path: Path) -> None:
    """Write columns as JSON."""
    path.write_text(json.dumps([column._asdict() for column in columns]))


def read_columns(path: Path) -> list[Column] | None:
    """Read columns; None if there is no such file."""
    if not path.exists():
        return None
    return [Column(**column) for column in json.loads(path.read_text())]
