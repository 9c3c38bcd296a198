"""What a sweep's display is made of, checked."""

from numbers import Real
from typing import Any

import numpy as np

from kerasweep.model_selection import wilson_interval
from kerasweep.plotting._style import is_share


def check_factors(values: list[Any], x: str) -> np.ndarray:
    for value in values:
        if (
            isinstance(value, bool)
            or not isinstance(value, Real)
            or not np.isfinite(float(value))
        ):
            raise ValueError(
                f"Values of {x} in SweepDisplay must be finite numbers. "
                f"Got {value!r} instead."
            )
    return np.array(values, dtype=np.float64)


def check_scores(scores: Any, n_factors: int, name: str) -> np.ndarray:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or len(table) != n_factors:
        raise ValueError(
            f"{name} of SweepDisplay must have shape ({n_factors}, n_replicates), a "
            f"row per factor. Got shape {table.shape} instead."
        )
    return table


def check_reference(
    reference: float | None, n: int | None, score_name: str
) -> tuple[float, float] | None:
    """Return the Wilson interval of the reference, or None."""
    if n is None:
        return None
    if reference is None or not is_share(score_name) or not 0 <= reference <= 1:
        raise ValueError(
            "reference of SweepDisplay must be an accuracy in [0, 1] where reference_n "
            f"is given. Got {reference!r} for the score {score_name!r} instead."
        )
    return wilson_interval(round(reference * n), n)
