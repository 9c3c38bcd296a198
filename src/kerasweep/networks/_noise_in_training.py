"""Noise before a network, in training alone."""

from typing import Any


def noise_in_training(
    network: Any,
    noise: str,
    amount: tuple[float, float],
    *,
    salt_vs_pepper: float = 0.5,
    low: float | None = 0.0,
    high: float | None = 1.0,
    seed: int = 0,
) -> Any:
    """Put noise before a network, in training alone.

    Parameters
    ----------
    network : keras.Model
        Built.
    noise : {"salt_and_pepper", "gaussian"}
    amount : (low, high)
        Range that each row's level is drawn from in each training step: the share of
        values that salt and pepper replace, or the standard deviation.
    salt_vs_pepper : float
        Share of salt among the replaced values.
    low, high : float or None
        Values of pepper and of salt, or the bounds of the noisy values.
    seed : int
        Draws levels and noise.

    Returns
    -------
    model : keras.Model
        It shares the network's variables. Not compiled.
    """
    import keras

    from kerasweep.networks._noise_layers import GaussianNoiseLayer, SaltAndPepperLayer

    layer: Any
    if noise == "salt_and_pepper":
        assert low is not None and high is not None
        layer = SaltAndPepperLayer(
            amount,
            salt_vs_pepper=salt_vs_pepper,
            low=low,
            high=high,
            seed=seed,
            name="noise",
        )
    else:
        layer = GaussianNoiseLayer(amount, low=low, high=high, seed=seed, name="noise")
    rows = keras.Input(network.input_shape[1:], name="features")
    return keras.Model(rows, network(layer(rows)), name="noise_in_training")
