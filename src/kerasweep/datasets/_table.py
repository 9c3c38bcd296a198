"""CSV and Parquet tables, and data frames in general."""

import csv
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import Bunch

from kerasweep.datasets._make import Part, Source, make_dataset
from kerasweep.datasets._size import check_size

if TYPE_CHECKING:
    import pandas as pd

_USUAL_TARGETS = ("target", "label", "class", "y")
_PIXEL_NAME = re.compile(r"pixel(_?\d+)+")


def read_csv(path: Path, target: str | None) -> Bunch:
    """Read a comma-separated table whose first line names the columns.

    Parameters
    ----------
    path : Path
        An existing file.
    target : str or None
        The column to predict; None looks for a usual name.

    Returns
    -------
    dataset : Bunch
        See `load_dataset`.

    Raises
    ------
    ValueError
        If the file is not such a table, or holds what can't be learnt from.
    """
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(path, index_col=False, low_memory=False)
    except (ValueError, pd.errors.ParserWarning) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(
            f"File {str(path)!r} must be a comma-separated table with one line of "
            f"column names and as many values in each line below it ({reason})."
        ) from None
    return from_frame(frame, target, _file_source(path, _lines(path)))


def read_parquet(path: Path, target: str | None) -> Bunch:
    """Read a Parquet table.

    Parameters
    ----------
    path : Path
        An existing file.
    target : str or None
        The column to predict; None looks for a usual name.

    Returns
    -------
    dataset : Bunch
        See `load_dataset`.

    Raises
    ------
    ValueError
        If the file is not such a table, or holds what can't be learnt from.
    """
    import pandas as pd

    try:
        size = _unpacked_size(path)
    except Exception:  # said by the reader below
        size = 0
    check_size(path, size)
    try:
        # pyarrow, since only it verifies the checksums of pages, where a file has them.
        frame = pd.read_parquet(path, engine="pyarrow", page_checksum_verification=True)
    except Exception as error:  # a damaged file can raise any of Arrow's errors
        reason = " ".join(str(error).split()).rstrip(".")
        raise ValueError(
            f"File {str(path)!r} must be a Parquet table, but can't be read as one "
            f"({reason})."
        ) from None
    return from_frame(frame, target, _file_source(path, "row {}".format))


def _unpacked_size(path: Path) -> int:
    """Give the bytes that a Parquet table takes as a frame and as an array.

    A column of one value repeated takes next to none in the file.
    """
    from pyarrow.parquet import read_metadata

    metadata = read_metadata(path)
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    stored = sum(group.total_byte_size for group in groups)
    return max(stored, 2 * 8 * metadata.num_rows * metadata.num_columns)


def from_frame(frame: "pd.DataFrame", target: str | None, source: Source) -> Bunch:
    """Split a data frame into features and target, and check both.

    Columns that are all called ``pixel<number>``, hold integers in 0 to 255 and are
    a square number are taken for square grey images.

    Parameters
    ----------
    frame : DataFrame
        Numeric features and one target column.
    target : str or None
        The column to predict; None looks for a usual name.
    source : Source
        Where the frame came from.

    Returns
    -------
    dataset : Bunch
        See `load_dataset`.

    Raises
    ------
    ValueError
        If a column or value can't be learnt from.
    """
    frame = frame.set_axis([str(column) for column in frame.columns], axis=1)
    _check_columns(frame, source)
    target = _find_target(list(frame.columns), target, source)
    features = frame.drop(columns=target)
    if features.shape[1] == 0 or len(frame) == 0:
        raise ValueError(
            f"Table {source.where} must hold at least one row and one column beside "
            f"the target {target!r}. Got {len(frame)} rows and {features.shape[1]} "
            "feature columns instead."
        )
    y = _target_values(frame[target], source)
    columns = {str(n): _numeric(column, source) for n, column in features.items()}
    X = np.column_stack(list(columns.values()))
    names = list(columns)
    image_shape = _square_image(X, names)
    if image_shape is not None:
        most = X.max()
        return make_dataset(
            Part(X.astype(np.uint8), y),
            None,
            source,
            feature_names=names,
            image_shape=image_shape,
            max_value=255.0 if most >= 128 else max(float(most), 1.0),
        )
    return make_dataset(Part(X, y), None, source, feature_names=names)


def _check_columns(frame: "pd.DataFrame", source: Source) -> None:
    seen = set()
    # pandas' own words for a nameless column, most often a saved row index.
    for number, column in enumerate(frame.columns):
        if not column.strip() or re.fullmatch(r"Unnamed: \d+", column):
            raise ValueError(
                f"Column {number + 1} of {source.where} must have a name. Drop it if "
                "it only counts the rows (index=False when saving with pandas)."
            )
        if column in seen:
            raise ValueError(
                f"Column names of {source.where} must differ. Got {column!r} twice "
                "instead."
            )
        seen.add(column)


def _find_target(columns: list[str], target: str | None, source: Source) -> str:
    listed = ", ".join(map(repr, columns[:10]))
    if len(columns) > 10:
        listed += f" and {len(columns) - 10} more"
    if target is None:
        usual = [column for column in columns if column in _USUAL_TARGETS]
        if len(usual) == 1:
            return usual[0]
        raise ValueError(
            f"Table {source.where} must hold exactly one column named "
            f"{', '.join(_USUAL_TARGETS)}, or `target` must name one. Got columns "
            f"{listed} instead."
        )
    if target in columns:
        return target
    close = get_close_matches(target, columns, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise ValueError(
        f"`target` (={target!r}) must be a column of {source.where}, whose columns "
        f"are {listed}.{hint}"
    )


def _target_values(column: "pd.Series", source: Source) -> np.ndarray:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    missing = np.flatnonzero(column.isna().to_numpy())
    if missing.size:
        raise ValueError(
            f"Target column {column.name!r} of {source.where} must have no missing "
            f"value. Got one in {source.row(int(missing[0]))} instead."
        )
    if is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=bool)
    if is_numeric_dtype(column.dtype):
        values = column.to_numpy()
        return values.astype(float) if values.dtype.kind == "O" else values
    return np.array([str(value) for value in column], dtype=np.str_)


def _numeric(column: "pd.Series", source: Source) -> np.ndarray:
    import pandas as pd

    types = pd.api.types
    values: Any = column
    if not types.is_numeric_dtype(column.dtype) or types.is_complex_dtype(column.dtype):
        text = column.astype(object)
        values = pd.to_numeric(text.map(_as_text), errors="coerce")
        wrong = np.flatnonzero((values.isna() & text.notna()).to_numpy())
        if wrong.size:
            row = int(wrong[0])
            raise ValueError(
                f"Feature column {column.name!r} of {source.where} must be numeric. "
                f"Got {text.iloc[row]!r} in {source.row(row)} instead."
            )
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        row = int(bad[0])
        got = "a missing value" if np.isnan(numbers[row]) else str(numbers[row])
        raise ValueError(
            f"Feature column {column.name!r} of {source.where} must be finite. Got "
            f"{got} in {source.row(row)} instead."
        )
    return numbers


def _as_text(value: Any) -> Any:
    """Keep pandas from reading dates as numbers."""
    return value if value is None or isinstance(value, float) else str(value)


def _square_image(X: np.ndarray, names: list[str]) -> tuple[int, int] | None:
    side = round(X.shape[1] ** 0.5)
    if side * side != X.shape[1] or not all(map(_PIXEL_NAME.fullmatch, names)):
        return None
    if X.min() < 0 or X.max() > 255 or not (X == np.rint(X)).all():
        return None
    return side, side


def _file_source(path: Path, row: Callable[[int], str]) -> Source:
    return Source(path.stem, str(path), f"Table of {path.name}.", row)


def _lines(path: Path) -> Callable[[int], str]:
    """Name rows by their line in a CSV file, where a quoted value may span lines."""

    def line_of(row: int) -> str:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            rows = (reader.line_num for fields in reader if fields)
            with suppress(csv.Error):  # a field longer than Python's reader takes
                for number, line in enumerate(rows):
                    if number == row + 1:  # the first one names the columns
                        return f"line {line}"
        return f"row {row}"

    return line_of
