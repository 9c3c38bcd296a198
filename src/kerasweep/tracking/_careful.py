"""What a failing write to MLflow becomes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def careful(what: str) -> Iterator[None]:
    """Turn an error into one sentence: what was computed is never lost to it."""
    try:
        yield
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        warnings.warn(
            f"MLflow has not recorded {what}, because of {type(error).__name__}: "
            f"{text}. The results themselves are complete.",
            stacklevel=4,
        )
