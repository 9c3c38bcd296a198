"""Noise of a level that is drawn for each row: its settings, and on arrays."""

from numbers import Real
from typing import Any

import numpy as np

from kerasweep.preprocessing._corruptions import gaussian, salt_and_pepper
from kerasweep.preprocessing._numbers import FLOAT32_MAX


def noise_settings(estimator: Any) -> dict[str, Any]:
    """Return the settings of an estimator's noise, checked against one another.

    Parameters
    ----------
    estimator : object
        With the parameters `noise`, `amount`, `salt_vs_pepper`, `low` and `high`.

    Returns
    -------
    settings : dict
        As :func:`corrupt` takes them.

    Raises
    ------
    ValueError
        If no noise has such settings.
    """
    name = type(estimator).__name__
    low, high = estimator.low, estimator.high
    if estimator.noise == "salt_and_pepper" and (low is None or high is None):
        raise ValueError(
            f"low and high of {name} must be numbers with noise='salt_and_pepper'. "
            f"Got {(low, high)!r} instead."
        )
    if low is not None and high is not None and low > high:
        raise ValueError(
            f"low of {name} must be at most `high` (={high!r}). Got {low!r} instead."
        )
    return {
        "noise": estimator.noise,
        "amount": amount_range(name, estimator.noise, estimator.amount),
        "salt_vs_pepper": float(estimator.salt_vs_pepper),
        "low": low,
        "high": high,
    }


def impulses(estimator: Any) -> tuple[float, float] | None:
    """Return the values that alone can be noise; None where any can be."""
    low, high = estimator.low, estimator.high
    if estimator.noise != "salt_and_pepper" or low == high:
        return None
    return float(low), float(high)


def amount_range(owner: str, noise: str, amount: Any) -> tuple[float, float]:
    """Return the range that levels are drawn from.

    Parameters
    ----------
    owner : str
        The class that asks, for errors.
    noise : {"salt_and_pepper", "gaussian"}
    amount : float or (low, high)

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If it is no such range.
    """
    ends = (amount, amount) if isinstance(amount, Real) else tuple(amount)
    most = 1.0 if noise == "salt_and_pepper" else FLOAT32_MAX
    if (
        len(ends) != 2
        or not all(isinstance(end, Real) for end in ends)
        or not 0 <= ends[0] <= ends[1] <= most
    ):
        valid = "in [0, 1]" if most == 1 else "of at least 0"
        raise ValueError(
            f"amount of {owner} must be a number {valid}, or two (low, high), with "
            f"noise={noise!r}. Got {amount!r} instead."
        )
    return float(ends[0]), float(ends[1])


def corrupt(
    X: np.ndarray,
    noise: str,
    amount: tuple[float, float],
    *,
    salt_vs_pepper: float = 0.5,
    low: float | None = 0.0,
    high: float | None = 1.0,
    seed: int = 0,
) -> np.ndarray:
    """Corrupt rows, each at a level of its own.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...), float32
    noise : {"salt_and_pepper", "gaussian"}
    amount : (low, high)
        Range of the levels.
    salt_vs_pepper : float
        Share of salt.
    low, high : float or None
        Values of pepper and of salt, or the bounds of Gaussian noise.
    seed : int

    Returns
    -------
    X_noisy : ndarray of shape (n_samples, ...), float32
    """
    rng = np.random.default_rng(seed)
    rows = (len(X),) + (1,) * (X.ndim - 1)
    level = rng.uniform(*amount, size=rows).astype(np.float32)
    noisy = np.empty_like(X)
    settings: Any = {"low": low, "high": high, "generator": rng, "out": noisy}
    if noise == "salt_and_pepper":
        salt_and_pepper(X, level, salt_vs_pepper=salt_vs_pepper, **settings)
    else:
        gaussian(X, level, **settings)
    return noisy
