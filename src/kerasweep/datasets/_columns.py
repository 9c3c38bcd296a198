"""What the columns of a table hold: numbers, categories, yes or no, text."""

import datetime
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kerasweep.datasets._make import Source

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("numeric", "categorical", "boolean", "text")
DROP = "drop"

# Fewer rows prove nothing of a column whose values all differ.
_ROWS_OF_IDENTIFIERS = 20
# So many different values, in more than half of the rows, are text, not categories.
_MOST_CATEGORIES = 50
_WORDS_OF_TEXT = 3.0
_PLACEHOLDERS = {"", "?", "-", "--", ".", "*"}
_IDENTIFIER = re.compile(r"(?i)(.*[_. ])?(id|index|key|uuid|guid|row_?names?|row)")
_CAMEL_IDENTIFIER = re.compile(r".*[a-z](Id|ID)")
_TIME = re.compile(r"(?i).*(year|month|week|day|date|time|hour|minute)")
_DATE = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})"
    r"([T ]\d{1,2}:\d{2}.*)?"
)
_WORDS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), 0.0),
}


class FoundColumn(NamedTuple):
    """One column, in the form that a model takes.

    `values` is None where the column is left out; `kind` then says why. `note` is one
    line on what was done, empty where that goes without saying.
    """

    kind: str
    values: "pd.Series | None"
    missing: int
    distinct: int
    note: str = ""


def check_kinds(
    kinds: Mapping[str, str] | None, columns: list[str], source: Source
) -> dict[str, str]:
    """Check what a user says of columns.

    Raises
    ------
    ValueError
        If there is no such column, or no such kind.
    """
    for name, kind in (kinds or {}).items():
        if name not in columns:
            close = get_close_matches(str(name), columns, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"`kinds` must name columns of {source.where}. Got {name!r} "
                f"instead.{hint}"
            )
        if kind not in (*KINDS, DROP):
            raise ValueError(
                f"The kind of column {name!r} must be {', '.join(map(repr, KINDS))} "
                f"or {DROP!r}. Got {kind!r} instead."
            )
    return dict(kinds or {})


def find_column(
    column: "pd.Series",
    kind: str | None,
    source: Source,
    whole: "pd.Series | None" = None,
) -> FoundColumn:
    """Bring a feature column into the form that a model takes.

    Parameters
    ----------
    column : Series
    kind : str or None
        What the user says it is; None finds out, and leaves out what can't be learnt
        from: a constant, and an identifier.
    source : Source
    whole : Series, default=None
        The column with the rows that are left out: what counts the rows counts these,
        too.

    Returns
    -------
    found : FoundColumn
        Numbers as float64 with NaN for what is missing; booleans too if any is
        missing; categories as pandas' own, of strings; text as strings, empty where
        missing.

    Raises
    ------
    ValueError
        If a value is none of these, such as a date, or not of the kind.
    """
    note = ""
    if kind is None:
        _refuse_others(column, source)
        kind, note = _kind_of(column, source)
        read = numbers_of if kind == "numeric" else _READERS[kind]
        values = read(column, source)
        missing, distinct = int(values.isna().sum()), int(values.nunique())
        if kind == "text":
            missing = int(column.isna().sum())
        useless = _why_useless(column, values, kind, missing, whole)
        if useless is not None:
            word, reason = useless
            return FoundColumn(
                f"{word} (left out)",
                None,
                missing,
                distinct,
                f"Column {column.name!r} {reason} and is left out (kinds: "
                f"{column.name}={kind} keeps it).",
            )
        return FoundColumn(kind, values, missing, distinct, note)
    if kind == DROP:
        found = column.astype(str)
        missing = int(column.isna().sum())
        return FoundColumn("left out", None, missing, int(found.nunique()))
    if kind == "numeric":
        values = numbers_of(column, source, placeholders=True)
    else:
        values = _READERS[kind](column, source)
    missing = int(column.isna().sum() if kind == "text" else values.isna().sum())
    return FoundColumn(kind, values, missing, int(values.nunique()))


def identifiers_and_constants(
    columns: Mapping[str, np.ndarray],
) -> tuple[list[str], list[str]]:
    """Name the columns of numbers that can't be learnt from by their looks.

    Returns
    -------
    identifiers, constants : list of str
    """
    identifiers, constants = [], []
    for name, values in columns.items():
        distinct = len(np.unique(values))
        if distinct <= 1 and len(values) > 1:
            constants.append(name)
        elif _is_counter(name, values, distinct):
            identifiers.append(name)
    return identifiers, constants


def numbers_of(
    column: "pd.Series", source: Source, *, placeholders: bool = True
) -> "pd.Series":
    """Read a column as numbers, NaN where a value is missing.

    Raises
    ------
    ValueError
        If a value is no number, or infinite.
    """
    import pandas as pd

    types = pd.api.types
    values: Any = column
    if not types.is_numeric_dtype(column.dtype) or types.is_complex_dtype(column.dtype):
        text = column.astype(object)
        values = pd.to_numeric(text.map(_as_text), errors="coerce")
        wrong = values.isna() & text.notna()
        if placeholders:
            wrong &= ~text.map(lambda value: str(value).strip()).isin(_PLACEHOLDERS)
        if (rows := np.flatnonzero(wrong.to_numpy())).size:
            row = int(rows[0])
            raise ValueError(
                f"Feature column {column.name!r} of {source.where} must be numeric. "
                f"Got {text.iloc[row]!r} in {source.row(row)} instead. If it holds "
                f"categories, say so (kinds: {column.name}=categorical)."
            )
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        row = int(infinite[0])
        raise ValueError(
            f"Feature column {column.name!r} of {source.where} must be finite. Got "
            f"{numbers[row]} in {source.row(row)} instead."
        )
    return pd.Series(numbers, index=column.index, name=column.name)


def _as_text(value: Any) -> Any:
    """Keep pandas from reading dates as numbers."""
    return value if value is None or isinstance(value, float) else str(value)


def refuse_dates(column: "pd.Series", source: Source, what: str, remedy: str) -> None:
    """Refuse a column of dates, times or durations, as such or as text.

    Raises
    ------
    ValueError
        If it is one.
    """
    present = column.dropna()
    if present.empty:
        return
    dated = getattr(column.dtype, "kind", "") in "mM" or "period" in str(column.dtype)
    if not dated and column.dtype == object:
        kinds = (datetime.date, datetime.time, datetime.timedelta)
        dated = bool(present.map(lambda value: isinstance(value, kinds)).any())
    if not dated and _holds_text(column):
        first = present.iloc[:100].map(lambda value: str(value).strip())
        if first.map(lambda text: _DATE.fullmatch(text) is not None).all():
            texts = present.map(lambda value: str(value).strip())
            dated = bool(texts.str.fullmatch(_DATE).all())
    if dated:
        row = int(np.flatnonzero(column.notna().to_numpy())[0])
        raise ValueError(
            f"{what} column {column.name!r} of {source.where} must hold numbers, "
            f"categories or text. Got dates ({column.iloc[row]!r} in "
            f"{source.row(row)}) instead. {remedy}"
        )


def _holds_text(column: "pd.Series") -> bool:
    import pandas as pd

    return column.dtype == object or isinstance(column.dtype, pd.StringDtype)


def _refuse_others(column: "pd.Series", source: Source) -> None:
    """Refuse dates, and values that are neither numbers nor text."""
    refuse_dates(
        column,
        source,
        "Feature",
        f"Leave it out (kinds: {column.name}=drop), or write year, month, weekday or "
        "the days since a fixed one as columns of numbers, as skrub's TableVectorizer "
        "does.",
    )
    if column.dtype != object and column.dtype.kind != "c":
        return
    for row, value in enumerate(column):
        scalar = np.isscalar(value) or value is None or hasattr(value, "as_tuple")
        if isinstance(value, bytes | complex) or not (scalar or value is not value):
            raise ValueError(
                f"Feature column {column.name!r} of {source.where} must hold numbers, "
                f"categories or text. Got {value!r} in {source.row(row)} instead."
            )


def _kind_of(column: "pd.Series", source: Source) -> tuple[str, str]:
    """Find the kind of a column, and what is to be said of it."""
    import pandas as pd

    types = pd.api.types
    if types.is_bool_dtype(column.dtype):
        return "boolean", ""
    if types.is_numeric_dtype(column.dtype):
        return "numeric", ""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "categorical", ""
    present = column.dropna()
    if present.map(lambda value: isinstance(value, bool | np.bool_)).all():
        return "boolean", ""
    text = present.map(str)
    stripped = text.str.strip()
    is_number = pd.to_numeric(stripped, errors="coerce").notna()
    if 2 * is_number.sum() >= len(present):
        values = numbers_of(column, source)  # refuses what is neither
        unreadable = int(values.isna().sum() - column.isna().sum())
        if not unreadable:
            return "numeric", ""
        signs = sorted(set(stripped[~is_number]))
        return "numeric", (
            f"Column {column.name!r} holds numbers and, in {_rows(unreadable)}, "
            f"{' or '.join(map(repr, signs))}: taken for missing values (kinds: "
            f"{column.name}=categorical takes all for categories)."
        )
    distinct = int(text.nunique())
    if distinct > _MOST_CATEGORIES and 2 * distinct > len(present):
        return "text", ""
    return "categorical", ""


def _why_useless(
    column: "pd.Series",
    values: "pd.Series",
    kind: str,
    missing: int,
    whole: "pd.Series | None",
) -> tuple[str, str] | None:
    import pandas as pd

    distinct = int(values.nunique())
    if column.notna().sum() == 0 or (kind == "numeric" and distinct == 0):
        return "empty", "holds no value"
    if distinct == 1 and missing == 0:
        return "constant", f"holds one value only ({column.tolist()[0]!r})"
    numbers = values if whole is None else pd.to_numeric(whole, errors="coerce")
    if kind == "numeric" and _is_counter(str(column.name), numbers, numbers.nunique()):
        return "identifier", "has another integer in each row, like an identifier,"
    if kind in ("categorical", "text") and _holds_text(column):
        present = column.dropna().map(str)
        if (
            len(present) >= _ROWS_OF_IDENTIFIERS
            and present.nunique() == len(present)
            and present.map(lambda text: len(text.split())).mean() < _WORDS_OF_TEXT
        ):
            return "identifier", "has another text in each row, like an identifier,"
    return None


def _is_counter(name: str, values: Any, distinct: int) -> bool:
    """Tell whether integers, all different, count or name the rows."""
    if not _ROWS_OF_IDENTIFIERS <= len(values) == distinct:
        return False
    if not (values == np.rint(values)).all():
        return False
    if _IDENTIFIER.fullmatch(name) or _CAMEL_IDENTIFIER.fullmatch(name):
        return True
    consecutive = values.max() - values.min() == len(values) - 1
    return bool(consecutive and not _TIME.fullmatch(name))


def _categories(column: "pd.Series", source: Source) -> "pd.Series":
    import pandas as pd

    text = column.astype(object).map(_category, na_action="ignore")
    return text.where(column.notna(), np.nan).astype(
        pd.CategoricalDtype(sorted(text[column.notna()].unique()))
    )


def _category(value: Any) -> str:
    # A missing value makes 8001 a float, which is no other category for that.
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)


def _booleans(column: "pd.Series", source: Source) -> "pd.Series":
    text = column.astype(object).map(lambda value: str(value).strip().lower())
    numbers = text.map(_WORDS).astype(float).where(column.notna(), np.nan)
    wrong = np.flatnonzero((numbers.isna() & column.notna()).to_numpy())
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"Feature column {column.name!r} of {source.where} must hold true and "
            f"false, yes and no or 1 and 0. Got {column.iloc[row]!r} in "
            f"{source.row(row)} instead."
        )
    return numbers if numbers.isna().any() else numbers.astype(bool)


def _texts(column: "pd.Series", source: Source) -> "pd.Series":
    return column.astype(object).map(str).where(column.notna(), "")


_READERS = {"categorical": _categories, "boolean": _booleans, "text": _texts}


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"
