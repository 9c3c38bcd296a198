"""What the target of a table holds: classes, or a quantity."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kerasweep.datasets._columns import DROP, refuse_dates
from kerasweep.datasets._make import Source

if TYPE_CHECKING:
    import pandas as pd

# More different integers than these, some of them rare, are no classes.
_MOST_CLASSES = 20
_ROWS_OF_A_CLASS = 5


class FoundTarget(NamedTuple):
    """A target's values, the rows that have one, and what was made of them."""

    y: np.ndarray
    rows: np.ndarray
    is_quantity: bool | None
    notes: list[str]


def find_target(column: "pd.Series", kind: str | None, source: Source) -> FoundTarget:
    """Read a target column.

    Parameters
    ----------
    column : Series
    kind : {"numeric", "categorical", None}
        What the user says it is; None finds out.
    source : Source

    Returns
    -------
    found : FoundTarget
        `y` holds the rows that have a target alone; `is_quantity` is None where its
        type says it.

    Raises
    ------
    ValueError
        If it holds neither classes nor numbers, or no value.
    """
    if kind not in (None, "numeric", "categorical"):
        raise ValueError(
            f"The kind of the target {column.name!r} must be 'numeric' or "
            f"'categorical'. Got {kind!r} instead."
            + (" Name another target." if kind == DROP else "")
        )
    refuse_dates(column, source, "Target", "Turn them into numbers first.")
    notes = []
    missing = np.flatnonzero(column.isna().to_numpy())
    if missing.size == len(column):
        raise ValueError(
            f"Target column {column.name!r} of {source.where} must hold values. Got "
            "missing ones only."
        )
    if missing.size:
        first = source.row(int(missing[0]))
        notes.append(
            f"{missing.size:,} of {len(column):,} rows have no target "
            f"{column.name!r} (the first: {first}) and are left out."
        )
    rows = np.flatnonzero(column.notna().to_numpy())
    y = _values(column.iloc[rows])
    if kind == "numeric":
        return FoundTarget(_as_numbers(y, column.name, source), rows, True, notes)
    if kind == "categorical":
        return FoundTarget(_as_classes(y), rows, False, notes)
    is_quantity, note = _classes_or_quantity(y, str(column.name))
    _refuse_names(y, column.name, source)
    return FoundTarget(y, rows, is_quantity, notes + [note] * bool(note))


def _values(column: "pd.Series") -> np.ndarray:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=bool)
    if is_numeric_dtype(column.dtype):
        values = column.to_numpy()
        return values.astype(float) if values.dtype.kind == "O" else values
    return np.array([str(value) for value in column], dtype=np.str_)


def _classes_or_quantity(y: np.ndarray, name: str) -> tuple[bool | None, str]:
    """Decide on numbers, and say so where they could be read both ways."""
    if y.dtype.kind not in "iuf":
        return None, ""
    values, counts = np.unique(y, return_counts=True)
    some = ", ".join(f"{value:g}" for value in values[:3])
    n = len(values)
    if not np.isfinite(values).all():
        return None, ""  # refused below, with the row
    if (values == np.rint(values)).all():
        if n <= _MOST_CLASSES:
            return None, ""
        rare = counts.min() < _ROWS_OF_A_CLASS
        taken, other = ("a quantity", "categorical") if rare else ("classes", "numeric")
        return rare, (
            f"Target {name!r} holds {n:,} different whole numbers ({some}, ...): taken "
            f"for {taken} (kinds: {name}={other} takes them for "
            f"{'classes' if rare else 'a quantity'})."
        )
    if n <= _MOST_CLASSES < len(y):
        return None, (
            f"Target {name!r} holds only {n} different numbers ({some}, ...), with "
            f"fractions: taken for a quantity (kinds: {name}=categorical takes them "
            "for classes)."
        )
    return None, ""


def _refuse_names(y: np.ndarray, name: Any, source: Source) -> None:
    if y.dtype.kind == "U" and len(y) >= _MOST_CLASSES and len(set(y)) == len(y):
        raise ValueError(
            f"Target column {name!r} of {source.where} must hold classes that recur, "
            f"or numbers. Got another text in each of {len(y):,} rows instead, such "
            f"as {str(y[0])!r}."
        )


def _as_numbers(y: np.ndarray, name: Any, source: Source) -> np.ndarray:
    try:
        return y.astype(np.float64)
    except ValueError as error:
        raise ValueError(
            f"Target column {name!r} of {source.where} must hold numbers for the kind "
            f"'numeric' ({error})."
        ) from None


def _as_classes(y: np.ndarray) -> np.ndarray:
    if y.dtype.kind == "f" and not (y == np.rint(y)).all():
        return np.array([repr(float(value)) for value in y], dtype=np.str_)
    return y
