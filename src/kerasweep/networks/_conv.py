"""Convolutional networks."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

# The spatial axes and the input channels: the weights that enter one output channel.
_ENTERING = [0, 1, 2]


def conv_network(
    image_shape: Sequence[int],
    n_outputs: int,
    *,
    filters: Sequence[int] = (32, 64),
    kernel_size: int | Sequence[int] = 3,
    pool_size: int | Sequence[int] = 2,
    padding: str = "valid",
    dense: Sequence[int] = (64,),
    activation: str = "relu",
    output_activation: str = "linear",
    l1: float = 0.0,
    l2: float = 0.0,
    max_norm: float | None = None,
    conv_dropout: float | Sequence[float] = 0.0,
    dropout: float | Sequence[float] = 0.0,
    batch_normalization: bool = False,
    max_shift: float = 0.0,
    max_rotation: float = 0.0,
    seed: int = 0,
) -> Any:
    """Build a convolutional network.

    Each convolution is ``Conv2D -> [BatchNormalization] -> activation ->
    [MaxPooling2D] -> [Dropout]``, each hidden dense layer ``Dense ->
    [BatchNormalization] -> activation -> [Dropout]``; the output layer is ``Dense``
    with `output_activation`. A kernel or pooling window that is larger than the map it
    slides over is cut to that map, so that images of any size can be taken.

    Parameters
    ----------
    image_shape : (height, width, channels)
        In pixels.
    n_outputs : int
        Width of the output.
    filters : sequence of int
        Output channels of each convolution; at least one.
    kernel_size : int or sequence of int
        Side of the square kernels in pixels, of all convolutions or of each.
    pool_size : int or sequence of int
        Side of the pooling windows, and their stride, behind all convolutions or
        behind each; 1 for no pooling.
    padding : {"valid", "same"}
        Whether kernels stay inside the map, or the map is padded with zeros and keeps
        its size.
    dense : sequence of int
        Units of each hidden dense layer; may be empty.
    activation, output_activation : str
        Names that ``keras.activations.get`` knows.
    l1, l2 : float
        Strengths of the penalties ``l1 * sum(|w|) + l2 * sum(w**2)`` on the kernels
        of all layers, the output layer's included; biases are free.
    max_norm : float or None
        Largest L2 norm of the weights that enter one channel or hidden unit.
    conv_dropout : float or sequence of float
        Share of values dropped: one number behind every pooling, or one for each
        convolution, behind it and its pooling.
    dropout : float or sequence of float
        Share of units dropped behind all hidden dense layers, or behind each.
    batch_normalization : bool
        Whether convolutions and hidden dense layers are normalized before their
        activation. They have no biases then.
    max_shift : float
        In training, images are shifted by up to this share of their height and width,
        afresh each time; what comes in is 0.
    max_rotation : float
        In training, images are rotated by up to this angle in degrees, either way.
    seed : int
        Draws the initial weights, the dropout masks and the shifts and rotations.

    Returns
    -------
    model : keras.Sequential
        Built, not compiled; takes images of shape (n, height, width, channels). No
        global random state is read or changed.

    Examples
    --------
    >>> from kerasweep.networks import conv_network
    >>> conv_network((28, 28, 1), 10, filters=(32, 64), dense=(64,)).count_params()
    121930
    """
    import keras

    height, width, channels = (int(size) for size in image_shape)
    n_conv, n_dense = len(filters), len(dense)
    generated = np.random.SeedSequence(seed).generate_state(2 * (n_conv + n_dense) + 3)
    seeds: Iterator[int] = iter(generated.tolist())

    def penalty() -> Any:
        if l1 == 0 and l2 == 0:
            return None
        # Keras takes Python's floats alone, not NumPy's float32.
        return keras.regularizers.L1L2(l1=float(l1), l2=float(l2))

    def weights(bound_over: int | list[int] | None = None) -> dict[str, Any]:
        constraint = None
        if max_norm is not None and bound_over is not None:
            constraint = keras.constraints.MaxNorm(float(max_norm), axis=bound_over)
        return {
            "kernel_initializer": keras.initializers.GlorotUniform(seed=next(seeds)),
            "kernel_regularizer": penalty(),
            "kernel_constraint": constraint,
            "activation": None if batch_normalization else activation,
            "use_bias": not batch_normalization,
        }

    def normalized(prefix: str, i: int) -> list[Any]:
        if not batch_normalization:
            return []
        return [
            keras.layers.BatchNormalization(name=f"{prefix}_normalization_{i}"),
            keras.layers.Activation(activation, name=f"{prefix}_activation_{i}"),
        ]

    pools = _each(pool_size, n_conv)
    rates = pooled_rates(conv_dropout, pools)

    def dropped(rate: float, name: str) -> list[Any]:
        drawn = next(seeds)  # for every layer, so that a rate changes no other draw
        return [keras.layers.Dropout(rate, seed=drawn, name=name)] if rate > 0 else []

    layers = [keras.Input((height, width, channels), name="image")]
    layers += _augmentation(max_shift, max_rotation, next(seeds), next(seeds))
    for i, (n_filters, kernel, pool, rate) in enumerate(
        zip(
            filters,
            _each(kernel_size, n_conv),
            pools,
            rates,
            strict=True,
        ),
        start=1,
    ):
        window = (min(int(kernel), height), min(int(kernel), width))
        layers.append(
            keras.layers.Conv2D(
                int(n_filters),
                window,
                padding=padding,
                name=f"conv_{i}",
                **weights(_ENTERING),
            )
        )
        if padding == "valid":
            height, width = height - window[0] + 1, width - window[1] + 1
        layers += normalized("conv", i)
        window = (min(int(pool), height), min(int(pool), width))
        if window != (1, 1):
            layers.append(keras.layers.MaxPooling2D(window, name=f"pool_{i}"))
            height, width = height // window[0], width // window[1]
        layers += dropped(float(rate), f"conv_dropout_{i}")
    layers.append(keras.layers.Flatten(name="flatten"))
    for i, (units, rate) in enumerate(
        zip(dense, _each(dropout, n_dense), strict=True), start=1
    ):
        layers.append(keras.layers.Dense(int(units), name=f"hidden_{i}", **weights(0)))
        layers += normalized("hidden", i)
        layers += dropped(float(rate), f"dropout_{i}")
    output = {**weights(), "activation": output_activation, "use_bias": True}
    layers.append(keras.layers.Dense(int(n_outputs), name="output", **output))
    return keras.Sequential(layers, name="conv")


def pooled_rates(
    conv_dropout: float | Sequence[float], pools: Sequence[int]
) -> list[float]:
    """Give each convolution its rate of dropout.

    Parameters
    ----------
    conv_dropout : float or sequence of float
        One number holds behind every pooling.
    pools : sequence of int
        Side of the pooling window behind each convolution.

    Returns
    -------
    rates : list of float
    """
    if isinstance(conv_dropout, Sequence):
        return [float(rate) for rate in conv_dropout]
    return [float(conv_dropout) if int(pool) > 1 else 0.0 for pool in pools]


def _augmentation(
    max_shift: float, max_rotation: float, shift_seed: int, rotation_seed: int
) -> list[Any]:
    import keras

    layers: list[Any] = []
    if max_rotation > 0:
        layers.append(
            keras.layers.RandomRotation(
                float(max_rotation) / 360,
                fill_mode="constant",
                seed=rotation_seed,
                name="rotation",
            )
        )
    if max_shift > 0:
        layers.append(
            keras.layers.RandomTranslation(
                float(max_shift),
                float(max_shift),
                fill_mode="constant",
                seed=shift_seed,
                name="shift",
            )
        )
    return layers


def _each(given: Any, n_layers: int) -> list[Any]:
    return [given] * n_layers if np.ndim(given) == 0 else list(given)
