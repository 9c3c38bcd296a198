"""Fully connected networks."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def dense_network(
    n_features: int,
    n_outputs: int,
    *,
    hidden_layer_sizes: Sequence[int] = (64, 64),
    activation: str = "relu",
    output_activation: str = "linear",
    l1: float = 0.0,
    l2: float = 0.0,
    max_norm: float | None = None,
    dropout: float | Sequence[float] = 0.0,
    input_dropout: float = 0.0,
    batch_normalization: bool = False,
    seed: int = 0,
    name: str = "dense",
) -> Any:
    """Build a multilayer perceptron.

    Each hidden layer is ``Dense -> [BatchNormalization] -> activation ->
    [Dropout]``; the output layer is ``Dense`` with `output_activation`.

    Parameters
    ----------
    n_features, n_outputs : int
        Widths of the input and of the output.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; may be empty.
    activation, output_activation : str
        Names that ``keras.activations.get`` knows.
    l1, l2 : float
        Strengths of the penalties ``l1 * sum(|w|) + l2 * sum(w**2)`` on the kernels
        of all layers, the output layer's included; biases are free.
    max_norm : float or None
        Largest L2 norm of the weights that enter one hidden unit.
    dropout : float or sequence of float
        Share of units dropped behind each hidden layer; one value for all layers or
        one for each.
    input_dropout : float
        Share of inputs dropped.
    batch_normalization : bool
        Whether hidden layers are normalized before their activation.
    seed : int
        Draws the initial weights and the dropout masks.
    name : str
        The model's name.

    Returns
    -------
    model : keras.Sequential
        Built, not compiled. No global random state is read or changed.

    Examples
    --------
    >>> from kerasweep.networks import dense_network
    >>> dense_network(784, 10, hidden_layer_sizes=(64, 64)).count_params()
    55050
    """
    import keras

    rates = (
        [float(dropout)] * len(hidden_layer_sizes)
        if isinstance(dropout, int | float | np.number)
        else [float(rate) for rate in dropout]
    )
    n_seeds = 2 * len(hidden_layer_sizes) + 2
    seeds = iter(np.random.SeedSequence(seed).generate_state(n_seeds).tolist())

    def penalty() -> Any:
        if l1 == 0 and l2 == 0:
            return None
        # Keras takes Python's floats alone, not NumPy's float32.
        return keras.regularizers.L1L2(l1=float(l1), l2=float(l2))

    def glorot() -> Any:
        return keras.initializers.GlorotUniform(seed=next(seeds))

    layers = [keras.Input((int(n_features),), name="features")]
    dropout_seed = next(seeds)
    if input_dropout > 0:
        layers.append(
            keras.layers.Dropout(
                float(input_dropout), seed=dropout_seed, name="input_dropout"
            )
        )
    for i, (units, rate) in enumerate(
        zip(hidden_layer_sizes, rates, strict=True), start=1
    ):
        layers.append(
            keras.layers.Dense(
                int(units),
                activation=None if batch_normalization else activation,
                kernel_initializer=glorot(),
                kernel_regularizer=penalty(),
                kernel_constraint=(
                    None
                    if max_norm is None
                    else keras.constraints.MaxNorm(float(max_norm))
                ),
                name=f"hidden_{i}",
            )
        )
        if batch_normalization:
            layers.append(keras.layers.BatchNormalization(name=f"normalization_{i}"))
            layers.append(keras.layers.Activation(activation, name=f"activation_{i}"))
        dropout_seed = next(seeds)
        if rate > 0:
            layers.append(
                keras.layers.Dropout(rate, seed=dropout_seed, name=f"dropout_{i}")
            )
    layers.append(
        keras.layers.Dense(
            int(n_outputs),
            activation=output_activation,
            kernel_initializer=glorot(),
            kernel_regularizer=penalty(),
            name="output",
        )
    )
    return keras.Sequential(layers, name=name)
