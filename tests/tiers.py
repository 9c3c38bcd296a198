"""Which of many cases the fast tier runs."""

from collections.abc import Iterable
from typing import Any

import pytest


def in_slow_tier(*cases: Any) -> list[Any]:
    """Give cases as parameters of the slow tier."""
    return [pytest.param(case, marks=pytest.mark.slow) for case in cases]


def fast_are(fast: Iterable[str], cases: Iterable[str]) -> list[Any]:
    """Give all cases as parameters, of which only some are in the fast tier."""
    fast, cases = set(fast), list(cases)
    assert fast <= set(cases), f"no such cases: {fast - set(cases)}"
    return [case if case in fast else in_slow_tier(case)[0] for case in cases]
