"""How many fits of a fleet are under way, and so hold their rows in memory."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from joblib.parallel import ThreadingBackend


class FleetClosed(RuntimeError):
    """A fit was still waiting when its fleet was left."""

    def __init__(self) -> None:
        super().__init__("The fleet was left before this fit was trained.")


class Admission:
    """Let so many fits begin; each has its own copy of its training rows.

    Parameters
    ----------
    limit : int
        Fits under way at once, until it is raised.
    """

    def __init__(self, limit: int):
        self.limit = limit
        self._under_way = 0
        self._closed = False
        self._changed = threading.Condition()

    def raise_to(self, limit: int) -> None:
        """Let more fits begin; a smaller limit than before changes nothing."""
        with self._changed:
            self.limit = max(self.limit, limit)
            self._changed.notify_all()

    def close(self) -> None:
        """Turn away whoever waits or comes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a place, and hold it."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._under_way < self.limit)
            if self._closed:
                raise FleetClosed
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Hold the place while a network waits for its company and is trained."""
        yield


class AdmittingBackend(ThreadingBackend):
    """joblib's threads, each of which waits for its admission.

    What a fit runs in parallel itself is run by joblib's own threads: it has been
    admitted with the fit.
    """

    def __init__(self, admission: Admission, **options: Any):
        super().__init__(**options)
        self._admission = admission

    def submit(
        self,
        func: Callable[[], Any],
        callback: Callable[[Any], None] | None = None,
    ) -> Any:
        """Schedule a function."""

        def admitted() -> Any:
            with self._admission.slot():
                return func()

        return super().submit(admitted, callback)
