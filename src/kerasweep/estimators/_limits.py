"""What a network can hold: its factors, its memory, its outputs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerasweep import training
from kerasweep.preprocessing._numbers import check_factor

#: As many units, channels or pixels as TensorFlow can count.
MOST_UNITS = 2**31 - 1
_FACTORS = ("l1", "l2", "max_norm", "learning_rate", "beta", "min_delta", "low", "high")


def check_factors(estimator: Any) -> None:
    """Refuse factors that single precision would make infinite.

    Raises
    ------
    ValueError
        If there is one.
    """
    for name in _FACTORS:
        check_factor(type(estimator).__name__, name, getattr(estimator, name, None))


@contextmanager
def clear_memory_errors(owner: str) -> Iterator[None]:
    """Say in one sentence that memory was too small, whatever ran out of it.

    Raises
    ------
    MemoryError
        In place of NumPy's, TensorFlow's or JAX' own error.
    """
    try:
        yield
    except Exception as error:
        if not training.is_out_of_memory(error):
            raise
        raise MemoryError(
            f"The memory is too small for this {owner}. Use fewer units, a smaller "
            "batch_size or fewer rows at once."
        ) from None


def finite_outputs(owner: str, network: Any, X: np.ndarray) -> np.ndarray:
    """Compute a network's outputs, and refuse any that are no numbers.

    Raises
    ------
    ValueError
        If an output is infinite or NaN.
    MemoryError
    """
    with clear_memory_errors(owner):
        outputs = training.predict(network, X)
    check_finite(owner, outputs)
    return outputs


def check_finite(owner: str, outputs: np.ndarray) -> None:
    """Refuse outputs, of rows along the first axis, that are no numbers.

    Raises
    ------
    ValueError
        If one is infinite or NaN.
    """
    # The sum is enough where it is finite, and takes no array of its own.
    with np.errstate(all="ignore"):
        finite = np.isfinite(outputs.sum()) or np.isfinite(outputs).all()
    if not finite:
        place = tuple(np.argwhere(~np.isfinite(outputs))[0])
        raise ValueError(
            f"The network of {owner} gave {outputs[place]} for row {place[0]}. Either "
            "its training diverged, so that a lower learning rate helps, or X is too "
            "far from the rows it was trained on."
        )
