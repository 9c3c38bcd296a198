"""A convolutional network that takes noise out of images."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def conv_denoiser(
    image_shape: Sequence[int],
    *,
    filters: Sequence[int] = (32, 64),
    dense: int = 256,
    impulses: tuple[float, float] | None = None,
    activation: str = "relu",
    output_activation: str = "sigmoid",
    seed: int = 0,
) -> Any:
    """Build a convolutional denoiser after the U-Net.

    On the way down, each entry of `filters` halves the image by a convolution of
    stride 2 and looks at it with one of 3 x 3 pixels. At the lowest level a dense
    layer sees the whole image, without which a digit cannot be told from strong noise.
    On the way up, each level joins what the way down found there. The last
    convolution sees the pixels themselves again.

    Salt-and-pepper noise writes two values only, so that a pixel of any other value is
    known to be clean. With `impulses` the network is shown where these are, and they
    go to the output as they are.

    Parameters
    ----------
    image_shape : (height, width, channels)
        In pixels, of any size; padded within to a multiple of ``2**len(filters)``.
    filters : sequence of int
        Channels of each level; at least one level.
    dense : int
        Units of the dense layer that sees the whole image; 0 for none. It has two
        matrices with as many entries as the lowest level has values times `dense`,
        so for large images either lower it, or add a level.
    impulses : (low, high), default=None
        The two values that the noise writes; None for noise that changes all values.
    activation, output_activation : str
        Names that ``keras.activations.get`` knows.
    seed : int
        Draws the initial weights.

    Returns
    -------
    model : keras.Model
        From rows of height * width * channels values to the like. Built, not compiled.
        No global random state is read or changed.

    References
    ----------
    O. Ronneberger, P. Fischer and T. Brox, "U-Net: convolutional networks for
    biomedical image segmentation", MICCAI 2015, 234-241.

    Examples
    --------
    >>> from kerasweep.networks import conv_denoiser
    >>> conv_denoiser((5, 7, 3), filters=(4,), dense=0).output_shape
    (None, 105)
    """
    import keras

    height, width, channels = (int(side) for side in image_shape)
    seeds = iter(
        np.random.SeedSequence(seed).generate_state(4 * len(filters) + 3).tolist()
    )

    def settings(name: str) -> dict[str, Any]:
        return {
            "padding": "same",
            "activation": activation,
            "kernel_initializer": keras.initializers.HeNormal(seed=next(seeds)),
            "name": name,
        }

    def linear(units: int, name: str) -> Any:
        init = keras.initializers.HeNormal(seed=next(seeds))
        return keras.layers.Dense(
            units, activation=activation, kernel_initializer=init, name=name
        )

    rows = keras.Input((height * width * channels,), name="features")
    x = keras.layers.Reshape((height, width, channels), name="image")(rows)
    borders = _borders((height, width), 2 ** len(filters))
    if any(map(sum, borders)):
        x = keras.layers.ZeroPadding2D(borders, name="pad")(x)
    pixels = x
    if impulses is not None:
        x, clean = _clean_pixels(pixels, *impulses)
    joined = [x]
    for level, n in enumerate(filters, start=1):
        x = keras.layers.Conv2D(
            n, 4 if level == 1 else 3, strides=2, **settings(f"down_{level}")
        )(x)
        x = keras.layers.Conv2D(n, 3, **settings(f"look_{level}"))(x)
        joined.append(x)
    if dense:
        shape = x.shape[1:]
        whole = keras.layers.Flatten(name="flatten")(x)
        whole = linear(int(dense), "whole")(whole)
        whole = linear(int(np.prod(shape)), "spread")(whole)
        whole = keras.layers.Reshape(shape, name="reshape")(whole)
        x = keras.layers.Concatenate(name="join_whole")([x, whole])
    for level in range(len(filters), 0, -1):
        if level < len(filters):
            x = keras.layers.Concatenate(name=f"join_{level}")([x, joined[level]])
        x = keras.layers.Conv2D(filters[level - 1], 3, **settings(f"mend_{level}"))(x)
        up = filters[level - 2] if level > 1 else max(channels, filters[0] // 2)
        x = keras.layers.Conv2DTranspose(up, 2, strides=2, **settings(f"up_{level}"))(x)
    x = keras.layers.Concatenate(name="join_pixels")([x, joined[0]])
    x = keras.layers.Conv2D(
        channels,
        3,
        padding="same",
        activation=output_activation,
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        name="output",
    )(x)
    if impulses is not None:
        x = _keep(clean, pixels, x)
    if any(map(sum, borders)):
        x = keras.layers.Cropping2D(borders, name="crop")(x)
    x = keras.layers.Flatten(name="rows")(x)
    return keras.Model(rows, x, name="conv_denoiser")


def _borders(
    size: tuple[int, int], multiple: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the lines above and below, and the columns left and right, to add."""
    missing = [-side % multiple for side in size]
    first, second = ((m // 2, m - m // 2) for m in missing)
    return first, second


def _clean_pixels(x: Any, low: float, high: float) -> tuple[Any, Any]:
    """Return x with two channels, 0 where it is `low` and `high`, and their product.

    They rise to 1 within 1/255 of the range, the step of 8-bit images.
    """
    import keras

    slope = 255.0 / (high - low)
    from_low = keras.layers.Rescaling(slope, -slope * low, name="from_low")(x)
    from_high = keras.layers.Rescaling(-slope, slope * high, name="from_high")(x)
    not_low = keras.layers.ReLU(max_value=1.0, name="not_low")(from_low)
    not_high = keras.layers.ReLU(max_value=1.0, name="not_high")(from_high)
    channels = keras.layers.Concatenate(name="with_clean")([x, not_low, not_high])
    return channels, keras.layers.Multiply(name="clean")([not_low, not_high])


def _keep(clean: Any, pixels: Any, estimate: Any) -> Any:
    """Return the pixels where they are clean, and their estimates elsewhere."""
    import keras

    change = keras.layers.Subtract(name="change")([pixels, estimate])
    change = keras.layers.Multiply(name="where_clean")([clean, change])
    return keras.layers.Add(name="kept")([estimate, change])
