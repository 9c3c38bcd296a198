"""What shape of image a row of pixels stands for."""

import math
import warnings
from collections.abc import Sequence
from numbers import Integral
from typing import Any


def resolve_image_shape(
    owner: str, row_shape: Sequence[int], image_shape: Any
) -> tuple[int, int, int]:
    """Return (height, width, channels) of images in rows of a shape.

    Parameters
    ----------
    owner : str
        The class that asks, for errors.
    row_shape : sequence of int
        ``X.shape[1:]``: (n_features,), (height, width) or (height, width, channels).
    image_shape : sequence of 2 or 3 int, or None
        As the user gave it. None takes the shape of the rows, or the square grey image
        that has their number of pixels; where there is none, an image of one line.

    Returns
    -------
    image_shape : tuple of 3 int

    Raises
    ------
    ValueError
        If the two don't agree.

    Warns
    -----
    UserWarning
        If rows are taken for images of one line.
    """
    n_values = math.prod(row_shape)
    if image_shape is None:
        if len(row_shape) > 3:
            raise ValueError(
                f"X of {owner} must hold rows or images of shape (height, width[, "
                f"channels]). Got rows of shape {tuple(row_shape)} instead."
            )
        if len(row_shape) > 1:
            return _with_channels(row_shape)
        side = math.isqrt(n_values)
        if side * side == n_values:
            return side, side, 1
        warnings.warn(
            f"X of {owner} has {n_values} features, which is no square number: its "
            "rows are taken for images of one line. Pass image_shape=(height, width[, "
            "channels]) if they are others.",
            UserWarning,
            stacklevel=3,
        )
        return 1, n_values, 1
    shape = tuple(image_shape)
    if len(shape) not in (2, 3) or not all(
        isinstance(side, Integral) and int(side) >= 1 for side in shape
    ):
        raise ValueError(
            f"image_shape of {owner} must be (height, width) or (height, width, "
            f"channels). Got {image_shape!r} instead."
        )
    shape = _with_channels(shape)
    if len(row_shape) > 1 and _with_channels(row_shape) != shape:
        raise ValueError(
            f"`image_shape` of {owner} (={tuple(image_shape)}) must be the shape of "
            f"the images in X, which is {tuple(row_shape)}. Leave it out."
        )
    if math.prod(shape) != n_values:
        side = math.isqrt(n_values)
        fitting = f" Pass image_shape=({side}, {side})." if side**2 == n_values else ""
        raise ValueError(
            f"`image_shape` of {owner} (={tuple(image_shape)}) needs "
            f"{math.prod(shape)} features, but X has {n_values}.{fitting}"
        )
    return shape


def _with_channels(shape: Sequence[int]) -> tuple[int, int, int]:
    height, width, *channels = (int(side) for side in shape)
    return height, width, channels[0] if channels else 1
