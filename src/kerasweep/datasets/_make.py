"""Check arrays from any source, and put them into one form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import Bunch

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Source:
    """Where arrays came from, in words for captions and errors."""

    name: str
    where: str
    description: str
    # What to call a row in an error: a line of the file, where there are lines.
    row: Callable[[int], str] = "row {}".format

    def of_rows(self, rows: np.ndarray) -> "Source":
        """Name the rows of a part, of which these are the numbers."""
        return replace(self, row=lambda i: self.row(int(rows[i])))


@dataclass(frozen=True)
class Part:
    """The rows of one part of a dataset: all of them, or training or test ones.

    `X` has one axis for samples, and one for features or two or three for images.
    """

    X: np.ndarray
    y: np.ndarray
    x_name: str = "X"
    y_name: str = "y"


def make_dataset(
    train: Part,
    test: Part | None,
    source: Source,
    *,
    feature_names: list[str] | None = None,
    image_shape: tuple[int, ...] | None = None,
    max_value: float | None = None,
    is_quantity: bool | None = None,
    columns: dict[str, Any] | None = None,
    notes: list[str] | None = None,
) -> Bunch:
    """Check the parts and return what `load_dataset` promises.

    Parameters
    ----------
    train : Part
        The rows to learn from.
    test : Part or None
        The published test rows, if there are any.
    source : Source
        Where the arrays came from.
    feature_names : list of str, default=None
        The columns' names; made up when None.
    image_shape : tuple of int, default=None
        The shape of an image whose pixels lie in a row; taken from `train` where
        that holds images.
    max_value : float, default=None
        The largest value that a pixel can take; taken from the data when None.
    is_quantity : bool, default=None
        Whether the target is one; taken from its type when None.
    columns : dict of str to FoundColumn, default=None
        What is known of a table's columns.
    notes : list of str, default=None
        What was done to them, a line each.

    Returns
    -------
    dataset : Bunch
        See `load_dataset`.

    Raises
    ------
    ValueError
        If the data can't be learnt from, or the parts don't fit together.
    """
    parts = [_check_part(part, source) for part in (train, test) if part is not None]
    if len({part.X.shape[1:] for part in parts}) > 1:
        shapes = " and ".join(f"{p.x_name} {p.X.shape[1:]}" for p in parts)
        raise ValueError(
            f"Rows of {source.where} must all have one shape. Got {shapes} instead."
        )
    if parts[0].X.ndim > 2:
        image_shape = parts[0].X.shape[1:]
        _check_channels_last(image_shape, source)
    if image_shape is not None and feature_names is None:
        feature_names = pixel_names(image_shape)
    if max_value is None:
        max_value = _infer_max_value([part.X for part in parts], image_shape)
    arrays = [
        array for part in parts for array in (part.X.reshape(len(part.X), -1), part.y)
    ]
    if feature_names is None:
        feature_names = [f"x{i}" for i in range(arrays[0].shape[1])]
    target_names = None if is_quantity else _check_classes(parts, source)
    return _bunch(
        data=arrays[0],
        target=arrays[1],
        data_test=arrays[2] if test else None,
        target_test=arrays[3] if test else None,
        image_shape=image_shape,
        max_value=max_value,
        feature_names=feature_names,
        target_names=target_names,
        digested=arrays,
        source=source,
        columns=columns,
        notes=notes,
    )


def make_mixed_dataset(
    frame: "pd.DataFrame",
    y: np.ndarray,
    source: Source,
    *,
    is_quantity: bool | None,
    columns: dict[str, Any],
    notes: list[str],
) -> Bunch:
    """Return what `load_dataset` promises of a table with a type for each column.

    Parameters
    ----------
    frame : DataFrame
        Columns in the form that ``_columns.find_column`` gives them.
    y : ndarray of shape (n_samples,)
    source : Source
    is_quantity : bool or None
        Whether the target is one; taken from its type when None.
    columns : dict of str to FoundColumn
    notes : list of str

    Returns
    -------
    dataset : Bunch

    Raises
    ------
    ValueError
        If the target can't be learnt from.
    """
    part = Part(frame, y)  # type: ignore[arg-type]
    y = _check_target(part, y, source)
    part = replace(part, y=y)
    digested = [_digestible(frame[name]) for name in frame.columns]
    return _bunch(
        data=frame,
        target=y,
        data_test=None,
        target_test=None,
        image_shape=None,
        max_value=None,
        feature_names=list(frame.columns),
        target_names=None if is_quantity else _check_classes([part], source),
        digested=[*digested, y],
        source=source,
        columns=columns,
        notes=notes,
    )


def _digestible(column: "pd.Series") -> np.ndarray:
    if column.dtype.kind in "fb":
        return column.to_numpy()
    missing = column.isna().to_numpy()
    texts = np.array([str(value) for value in column.astype(object)], dtype=np.str_)
    return np.array(np.where(missing, "missing", np.char.add("=", texts)))


def _bunch(
    *,
    digested: list[np.ndarray],
    source: Source,
    columns: dict[str, Any] | None,
    notes: list[str] | None,
    **fields: Any,
) -> Bunch:
    kept = {n: c.kind for n, c in (columns or {}).items() if c.values is not None}
    return Bunch(
        **fields,
        kinds=None if columns is None else kept,
        column_table=None if columns is None else _column_table(columns),
        notes=list(notes or ()),
        name=source.name,
        source=source.where,
        sha256=digest(digested),
        DESCR=source.description,
    )


def _column_table(columns: dict[str, Any]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "column": list(columns),
            "kind": [column.kind for column in columns.values()],
            "missing": [column.missing for column in columns.values()],
            "distinct": [column.distinct for column in columns.values()],
        }
    )


def pixel_names(image_shape: tuple[int, ...]) -> list[str]:
    """Name pixels by line and column (and channel), as scikit-learn's digits do.

    Examples
    --------
    >>> pixel_names((2, 2))
    ['pixel_0_0', 'pixel_0_1', 'pixel_1_0', 'pixel_1_1']
    """
    return ["pixel_" + "_".join(map(str, index)) for index in np.ndindex(*image_shape)]


def digest(arrays: list[np.ndarray]) -> str:
    """Compute the SHA-256 of arrays' types, shapes and values.

    Parameters
    ----------
    arrays : list of ndarray
        Arrays of numbers or fixed-width strings.

    Returns
    -------
    digest : str
        64 hexadecimal digits.
    """
    state = sha256()
    for array in arrays:
        state.update(f"{array.dtype.str}{array.shape}".encode())
        state.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return state.hexdigest()


def is_continuous(y: np.ndarray) -> bool:
    """Tell whether a target is a quantity rather than a class."""
    return y.dtype.kind == "f"


def _check_part(part: Part, source: Source) -> Part:
    X, y = part.X, part.y
    if not 2 <= X.ndim <= 4:
        raise ValueError(
            f"Array {part.x_name!r} of {source.where} must have 2 axes (rows, "
            "features), 3 (images, lines, columns) or 4 (with channels). Got shape "
            f"{X.shape} instead."
        )
    if y.ndim == 2 and y.shape[1] == 1:  # as in Keras' CIFAR archives
        y = y[:, 0]
    if y.ndim != 1:
        raise ValueError(
            f"Array {part.y_name!r} of {source.where} must have one label per row, not "
            f"one-hot rows. Got shape {y.shape} instead."
        )
    if len(X) != len(y):
        raise ValueError(
            f"Arrays {part.x_name!r} and {part.y_name!r} of {source.where} must have "
            f"equal lengths. Got {len(X)} and {len(y)} instead."
        )
    if X.size == 0:
        raise ValueError(
            f"Array {part.x_name!r} of {source.where} must hold at least one row and "
            f"one feature. Got shape {X.shape} instead."
        )
    return replace(
        part, X=_check_features(part, source), y=_check_target(part, y, source)
    )


def _check_features(part: Part, source: Source) -> np.ndarray:
    X = part.X
    if X.dtype.kind == "b":
        X = X.view(np.uint8)
    if X.dtype.kind not in "uif":
        raise ValueError(
            f"Array {part.x_name!r} of {source.where} must hold real numbers. Got "
            f"type {X.dtype} instead."
        )
    if X.dtype.kind == "f":
        with np.errstate(all="ignore"):
            finite = np.isfinite(X.sum())
        if not finite and (bad := np.argwhere(~np.isfinite(X))).size:
            row, *feature = map(int, bad[0])
            place = feature[0] if len(feature) == 1 else tuple(feature)
            raise ValueError(
                f"Array {part.x_name!r} of {source.where} must be finite. Got "
                f"{X[tuple(bad[0])]} in {source.row(row)}, feature {place} instead."
            )
    if X.ndim == 2 and X.dtype not in (np.uint8, np.float32):
        X = X.astype(np.float64, copy=False)
    return X if X.dtype.isnative else X.astype(X.dtype.newbyteorder("="))


def _check_target(part: Part, y: np.ndarray, source: Source) -> np.ndarray:
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8", "replace")
    if y.dtype.kind not in "buifU":
        raise ValueError(
            f"Array {part.y_name!r} of {source.where} must hold numbers or strings. "
            f"Got type {y.dtype} instead."
        )
    if y.dtype.kind in "iu" and np.can_cast(y.dtype, np.int64):
        return y.astype(np.int64)
    if y.dtype.kind != "f":
        return y if y.dtype.isnative else y.astype(y.dtype.newbyteorder("="))
    bad = np.flatnonzero(~np.isfinite(y))
    if bad.size:
        row = int(bad[0])
        raise ValueError(
            f"Array {part.y_name!r} of {source.where} must be finite. Got {y[row]} in "
            f"{source.row(row)} instead."
        )
    if (y == np.rint(y)).all() and np.abs(y).max() < 2**53:
        return y.astype(np.int64)
    return y.astype(np.float64)


def _check_classes(parts: list[Part], source: Source) -> np.ndarray | None:
    if any(is_continuous(part.y) for part in parts):
        return None
    classes = np.unique(parts[0].y)
    if len(classes) == 1:
        raise ValueError(
            f"Target of {source.where} must hold two classes or more. Got one class "
            f"only, {classes[0].item()!r}, instead."
        )
    for part in parts[1:]:
        unseen = set(np.unique(part.y).tolist()) - set(classes.tolist())
        if unseen:
            raise ValueError(
                f"Labels of {part.y_name!r} of {source.where} must also be in "
                f"{parts[0].y_name!r}. Got {min(unseen, key=str)!r} instead."
            )
    return classes


def _check_channels_last(image_shape: tuple[int, ...], source: Source) -> None:
    if len(image_shape) == 3 and image_shape[0] in (1, 3, 4) and image_shape[2] > 4:
        raise ValueError(
            f"Images of {source.where} must have their channels last. Got image shape "
            f"{image_shape} instead."
        )


def _infer_max_value(
    arrays: list[np.ndarray], image_shape: tuple[int, ...] | None
) -> float | None:
    """Give the value to divide pixels by; None where there is none to be seen."""
    if all(array.dtype == np.uint8 for array in arrays):
        return 255.0
    if image_shape is None or min(array.min() for array in arrays) < 0:
        return None
    most = float(max(array.max() for array in arrays))
    if arrays[0].dtype.kind == "f":
        return max(most, 1.0)
    return 255.0 if 128 <= most <= 255 else max(most, 1.0)
