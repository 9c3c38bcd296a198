"""Where the values of any searched parameter stand on an axis from 0 to 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from kerasweep.plotting._style import is_share_factor

_MOST_TICKS = 8
_SLOT = 0.18  # an axis' share that a value besides the numbers takes
_CLOSEST_TICKS = 0.045


@dataclass(frozen=True)
class ParameterAxis:
    """Positions of a parameter's values.

    Attributes
    ----------
    positions : ndarray of shape (n_candidates,)
        In [0, 1].
    ticks : ndarray of shape (n_ticks,)
    labels : list of str
    scale : {"log", "linear", "category"}
    discrete : bool
        Whether several candidates share most of the values.
    """

    positions: np.ndarray
    ticks: np.ndarray
    labels: list[str]
    scale: str
    discrete: bool


def parameter_axis(name: str, values: Sequence[Any]) -> ParameterAxis:
    """Lay a parameter's values out.

    Numbers stand on a linear axis, or on a logarithmic one where they are positive and
    span a decade or have equal ratios. A 0 on a logarithmic axis, None and a missing
    value stand below the numbers. Values of other types are categories, side by side
    in the order in which they were searched.

    Parameters
    ----------
    name : str
        The parameter's.
    values : sequence
        One per candidate; NaN where a candidate has none.

    Returns
    -------
    axis : ParameterAxis
    """
    numeric = np.array([_is_number(value) for value in values])
    others = _distinct([v for v, n in zip(values, numeric, strict=True) if not n])
    numbers = np.array([float(v) for v, n in zip(values, numeric, strict=True) if n])
    unset = all(other is None or other != other for other in others)
    if len(np.unique(numbers)) < 2 or not unset:
        return _categories(values)
    scale = _scale(name, np.unique(numbers))
    zero = scale == "log" and bool(np.any(numbers == 0))
    below: list[Any] = [*others, *([0.0] if zero else [])]
    shown = numbers[numbers > 0] if zero else numbers
    low, high = _transformed(np.array([shown.min(), shown.max()]), scale)
    floor = _SLOT * len(below)

    def place(numbers: np.ndarray) -> np.ndarray:
        share = (_transformed(numbers, scale) - low) / (high - low)
        return floor + (1 - floor) * share

    positions = np.empty(len(values))
    for i, value in enumerate(values):
        slot = [j for j, other in enumerate(below) if _same(value, other)]
        positions[i] = _SLOT * slot[0] if slot else place(np.array([value]))[0]
    at, labels = _ticks(np.unique(shown), scale)
    ticks = np.array([_SLOT * j for j in range(len(below))] + list(place(at)))
    labels = [_value_label(other) for other in below] + labels
    n_distinct = len(np.unique(numbers))
    return ParameterAxis(
        positions, ticks, labels, scale, n_distinct <= max(2, len(values) / 2)
    )


def _categories(values: Sequence[Any]) -> ParameterAxis:
    distinct = _distinct(values)
    if all(_is_number(value) or value is None for value in distinct):
        distinct.sort(key=lambda value: (value is not None, value or 0))
    elif all(isinstance(value, (bool, np.bool_)) for value in distinct):
        distinct.sort()
    step = 1 / max(len(distinct) - 1, 1)
    ticks = np.arange(len(distinct)) * step if len(distinct) > 1 else np.array([0.5])
    positions = np.array(
        [ticks[next(j for j, d in enumerate(distinct) if _same(v, d))] for v in values]
    )
    labels = [_value_label(value) for value in distinct]
    return ParameterAxis(positions, ticks, labels, "category", True)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, Real)
        and not isinstance(value, (bool, np.bool_))
        and bool(np.isfinite(float(value)))
    )


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    try:
        return bool(np.all(a == b)) or bool(a != a and b != b)
    except (ValueError, TypeError):
        return False


def _distinct(values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(_same(value, known) for known in found):
            found.append(value)
    return found


def _scale(name: str, numbers: np.ndarray) -> str:
    """Return "log" for positive numbers, and 0, that it spreads better."""
    positive = numbers[numbers > 0]
    if numbers.min() < 0 or len(positive) < 2 or is_share_factor(name):
        return "linear"
    if positive[-1] >= 10 * positive[0]:
        return "log"
    ratios = positive[1:] / positive[:-1]
    even = len(ratios) > 1 and np.allclose(ratios, ratios[0], rtol=0.02)
    return "log" if even and len(positive) == len(numbers) else "linear"


def _transformed(numbers: np.ndarray, scale: str) -> np.ndarray:
    return np.log10(numbers) if scale == "log" else np.asarray(numbers, float)


def _ticks(distinct: np.ndarray, scale: str) -> tuple[np.ndarray, list[str]]:
    """Return ticks at the values themselves, or at round ones between many."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    low, high = distinct[0], distinct[-1]
    at = distinct
    if len(distinct) > _MOST_TICKS:
        decades = scale == "log" and high >= 10 * low
        locator: Any = LogLocator() if decades else MaxNLocator(5)
        at = np.asarray(locator.tick_values(low, high))
        at = at[(at >= low * (1 - 1e-9)) & (at <= high * (1 + 1e-9))]
        if len(at) < 2:
            at = np.array([low, high])
    places = _transformed(at, scale)
    places = (places - places[0]) / (places[-1] - places[0])
    kept = [0]
    for i in range(1, len(at)):
        if places[i] - places[kept[-1]] >= _CLOSEST_TICKS:
            kept.append(i)
    return at[kept], [_number_label(value) for value in at[kept]]


def _value_label(value: Any) -> str:
    """Return a short name of a parameter's value."""
    if isinstance(value, float) and value != value:
        return "not set"
    if isinstance(value, Real) and not isinstance(value, bool):
        return _number_label(float(value))
    if isinstance(value, (tuple, list, np.ndarray)):
        text = "-".join(str(part) for part in value)
    elif hasattr(value, "get_params"):
        text = type(value).__name__
    else:
        text = getattr(value, "__name__", None) or str(value)
    return text if len(text) <= 18 else f"{text[:17]}…"


def _number_label(value: float) -> str:
    if value > 0 and not 1e-2 <= value < 1e5:
        exponent = int(np.floor(np.log10(value) + 1e-9))
        factor = f"{value / 10.0**exponent:.3g}"
        power = f"10^{{{exponent}}}"
        return f"${power}$" if factor == "1" else rf"${factor}\cdot{power}$"
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:g}"
