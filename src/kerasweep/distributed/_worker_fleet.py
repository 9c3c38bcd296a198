"""The fleet of a worker of the cluster; training, and Keras with it, is imported."""

from collections.abc import Iterator
from contextlib import contextmanager

from distributed import secede
from distributed.threadpoolexecutor import thread_state

from kerasweep.training.fleets._fleet import Fleet


class WorkerFleet(Fleet):
    """A fleet of fits that the worker's threads begin.

    A fit that waits to be trained with others gives its thread back, so that they can
    come. How many will come is not known here.
    """

    settled = 0.1

    def __init__(self, size: int):
        super().__init__(size)
        self.limit = 0
        self._away = 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let another fit begin in this one's place."""
        with self._changed:
            leaves = self._away < self.limit and getattr(thread_state, "proceed", False)
            self._away += leaves
        if leaves:
            secede()
        try:
            yield
        finally:
            with self._changed:
                self._away -= leaves
