"""Rows that no one array holds: those of a file on disk, and several arrays by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import issparse

_INTEGERS = "bui"


def take_rows(values: Any, rows: np.ndarray) -> Any:
    """Return the rows of these numbers, unread where they are in a file."""
    take = getattr(values, "take_rows", None)
    return values[rows] if take is None else take(rows)


def is_by_name(values: Any) -> bool:
    """Tell whether values are a dict of arrays; one of SciPy's sparse arrays is one."""
    return isinstance(values, Mapping) and not issparse(values)


def is_mapped(X: Any) -> bool:
    """Tell whether the user mapped an array's file into memory.

    joblib maps what it passes to its workers, which is no wish of anybody's.
    """
    if not isinstance(X, np.memmap) or X.ndim < 2 or X.filename is None:
        return False
    folder = Path(X.filename).parent.name
    return not folder.startswith("joblib_memmapping_folder_")


class MappedRows:
    """Rows of an array in a file, read and checked a batch at a time.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    array : memmap of shape (n_samples, ...)
        Numbers.
    rows : ndarray of int, default=None
        Which of its rows; None for all.

    Attributes
    ----------
    dtype : dtype
        float32, what is read becomes.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, owner: str, array: Any, rows: np.ndarray | None = None):
        if array.dtype.kind not in "buif":
            raise ValueError(
                f"X of {owner} must hold real numbers. Got a file of {array.dtype} "
                "instead."
            )
        self._owner, self._array, self._rows = owner, array, rows
        n = len(array) if rows is None else len(rows)
        self.shape: tuple[int, ...] = (n, *array.shape[1:])
        self.ndim = array.ndim
        if 0 in self.shape:
            raise ValueError(
                f"X of {owner} must hold at least one row and one value per row. Got "
                f"shape {self.shape} instead."
            )

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Read rows.

        Raises
        ------
        ValueError
            If one of them holds what is no finite number in single precision.
        """
        numbers = rows if self._rows is None else self._rows[rows]
        with np.errstate(over="ignore", invalid="ignore"):
            block = np.array(self._array[numbers], dtype=np.float32, order="C")
            bad = not np.isfinite(block.sum()) and not np.isfinite(block).all()
        if bad:
            place = tuple(np.argwhere(~np.isfinite(block))[0])
            row = np.arange(len(self._array))[numbers][place[0]]
            raise ValueError(
                f"X of {self._owner} must hold finite numbers. Got {block[place]} in "
                f"row {row} of {str(self._array.filename)!r} instead."
            )
        return block

    def take_rows(self, rows: np.ndarray) -> "MappedRows":
        """Return some of the rows, unread."""
        of_all = rows if self._rows is None else self._rows[rows]
        return MappedRows(self._owner, self._array, of_all)


class NamedRows:
    """Arrays of equally many rows, by name: inputs of a model, or its targets.

    Parameters
    ----------
    arrays : mapping of str to array of shape (n_samples, ...)
    in_order : bool, default=False
        Whether a batch is a tuple in the order of the names, not a dict.
    """

    def __init__(self, arrays: Mapping[str, Any], *, in_order: bool = False):
        self.arrays = dict(arrays)
        self._in_order = in_order
        self.shape = (len(next(iter(self.arrays.values()))), len(self.arrays))
        self.ndim = 2

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Any:
        batch = {name: _as_batch(array[rows]) for name, array in self.arrays.items()}
        return tuple(batch.values()) if self._in_order else batch

    def take_rows(self, rows: np.ndarray) -> "NamedRows":
        """Return some of the rows."""
        taken = {name: take_rows(array, rows) for name, array in self.arrays.items()}
        return NamedRows(taken, in_order=self._in_order)


class NamedTargets(dict[str, Any]):
    """Targets by name, whose number of rows scikit-learn can ask for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of rows."""
        return (len(next(iter(self.values()), ())),)


def _as_batch(array: np.ndarray) -> Any:
    if array.dtype.kind not in "OU":
        return array
    import keras

    return keras.ops.convert_to_tensor(array.astype(object), dtype="string")
