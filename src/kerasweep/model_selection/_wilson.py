"""The interval that belongs to an observed share."""

from numbers import Integral
from typing import Any


def wilson_interval(
    n_correct: Any, n: Any, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the Wilson score interval of a share of successes.

    With ``p = n_correct / n`` and the normal quantile z of `confidence`, its centre is
    ``(p + z**2 / 2n) / (1 + z**2 / n)`` and its half-width
    ``z / (1 + z**2 / n) * sqrt(p (1 - p) / n + z**2 / 4n**2)``. Unlike the normal
    approximation it stays within [0, 1] and keeps a width when all are correct.

    Parameters
    ----------
    n_correct : int
        Successes, from 0 to `n`.
    n : int
        Independent trials, at least 1; for an accuracy, test images.
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    low, high : float
        Ends of the interval, as shares.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22 (1927) 209-212.

    Examples
    --------
    >>> from kerasweep.model_selection import wilson_interval
    >>> low, high = wilson_interval(9847, 10_000)
    >>> print(f"{low:.4f} to {high:.4f}")
    0.9821 to 0.9869
    """
    from scipy.stats import binomtest

    if not _is_integer(n) or n < 1:
        raise ValueError(
            f"n of wilson_interval must be an integer of at least 1. Got {n!r} instead."
        )
    if not _is_integer(n_correct) or not 0 <= n_correct <= n:
        raise ValueError(
            "n_correct of wilson_interval must be an integer from 0 to `n` "
            f"(={n}). Got {n_correct!r} instead."
        )
    check_confidence("wilson_interval", confidence)
    interval = binomtest(int(n_correct), int(n)).proportion_ci(
        confidence_level=float(confidence), method="wilson"
    )
    return float(interval.low), float(interval.high)


def check_confidence(owner: str, confidence: Any) -> None:
    """Raise unless a confidence lies strictly between 0 and 1."""
    if (
        isinstance(confidence, bool)
        or not isinstance(confidence, (int, float))
        or not 0 < confidence < 1
    ):
        raise ValueError(
            f"confidence of {owner} must be a number in (0, 1). "
            f"Got {confidence!r} instead."
        )


def _is_integer(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
