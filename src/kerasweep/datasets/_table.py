"""CSV and Parquet tables, and data frames in general."""

import csv
import re
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import Bunch

from kerasweep.datasets._columns import (
    DROP,
    FoundColumn,
    check_kinds,
    find_column,
    identifiers_and_constants,
    numbers_of,
)
from kerasweep.datasets._make import (
    Part,
    Source,
    make_dataset,
    make_mixed_dataset,
)
from kerasweep.datasets._size import check_size
from kerasweep.datasets._target import FoundTarget, find_target

if TYPE_CHECKING:
    import pandas as pd

Kinds = Mapping[str, str] | None

_USUAL_TARGETS = ("target", "label", "class", "y")
_PIXEL_NAME = re.compile(r"pixel(_?\d+)+")


def read_csv(path: Path, target: str | None, kinds: Kinds = None) -> Bunch:
    """Read a comma-separated table whose first line names the columns.

    Parameters
    ----------
    path : Path
        An existing file.
    target : str or None
        The column to predict; None looks for a usual name.
    kinds : mapping of str to str, default=None
        Kinds of columns; None finds them.

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
    if frame.shape[1] and frame.iloc[:, -1].isna().any():
        _refuse_short_lines(path, frame.shape[1])
    return from_frame(frame, target, _file_source(path, _lines(path)), kinds)


def _refuse_short_lines(path: Path, n_columns: int) -> None:
    """Refuse a file that is cut short, which pandas fills up with missing values."""
    with path.open(newline="", encoding="utf-8") as file, suppress(csv.Error):
        reader = csv.reader(file)
        for fields in reader:
            if fields and len(fields) < n_columns:
                raise ValueError(
                    f"File {str(path)!r} must be a comma-separated table with as many "
                    f"values in each line as columns are named in the first, "
                    f"{n_columns}. Got {len(fields)} in line {reader.line_num} instead."
                )


def read_parquet(path: Path, target: str | None, kinds: Kinds = None) -> Bunch:
    """Read a Parquet table.

    Parameters
    ----------
    path : Path
        An existing file.
    target : str or None
        The column to predict; None looks for a usual name.
    kinds : mapping of str to str, default=None
        Kinds of columns; None finds them.

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
    return from_frame(frame, target, _file_source(path, "row {}".format), kinds)


def _unpacked_size(path: Path) -> int:
    """Give the bytes that a Parquet table takes as a frame and as an array.

    A column of one value repeated takes next to none in the file.
    """
    from pyarrow.parquet import read_metadata

    metadata = read_metadata(path)
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    stored = sum(group.total_byte_size for group in groups)
    return max(stored, 2 * 8 * metadata.num_rows * metadata.num_columns)


def from_frame(
    frame: "pd.DataFrame", target: str | None, source: Source, kinds: Kinds = None
) -> Bunch:
    """Split a data frame into features and target, and check both.

    Columns that are all called ``pixel<number>``, hold integers in 0 to 255 and are
    a square number are taken for square grey images.

    Parameters
    ----------
    frame : DataFrame
        Features and one target column.
    target : str or None
        The column to predict; None looks for a usual name.
    source : Source
        Where the frame came from.
    kinds : mapping of str to str, default=None
        Kinds of columns; None finds them.

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
    said = check_kinds(kinds, list(frame.columns), source)
    features = frame.drop(columns=target)
    if features.shape[1] == 0 or len(frame) == 0:
        raise ValueError(
            f"Table {source.where} must hold at least one row and one column beside "
            f"the target {target!r}. Got {len(frame)} rows and {features.shape[1]} "
            "feature columns instead."
        )
    found = find_target(frame[target], said.pop(target, None), source)
    whole = features
    if len(found.rows) < len(frame):
        features = features.iloc[found.rows]
        source = source.of_rows(found.rows)
    numbers = _all_numbers(features, said, source)
    if numbers is not None:
        return _from_numbers(numbers, features, said, found, source)
    return _from_mixed(features, whole, said, found, source)


def _all_numbers(
    features: "pd.DataFrame", said: dict[str, str], source: Source
) -> dict[str, np.ndarray] | None:
    """Read the columns that stay as numbers; None if one of them is none."""
    if not {*said.values()} <= {"numeric", "boolean", DROP}:
        return None
    columns = {}
    for name, column in features.items():
        if said.get(str(name)) == DROP:
            continue
        try:
            values = numbers_of(column, source, placeholders=False).to_numpy()
        except ValueError:
            return None
        if np.isnan(values).any():
            return None
        columns[str(name)] = values
    return columns


def _from_numbers(
    columns: dict[str, np.ndarray],
    features: "pd.DataFrame",
    said: dict[str, str],
    found: FoundTarget,
    source: Source,
) -> Bunch:
    """Make a dataset of one array of all columns, as they are."""
    from pandas.api.types import is_bool_dtype

    _check_any_left(columns, source)
    X, names = np.column_stack(list(columns.values())), list(columns)
    image_shape = _square_image(X, names)
    if image_shape is not None:
        most = X.max()
        return make_dataset(
            Part(X.astype(np.uint8), found.y),
            None,
            source,
            feature_names=names,
            image_shape=image_shape,
            max_value=255.0 if most >= 128 else max(float(most), 1.0),
            notes=found.notes,
        )
    table = {}
    for name, column in features.items():
        kind = "boolean" if is_bool_dtype(column.dtype) else "numeric"
        left_out = said.get(str(name)) == DROP
        table[str(name)] = FoundColumn(
            "left out" if left_out else said.get(str(name), kind),
            None if left_out else column,
            int(column.isna().sum()),
            int(column.nunique()),
        )
    kept = {name: values for name, values in columns.items() if name not in said}
    return make_dataset(
        Part(X, found.y),
        None,
        source,
        feature_names=names,
        is_quantity=found.is_quantity,
        columns=table,
        notes=found.notes + _what_is_kept(kept),
    )


def _what_is_kept(columns: dict[str, np.ndarray]) -> list[str]:
    """Name columns of numbers that a mixed table would be without."""
    notes = []
    identifiers, constants = identifiers_and_constants(columns)
    for names, what in (
        (identifiers, "another integer in each row, like an identifier"),
        (constants, "one value only"),
    ):
        if names:
            listed = _listed(names)
            few = len(names) == 1
            notes.append(
                f"Column{'' if few else 's'} {listed} hold{'s' if few else ''} {what}: "
                f"kept, as all of a table of numbers (kinds: {names[0]}=drop leaves "
                f"{'it' if few else 'the first'} out)."
            )
    return notes


def _from_mixed(
    features: "pd.DataFrame",
    whole: "pd.DataFrame",
    said: dict[str, str],
    found: FoundTarget,
    source: Source,
) -> Bunch:
    """Make a dataset of a data frame with a type for each kind of column."""
    import pandas as pd

    columns = {
        str(name): find_column(column, said.get(str(name)), source, whole[name])
        for name, column in features.items()
    }
    kept = {name: c.values for name, c in columns.items() if c.values is not None}
    _check_any_left(kept, source)
    frame = pd.DataFrame(kept).reset_index(drop=True)
    notes = found.notes + [c.note for c in columns.values() if c.note]
    return make_mixed_dataset(
        frame,
        found.y,
        source,
        is_quantity=found.is_quantity,
        columns=columns,
        notes=notes,
    )


def _check_any_left(columns: dict[str, Any], source: Source) -> None:
    if not columns:
        raise ValueError(
            f"Table {source.where} must hold a column to learn from. Got only columns "
            "that are left out: constants, identifiers and those of the kind 'drop'."
        )


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
    listed = _listed(columns)
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


def _listed(names: list[str]) -> str:
    listed = ", ".join(map(repr, names[:10]))
    return f"{listed} and {len(names) - 10} more" if len(names) > 10 else listed


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
