"""Arrays on the device, held once for all programs that read the same rows."""

import threading
import weakref
from typing import Any

import numpy as np


class SharedArrays:
    """Copies on the device, as long as somebody trains on them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: list[tuple[Any, Any]] = []

    def to_device(self, array: np.ndarray, runtime: Any) -> Any:
        """Give the copy of an equal array that is in use, or make one.

        Parameters
        ----------
        array : ndarray
            Must not change while the copy is in use.
        runtime : module

        Returns
        -------
        tensor : tensor
            Nobody may write to it.
        """
        with self._lock:
            live = [(h(), t()) for h, t in self._live]
            self._live = [
                pair
                for pair, (host, tensor) in zip(self._live, live, strict=True)
                if host is not None and tensor is not None
            ]
            for host, tensor in live:
                if host is not None and tensor is not None and same(host, array):
                    return tensor
            tensor = runtime.to_device(array)
            self._live.append((weakref.ref(array), weakref.ref(tensor)))
            return tensor


shared_arrays = SharedArrays()


def same(x: np.ndarray, y: np.ndarray) -> bool:
    """Tell whether two arrays are equal, most of the time at first sight."""
    if x is y:
        return True
    if x.shape != y.shape or x.dtype != y.dtype:
        return False
    some = slice(None, None, max(1, len(x) // 16))
    return np.array_equal(x[some], y[some]) and np.array_equal(x, y)
