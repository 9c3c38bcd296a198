"""Networks that give back what they were given."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def dense_autoencoder(
    n_features: int,
    *,
    hidden_layer_sizes: Sequence[int] = (128, 96, 128),
    activation: str = "relu",
    output_activation: str = "sigmoid",
    seed: int = 0,
) -> Any:
    """Build a fully connected autoencoder.

    The narrowest hidden layer, the first of them where several are, is called
    ``code``: the layers up to it encode a row, and those behind it decode.

    Parameters
    ----------
    n_features : int
        Width of the input and of the output.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; at least one layer.
    activation, output_activation : str
        Names that ``keras.activations.get`` knows.
    seed : int
        Draws the initial weights.

    Returns
    -------
    model : keras.Sequential
        Built, not compiled. No global random state is read or changed.

    Examples
    --------
    >>> from kerasweep.networks import dense_autoencoder
    >>> dense_autoencoder(784, hidden_layer_sizes=(128, 96, 128)).count_params()
    226416
    """
    import keras

    sizes = [int(size) for size in hidden_layer_sizes]
    seeds = np.random.SeedSequence(seed).generate_state(len(sizes) + 1).tolist()
    names = [f"hidden_{i}" for i in range(1, len(sizes) + 1)]
    names[int(np.argmin(sizes))] = "code"
    layers = [keras.Input((int(n_features),), name="features")]
    for units, name, layer_seed in zip(
        [*sizes, int(n_features)], [*names, "output"], seeds, strict=True
    ):
        layers.append(
            keras.layers.Dense(
                units,
                activation=output_activation if name == "output" else activation,
                kernel_initializer=keras.initializers.GlorotUniform(seed=layer_seed),
                name=name,
            )
        )
    return keras.Sequential(layers, name="dense_autoencoder")


def encoder_and_decoder(model: Any) -> tuple[Any, Any]:
    """Cut an autoencoder behind its layer ``code``.

    Parameters
    ----------
    model : keras.Sequential
        From :func:`dense_autoencoder`.

    Returns
    -------
    encoder, decoder : keras.Sequential
        They share the model's weights.
    """
    import keras

    names = [layer.name for layer in model.layers]
    cut = names.index("code") + 1
    encoder, decoder = model.layers[:cut], model.layers[cut:]
    return (
        keras.Sequential([keras.Input(model.input_shape[1:]), *encoder]),
        keras.Sequential([keras.Input(encoder[-1].output.shape[1:]), *decoder]),
    )
