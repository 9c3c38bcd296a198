"""Rows of pixels as images, and images as rows."""

import math
import warnings
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

Shape = tuple[int, int, int]


def shape_of_images(X: Any) -> Shape | None:
    """Return height, width and channels of X's images, None where X holds rows."""
    shape = tuple(X.shape)[1:]
    if len(shape) == 2:
        return (*shape, 1)
    return shape if len(shape) == 3 else None


def learn_image_shape(owner: str, given: Any, X: Any) -> Shape:
    """Return the shape of the images that a network will take.

    Parameters
    ----------
    owner : str
        Class name of the estimator, for messages.
    given : sequence of int or None
        Its `image_shape`.
    X : array of shape (n_samples, n_features) or (n_samples, height, width[, channels])

    Returns
    -------
    image_shape : (height, width, channels)
        As given; else as X has it; else of square grey images. Rows whose length is
        no square number are taken for images of one line, with a warning.

    Raises
    ------
    ValueError
        If `given` is no shape of images, or does not fit X.
    """
    images = shape_of_images(X)
    if given is not None:
        wanted = _checked(owner, given)
        if images is not None and images != wanted:
            raise ValueError(
                f"`image_shape` (={_text(given)}) of {owner} must be that of X, whose "
                f"images have shape {tuple(X.shape[1:])}. Pass image_shape=None."
            )
        n_features = math.prod(X.shape[1:])
        if n_features != math.prod(wanted):
            side = math.isqrt(n_features)
            square = side**2 == n_features
            advice = f" Pass image_shape=({side}, {side}, 1)." if square else ""
            raise ValueError(
                f"`image_shape` (={_text(given)}) of {owner} needs "
                f"{math.prod(wanted)} features, but X has {n_features}.{advice}"
            )
        return wanted
    if images is not None:
        return images
    n_features = X.shape[1]
    side = math.isqrt(n_features)
    if side**2 == n_features:
        return side, side, 1
    warnings.warn(
        f"X of {owner} has {n_features} features, which is no square number: its rows "
        "are taken for images of one line. Pass image_shape=(height, width[, "
        "channels]) if they are others.",
        stacklevel=2,
    )
    return 1, n_features, 1


def images_to_rows(owner: str, X: Any, image_shape: Shape | None) -> Any:
    """Return X with one image a row.

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
    images = shape_of_images(X)
    if images is None:
        return X
    if image_shape is not None and images != image_shape:
        raise ValueError(
            f"X of {owner} must hold images of shape {image_shape}, as in fit, or rows "
            f"of {math.prod(image_shape)} features. Got images of shape "
            f"{tuple(X.shape[1:])} instead."
        )
    return np.asarray(X).reshape(X.shape[0], math.prod(images))


def _checked(owner: str, given: Any) -> Shape:
    sizes = tuple(given) if isinstance(given, Sequence | np.ndarray) else ()
    if len(sizes) not in (2, 3) or not all(
        isinstance(size, Integral) and int(size) >= 1 for size in sizes
    ):
        raise ValueError(
            f"image_shape of {owner} must be None, (height, width) or (height, width, "
            f"channels) in pixels. Got {given!r} instead."
        )
    height, width, *channels = (int(size) for size in sizes)
    return height, width, channels[0] if channels else 1


def _text(shape: Any) -> str:
    return repr(tuple(int(size) for size in shape))
