"""Many small images as one."""

from typing import Any

import numpy as np


def mosaic(images: np.ndarray, gap: int = 1) -> np.ndarray:
    """Lay images out in a white-ruled grid.

    Parameters
    ----------
    images : ndarray of shape (n_rows, n_columns, height, width, channels)
        NaN, or values that are drawn from black at 0 to white at 1.
    gap : int, default=1
        Pixels between images.

    Returns
    -------
    picture : ndarray of shape (height, width, 3)
        White between the images, and where an image is NaN.
    """
    n_rows, n_columns, height, width, channels = images.shape
    tall, wide = height + gap, width + gap
    picture = np.ones((n_rows * tall - gap, n_columns * wide - gap, 3))
    shown = np.clip(np.nan_to_num(images, nan=1.0), 0, 1)
    if channels != 3:  # grey; of two or four channels the first is shown
        shown = np.repeat(shown[..., :1], 3, axis=-1)
    for i in range(n_rows):
        for j in range(n_columns):
            top, left = i * tall, j * wide
            picture[top : top + height, left : left + width] = shown[i, j]
    return picture


def as_images(owner: str, X: Any, image_shape: Any) -> np.ndarray:
    """Return rows as images of shape (n_samples, height, width, channels)."""
    from kerasweep.preprocessing._image_shape import resolve_image_shape

    X = np.asarray(X, dtype=np.float64)
    shape = resolve_image_shape(owner, X.shape[1:], image_shape)
    return X.reshape(-1, *shape)
