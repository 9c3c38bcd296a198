"""The two kinds of noise, as functions of arrays."""

import numpy as np


def salt_and_pepper(
    X: np.ndarray,
    amount: float | np.ndarray,
    *,
    salt_vs_pepper: float,
    low: float,
    high: float,
    generator: np.random.Generator,
    out: np.ndarray,
) -> None:
    """Replace values by the lowest or the highest one.

    Parameters
    ----------
    X : ndarray
        Clean values; one draw of the stream is read for each, in their order.
    amount : float or ndarray that broadcasts against X
        Probability in [0, 1] that a value is replaced.
    salt_vs_pepper : float
        Share of salt among the replaced values, in [0, 1].
    low, high : float
        The values of pepper and of salt.
    generator : numpy.random.Generator
    out : ndarray of X's shape
        Written to.
    """
    draws = generator.random(X.shape, dtype=np.float32)
    out[...] = X
    # One draw decides both: salt below the lower threshold, pepper above it.
    np.putmask(out, draws < amount, low)
    np.putmask(out, draws < amount * salt_vs_pepper, high)


def gaussian(
    X: np.ndarray,
    std: float | np.ndarray,
    *,
    low: float | None,
    high: float | None,
    generator: np.random.Generator,
    out: np.ndarray,
) -> None:
    """Add normal noise to values, and clip the sums.

    Parameters
    ----------
    X : ndarray
        Clean values; one draw of the stream is read for each, in their order.
    std : float or ndarray that broadcasts against X
        Standard deviation of the noise before clipping.
    low, high : float or None
        Bounds of the result; None for none.
    generator : numpy.random.Generator
    out : C-contiguous ndarray of X's shape, float32 or float64
        Written to; its precision is that of the draws.
    """
    generator.standard_normal(dtype=out.dtype, out=out)
    out *= std
    out += X
    if low is not None or high is not None:
        np.clip(out, low, high, out=out)
