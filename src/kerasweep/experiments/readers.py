"""From what a user types to a value, or to a sentence that says what was expected.

Each reader takes a text, and raises ValueError for one that it can't read.
"""

import math
import os
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Number = TypeVar("Number", int, float)


def _number(
    kind: Callable[[str], Number], valid: Callable[[Number], bool], expected: str
) -> Callable[[str], Number]:
    """Return a reader of a number in a range."""

    def read(text: str) -> Number:
        try:
            value = kind(text)
        except ValueError:
            raise _wrong(expected, text) from None
        if not math.isfinite(value) or not valid(value):
            raise _wrong(expected, text)
        return value

    read.__doc__ = f"Read {expected}."
    return read


def _several(read: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """Return a reader of values that are separated by commas."""
    return lambda text: tuple(map(read, _parts(text)))


def none_of(word: str, read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return a reader of what `read` reads, and of None from a word."""

    def either(text: str) -> T | None:
        try:
            return None if text == word else read(text)
        except ValueError as error:
            said = str(error).replace(". Got", f', or "{word}". Got')
            raise ValueError(said) from None

    return either


def auto(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return a reader of what `read` reads, and of None from "auto"."""
    return lambda text: None if text == "auto" else read(text)


count = _number(int, lambda v: v >= 1, "a whole number of at least 1")
seed = _number(int, lambda v: 0 <= v < 2**31, "a whole number from 0 to 2**31 - 1")
positive = _number(float, lambda v: v > 0, "a number above 0")
strength = _number(float, lambda v: v >= 0, "a number of at least 0")
share = _number(float, lambda v: 0 <= v <= 1, "a number from 0 to 1")
rate = _number(float, lambda v: 0 <= v < 1, "a number from 0 to below 1")
degrees = _number(float, lambda v: 0 <= v <= 180, "a number from 0 to 180")
count_or_all = none_of("all", count)
jobs = none_of("auto", _number(int, lambda v: v != 0, "a whole number other than 0"))
fleet_size = none_of(
    "auto", _number(int, lambda v: v >= 0, "a whole number of at least 0")
)
counts, rates = _several(count), _several(rate)


def flag(text: str) -> bool:
    """Read 0 or 1."""
    if text not in ("0", "1"):
        raise _wrong("0 or 1", text)
    return text == "1"


def sizes(text: str) -> int | tuple[int, ...]:
    """Read a whole number of at least 1, or several separated by commas."""
    values = counts(text)
    return values[0] if len(values) == 1 else values


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


def kinds(text: str) -> dict[str, str]:
    """Read COLUMN=KIND, several separated by commas; none from an empty text."""
    found = {}
    for part in names(text):
        column, equals, kind = part.rpartition("=")
        if not equals or not column:
            raise _wrong("COLUMN=KIND, several separated by commas", text)
        found[column.strip()] = kind.strip()
    return found


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


class OneOf:
    """A reader of one of a few words."""

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
