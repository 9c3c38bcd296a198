"""The interval that belongs to an observed mean."""

from typing import Any

import numpy as np

from kerasweep.model_selection._wilson import check_confidence


def normal_interval(values: Any, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the normal interval of the mean of independent values.

    Half its width is the standard error, ``sd / sqrt(n)`` with the sample standard
    deviation (ddof=1), times the normal quantile of `confidence`.

    Parameters
    ----------
    values : array-like of shape (n_values,)
        Such as one log-likelihood a test row.
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    low, high : float
        Ends of the interval; NaN where a value is not finite, or alone.

    Examples
    --------
    >>> from kerasweep.model_selection import normal_interval
    >>> low, high = normal_interval([1.0, 2.0, 3.0])
    >>> print(f"{low:.3f} to {high:.3f}")
    0.868 to 3.132
    """
    from scipy.special import ndtri

    check_confidence("normal_interval", confidence)
    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        return float("nan"), float("nan")
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    half_width = float(ndtri(0.5 + confidence / 2)) * error
    return float(values.mean()) - half_width, float(values.mean()) + half_width
