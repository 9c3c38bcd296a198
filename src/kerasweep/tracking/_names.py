"""Readable names for runs, readable text for parameters, and keys that MLflow takes."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from numbers import Integral, Real
from typing import Any

#: Longest text of a parameter that is logged.
MAX_TEXT = 500
#: MLflow's longest key, and the longest name of a run that all its databases hold.
MAX_KEY = 250
_MAX_FILE_NAME = 150
#: Beside letters and digits. A Windows server takes no colon.
_IN_KEYS = "_-. /" if os.name == "nt" else "_-. /:"
_NO_NAMES = {"", ".", ".."}
#: Of metrics that are not a transformer's.
_SECTIONS = {"train", "validation", "score", "best", "test", "time"}
#: What an address, or a folder of some system, can't hold.
_NOT_IN_FILES = '\\:*?"<>|#%'


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """Map each parameter's name to the shortest readable one that is unambiguous.

    Examples
    --------
    >>> short_names(["net__l2", "net__random_state"])
    {'net__l2': 'l2', 'net__random_state': 'seed'}
    >>> short_names(["noise__random_state", "net__random_state"])
    {'noise__random_state': 'noise__seed', 'net__random_state': 'net__seed'}
    """
    seeded = {key: _with_seed(key) for key in keys}
    last = [name.rpartition("__")[2] for name in seeded.values()]
    return {
        key: tail if last.count(tail) == 1 else name
        for (key, name), tail in zip(seeded.items(), last, strict=True)
    }


def _with_seed(key: str) -> str:
    head, separator, tail = key.rpartition("__")
    return head + separator + ("seed" if tail == "random_state" else tail)


def run_name(params: Mapping[str, Any], short: Mapping[str, str], **more: Any) -> str:
    """Return such a name as ``l2=1e-4 seed=2 split=1``.

    Examples
    --------
    >>> run_name({"net__l2": 1e-4}, {"net__l2": "l2"}, split=1)
    'l2=1e-4 split=1'
    """
    parts = [(short.get(key, key), params[key]) for key in params]
    text = " ".join(f"{key}={value_name(v)}" for key, v in [*parts, *more.items()])
    return clean_run_name(text)


def value_name(value: Any) -> str:
    """Return a short text for a value, to be read and not to be parsed.

    Examples
    --------
    >>> value_name(0.0001), value_name(3.1622776601683795e-05), value_name((500, 300))
    ('1e-4', '3.16e-5', '500-300')
    """
    if isinstance(value, Real) and not isinstance(value, (bool, Integral)):
        return _number_name(float(value))
    if isinstance(value, (list, tuple)) and value and _all_integers(value):
        return "-".join(str(size) for size in value)
    return _cut(value_text(value), 60)


def _number_name(number: float) -> str:
    if number == 0 or not math.isfinite(number):
        return f"{number:g}"
    if 1e-3 <= abs(number) < 1e5:
        return f"{number:.4g}"
    mantissa, exponent = f"{number:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def value_text(value: Any) -> str:
    """Return the exact value where it is short, and a readable text where it is not."""
    if isinstance(value, str):
        return _cut(value, MAX_TEXT)
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if callable(value) and hasattr(value, "__qualname__"):
        return value.__qualname__
    return _cut(" ".join(repr(value).split()), MAX_TEXT)


def log10_params(params: Mapping[str, Any], log_keys: Mapping[str, str]) -> dict:
    """Return each decade-spanning number's base-10 logarithm, for linear axes."""
    return {
        f"log10_{short}": f"{math.log10(params[key]):.6g}"
        for key, short in log_keys.items()
        if is_positive_number(params.get(key))
    }


def is_positive_number(value: Any) -> bool:
    """Whether a value has a logarithm."""
    return (
        isinstance(value, Real)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and float(value) > 0
    )


def spans_a_decade(values: Any) -> bool:
    """Whether listed values, or a distribution's, are positive and span a decade."""
    if hasattr(values, "support") and callable(values.support):
        low, high = (float(bound) for bound in values.support())
    else:
        try:
            numbers = list(values)
        except TypeError:
            return False
        if not numbers or not all(is_positive_number(v) for v in numbers):
            return False
        low, high = min(numbers), max(numbers)
    return 0 < low and math.isfinite(high) and high > 10 * low


def metric_name(key: str, step: str | None = None) -> str:
    """Return an epoch metric's name: its prefix is its section among the charts.

    Examples
    --------
    >>> metric_name("val_loss"), metric_name("loss"), metric_name("loss", "denoise")
    ('validation/loss', 'train/loss', 'denoise/loss')
    """
    key = str(key)
    if step is not None:
        section = f"step {step}" if step in _SECTIONS else step
        return f"{section}/{key}"
    if key.startswith("val_"):
        return f"validation/{key[4:]}"
    return f"train/{key}"


@lru_cache(maxsize=10_000, typed=True)
def clean_key(key: Any) -> str:
    """Return a key that MLflow takes, the same for the same key and for no other.

    Examples
    --------
    >>> clean_key("net__l2"), clean_key("net (wide)__l2"), clean_key("net [wide]__l2")
    ('net__l2', 'net _wide___l2-bfd50b', 'net _wide___l2-57f92a')
    """
    key = str(key)
    text = "".join(c if c.isalnum() or c in _IN_KEYS else "_" for c in key)
    # A key is a path, too, and must not mean another one.
    parts = text.split("/")
    text = "/".join("_" * max(1, len(p)) if p in _NO_NAMES else p for p in parts)
    if text.startswith(".."):
        text = f"__{text[2:]}"
    if text == key and len(key) <= MAX_KEY:
        return key
    return f"{text[: MAX_KEY - 7]}-{_digest(key)}"


def clean_text(text: Any) -> str:
    """Return a text that every database holds."""
    text = str(text).replace("\0", "\\0")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def clean_run_name(name: str) -> str:
    """Return a run's name in one line that every database holds."""
    return _cut(" ".join(clean_text(name).split()), MAX_KEY)


def clean_path(path: Any) -> str:
    """Return where an artifact goes, as a path that every store of artifacts takes.

    Raises
    ------
    ValueError
        If it leads out of the run's artifacts, or nowhere.

    Examples
    --------
    >>> clean_path("notes/loss (a=1).txt"), clean_path("50%.txt")
    ('notes/loss (a=1).txt', '50_-264e2a.txt')
    """
    parts = path.split("/") if isinstance(path, str) else []
    if not parts or any(not part.strip() or part in _NO_NAMES for part in parts):
        raise ValueError(
            "the path of an artifact must be relative, such as 'notes/today.txt', and "
            f"without empty parts, '.' and '..'. Got {path!r} instead"
        )
    return "/".join(map(_file_name, parts))


def _file_name(name: str) -> str:
    text = "".join(
        "_" if c in _NOT_IN_FILES or not c.isprintable() else c for c in name
    )
    if text == name and len(name.encode()) <= _MAX_FILE_NAME:
        return name
    stem, dot, suffix = text.rpartition(".")
    if not stem or len(suffix) > 10:
        stem, dot, suffix = text, "", ""
    short = stem.encode()[: _MAX_FILE_NAME - 20].decode(errors="ignore")
    return f"{short}-{_digest(name)}{dot}{suffix}"


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:6]


def _all_integers(values: Sequence[Any]) -> bool:
    return all(isinstance(v, Integral) and not isinstance(v, bool) for v in values)


def _cut(text: str, limit: int) -> str:
    """Cut a text that is too long so that it differs from others of the same start."""
    return text if len(text) <= limit else f"{text[: limit - 7]}…{_digest(text)}"
