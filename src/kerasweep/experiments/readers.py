"""From what a user types to a value, or to a sentence that says what was expected.

Each reader takes a text and raises ValueError for one that it can't read.
"""

import math
import os
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Number = TypeVar("Number", int, float)


def count(text: str) -> int:
    """Read a whole number of at least 1."""
    return _number(text, int, lambda v: v >= 1, "a whole number of at least 1")


def count_or_all(text: str) -> int | None:
    """Read a whole number of at least 1, or None from "all"."""
    valid = 'a whole number of at least 1, or "all"'
    return None if text == "all" else _number(text, int, lambda v: v >= 1, valid)


def seed(text: str) -> int:
    """Read a whole number in [0, 2**31)."""
    valid = "a whole number from 0 to 2**31 - 1"
    return _number(text, int, lambda v: 0 <= v < 2**31, valid)


def flag(text: str) -> bool:
    """Read 0 or 1."""
    if text not in ("0", "1"):
        raise _wrong("0 or 1", text)
    return text == "1"


def jobs(text: str) -> int | None:
    """Read a number of parallel fits as joblib takes it, or None from "auto"."""
    valid = 'a whole number other than 0, or "auto"'
    return None if text == "auto" else _number(text, int, lambda v: v != 0, valid)


def fleet_size(text: str) -> int | None:
    """Read the size of a fleet, 0 for none, or None from "auto"."""
    valid = 'a whole number of at least 0, or "auto"'
    return None if text == "auto" else _number(text, int, lambda v: v >= 0, valid)


def positive(text: str) -> float:
    """Read a number above 0."""
    return _number(text, float, lambda v: v > 0, "a number above 0")


def strength(text: str) -> float:
    """Read a number of at least 0."""
    return _number(text, float, lambda v: v >= 0, "a number of at least 0")


def share(text: str) -> float:
    """Read a number in [0, 1]."""
    return _number(text, float, lambda v: 0 <= v <= 1, "a number from 0 to 1")


def rate(text: str) -> float:
    """Read a number from 0 to below 1."""
    return _number(text, float, lambda v: 0 <= v < 1, "a number from 0 to below 1")


def degrees(text: str) -> float:
    """Read an angle from 0 to 180 degrees."""
    return _number(text, float, lambda v: 0 <= v <= 180, "a number from 0 to 180")


def counts(text: str) -> tuple[int, ...]:
    """Read whole numbers of at least 1, separated by commas."""
    return tuple(map(count, _parts(text)))


def sizes(text: str) -> int | tuple[int, ...]:
    """Read a whole number of at least 1, or several separated by commas."""
    values = counts(text)
    return values[0] if len(values) == 1 else values


def rates(text: str) -> tuple[float, ...]:
    """Read numbers from 0 to below 1, separated by commas."""
    return tuple(map(rate, _parts(text)))


def factors(text: str) -> tuple[float, ...]:
    """Read different numbers of at least 0, separated by commas."""
    values = tuple(map(strength, _parts(text)))
    if len(set(values)) < len(values):
        raise _wrong("numbers that differ", text)
    return values


def shares(text: str) -> tuple[float, ...]:
    """Read at least two numbers in [0, 1] that grow, separated by commas."""
    values = tuple(map(share, _parts(text)))
    if len(values) < 2 or any(b <= a for a, b in pairwise(values)):
        raise _wrong("two or more numbers that grow", text)
    return values


def names(text: str) -> tuple[str, ...]:
    """Read names separated by commas; none from an empty text."""
    return tuple(filter(None, _parts(text)))


def optional(text: str) -> str | None:
    """Read a text, or None from an empty one."""
    return text or None


def folder(text: str) -> Path:
    """Read a folder that can be made and written to."""
    path = Path(text).expanduser()
    whole = path.absolute()
    existing = next(p for p in (whole, *whole.parents) if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise _wrong("a folder that can be written to", text)
    return path


def auto(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return a reader of what `read` reads, and of None from "auto"."""
    return lambda text: None if text == "auto" else read(text)


class OneOf:
    """A reader of one of a few words.

    Parameters
    ----------
    words : iterable of str
    """

    def __init__(self, words: Iterable[str]):
        self.words = list(words)

    def __call__(self, text: str) -> str:
        """Read a word."""
        if text not in self.words:
            raise _wrong(f"one of {', '.join(self.words)}", text)
        return text


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _wrong(expected: str, text: str) -> ValueError:
    return ValueError(f"must be {expected}. Got {text!r} instead.")


def _number(
    text: str,
    kind: Callable[[str], Number],
    valid: Callable[[Number], bool],
    expected: str,
) -> Number:
    try:
        value = kind(text)
    except ValueError:
        raise _wrong(expected, text) from None
    if not math.isfinite(value) or not valid(value):
        raise _wrong(expected, text)
    return value
