"""The arrays of one or several jobs, held once."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasweep.training.engine._plan import VisitedRows
from kerasweep.training.engine._shared import same, shared_arrays


class Pool:
    """Rows of several jobs laid end to end; equal arrays are laid once.

    Parameters
    ----------
    visited : sequence of VisitedRows
        One for each network, of equal keys.

    Attributes
    ----------
    n_rows : int
        Distinct rows.
    """

    def __init__(self, visited: Sequence[VisitedRows]):
        self._visited = visited
        self._distinct: list[VisitedRows] = []
        starts: list[int] = []
        self._offsets: list[int] = []
        self.n_rows = 0
        for item in visited:
            for known, start in zip(self._distinct, starts, strict=True):
                if same_rows(known, item):
                    self._offsets.append(start)
                    break
            else:
                self._distinct.append(item)
                starts.append(self.n_rows)
                self._offsets.append(self.n_rows)
                self.n_rows += item.n_rows
        self._host: list[np.ndarray] = []

    def to_device(self, runtime: Any, n_rows: int) -> dict[str, Any]:
        """Copy the rows to the device, as a program's ``arrays`` of so many rows."""
        columns = zip(*(item.arrays for item in self._distinct), strict=True)
        # Kept, so that others with equal rows find them.
        self._host = [_joined(column, n_rows) for column in columns]
        return {
            "arrays": tuple(shared_arrays.to_device(a, runtime) for a in self._host),
            "n_steps": np.int32(self._visited[0].n_steps),
        }

    def epochs(
        self,
        orders: Sequence[Sequence[np.ndarray]],
        at_once: int,
        steps: int,
        width: int | None,
    ) -> dict[str, Any]:
        """Lay out the orders of rows of several epochs, one for each network.

        Parameters
        ----------
        orders : sequence of sequence of ndarray
        at_once : int
            Epochs in the program's arrays; those left over hold anything.
        steps : int
            Most updates of an epoch.
        width : int or None
            Places in the stack, of which those left over follow the first network.
            None for no axis over networks.

        Returns
        -------
        batches : dict
            ``index`` of shape (at_once, steps[, n_networks], batch_size), -1 where
            there is no row, and ``remainder`` of shape (at_once[, n_networks],
            remainder), if there is one.
        """
        first = self._visited[0]
        rows, n = first.rows, width or 1
        cut = steps * rows.batch_size
        index = np.empty((at_once, steps, n, rows.batch_size), np.int32)
        rest = np.empty((at_once, n, rows.remainder), np.int32)
        flat = np.empty(cut, np.int32)
        for epoch, of_networks in enumerate(orders):
            for k, (item, order, offset) in enumerate(
                zip(self._visited, of_networks, self._offsets, strict=True)
            ):
                full = item.n_rows - rows.remainder
                np.add(order[:full], offset, out=flat[:full])
                flat[full:] = -1
                index[epoch, :, k] = flat.reshape(steps, rows.batch_size)
                np.add(order[full:], offset, out=rest[epoch, k])
        index[:, :, len(self._visited) :] = index[:, :, :1]
        rest[:, len(self._visited) :] = rest[:, :1]
        if width is None:
            index, rest = index[:, :, 0], rest[:, 0]
        return {"index": index} | ({"remainder": rest} if rows.remainder else {})


def _joined(column: Sequence[np.ndarray], n_rows: int) -> np.ndarray:
    shape = (n_rows, *column[0].shape[1:])
    if len(column) == 1 and column[0].shape == shape:
        return column[0]
    joined = np.zeros(shape, dtype=column[0].dtype)
    np.concatenate(column, out=joined[: sum(len(a) for a in column)])
    return joined


def same_rows(a: VisitedRows, b: VisitedRows) -> bool:
    """Tell whether two jobs visit equal arrays."""
    return all(same(x, y) for x, y in zip(a.arrays, b.arrays, strict=True))
