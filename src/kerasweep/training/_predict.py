"""Outputs of a trained network."""

from typing import Any

import numpy as np


def predict(model: Any, X: np.ndarray, *, batch_size: int = 1024) -> np.ndarray:
    """Run a network forward without training behaviour.

    Parameters
    ----------
    model : keras.Model
    X : ndarray of shape (n_samples, ...)
    batch_size : int
        Rows held on the device at once.

    Returns
    -------
    outputs : ndarray of shape (n_samples, ...)
    """
    import keras

    parts = []
    for start in range(0, len(X), batch_size):
        rows = X[start : start + batch_size]
        padded = _pad(rows, min(batch_size, _bucket(len(rows))))
        outputs = keras.ops.convert_to_numpy(model(padded, training=False))
        parts.append(outputs[: len(rows)])
    return np.concatenate(parts)


def _bucket(n_rows: int) -> int:
    """Return the power of two, at least 32, that holds these rows.

    Few shapes reach the backend, and a row's output does not depend, in its last
    bits, on how many rows stand beside it.
    """
    return max(32, 1 << (n_rows - 1).bit_length())


def _pad(rows: np.ndarray, n_rows: int) -> np.ndarray:
    missing = n_rows - len(rows)
    if missing <= 0:
        return rows
    return np.concatenate([rows, np.zeros((missing, *rows.shape[1:]), rows.dtype)])
