"""Train concurrent fits together.

Light: what trains, and Keras with it, is imported when the context is entered.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import joblib

from kerasweep.training.backends._facts import on_accelerator

if TYPE_CHECKING:
    from kerasweep.training.backends._facts import on_accelerator
from kerasweep.training.fleets._fleet import Fleet

_current: "list[Fleet]" = []
_entering = threading.Lock()
_of_thread = threading.local()


def current_fleet() -> "Fleet | None":
    """Give the fleet that fits in this thread join, if there is one."""
    own = getattr(_of_thread, "fleet", None)
    if own is not None:
        return own
    with _entering:
        return _current[-1] if _current else None


@contextmanager
def thread_in_fleet(own: "Fleet | None") -> Iterator[None]:
    """Let the fits of this thread alone join a fleet."""
    before = getattr(_of_thread, "fleet", None)
    _of_thread.fleet = own
    try:
        yield
    finally:
        _of_thread.fleet = before


def fleet_size(size: int | None) -> int:
    """Give the size of a fleet here, where None means what this machine can do."""
    if size is not None:
        return size
    return 64 if on_accelerator() else max(16, 2 * joblib.cpu_count())


@contextmanager
def fleet(size: int | None = None) -> Iterator[None]:
    """Train the networks of a search together.

    Inside the context joblib runs the fits of any scikit-learn search, ensemble or
    cross-validation in threads. Fits of one architecture and one number of
    batches are trained by one compiled program over a stack of networks, or side
    by side, one per core, whichever was measured to be faster. Each network's result
    is that of its fit alone, to float tolerance. The time of a fit, as a search
    reports it, includes its wait for the others.

    Parameters
    ----------
    size : int or None, default=None
        Most fits at once, each of which holds its training rows in memory: where
        networks are trained side by side there are no more than one above the number
        of cores, and no more than memory has room for. None means 64 on an
        accelerator, and on a CPU twice the number of cores, but not less than 16.

    Examples
    --------
    >>> from kerasweep.training import fleet
    >>> with fleet(size=8):
    ...     pass  # search.fit(X, y)
    """
    if size is not None and size < 1:
        raise ValueError(
            f"The `size` of fleet must be at least 1. Got {size!r} instead."
        )
    if current_fleet() is not None:  # A fleet in a fleet joins it.
        yield
        return
    from kerasweep.training.fleets._fleet import Fleet, FleetBackend

    size = fleet_size(size)
    own = Fleet(size)
    with _entering:
        _current.append(own)
    try:
        backend = FleetBackend(own)
        with joblib.parallel_config(backend=backend, n_jobs=size):
            yield
    finally:
        with _entering:
            _current.remove(own)
        own.close()
