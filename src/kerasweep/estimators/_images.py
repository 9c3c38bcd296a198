"""Images as rows."""

import math
from typing import Any

import numpy as np

Shape = tuple[int, int, int]


def images_to_rows(owner: str, X: Any, image_shape: Shape | None) -> Any:
    """Return X with one image per row.

    Parameters
    ----------
    owner : str
        Class name of the estimator, for messages.
    X : array of rows or of images
    image_shape : (height, width, channels) or None
        What images must have; None for any.

    Returns
    -------
    rows : array of shape (n_samples, n_features)
        X itself where it holds rows, or something that only scikit-learn's own check
        can name.

    Raises
    ------
    ValueError
        If X holds images of another shape.
    """
    if len(X.shape) > 4:
        raise ValueError(
            f"X of {owner} must hold rows or images of shape (height, width[, "
            f"channels]). Got an array of shape {tuple(X.shape)} instead."
        )
    images = _shape_of_images(X)
    if images is None:
        return X
    if image_shape is not None and images != image_shape:
        raise ValueError(
            f"X of {owner} must hold images of shape {image_shape}, as in fit, or rows "
            f"of {math.prod(image_shape)} features. Got images of shape "
            f"{tuple(X.shape[1:])} instead."
        )
    return np.asarray(X).reshape(X.shape[0], math.prod(images))


def _shape_of_images(X: Any) -> Shape | None:
    """Return height, width and channels of X's images, None where X holds rows."""
    shape = tuple(X.shape)[1:]
    if len(shape) == 2:
        return (*shape, 1)
    return shape if len(shape) == 3 else None
