"""Random streams that leave every global generator as it was."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

_BUILD_LOCK = RLock()


class Seeds(NamedTuple):
    """The independent streams of one fit."""

    weights: int
    order: int
    split: int


def draw_seeds(random_state: Any) -> Seeds:
    """Draw the seeds of one fit.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        None takes fresh entropy from the operating system, not from NumPy's global
        generator, which is neither read nor advanced.

    Returns
    -------
    seeds : Seeds
    """
    entropy = (
        None
        if random_state is None
        else int(check_random_state(random_state).randint(2**31 - 1))
    )
    drawn = np.random.SeedSequence(entropy).generate_state(3)
    return Seeds(*(int(value) >> 1 for value in drawn))


@contextmanager
def seeded_globals(seed: int) -> Iterator[None]:
    """Seed the global generators that a user's model function may draw from.

    An initializer or dropout layer that names no seed takes one from Python's
    generator, and ``keras.random`` from Keras' own. All of them, and NumPy's, are put
    back on exit; TensorFlow's op determinism is never switched on. One thread at a
    time.
    """
    from kerasweep.training.engine._private import fresh_global_seeds

    with _BUILD_LOCK, fresh_global_seeds():
        python_state, numpy_state = random.getstate(), np.random.get_state()
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)
