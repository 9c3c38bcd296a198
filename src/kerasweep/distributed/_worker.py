"""A fit in a worker of the cluster: its fleet, and the way of its messages."""

import functools
import pickle
import threading
from collections.abc import Callable
from typing import Any

from distributed import get_worker

from kerasweep.tracking._transport import relay_by
from kerasweep.training.fleets._current_fleet import fleet_size, thread_in_fleet

#: What the names of the topics begin with, by which messages travel.
TOPIC = "kerasweep-"

_fleets: dict[int, Any] = {}
_making = threading.Lock()


class OnWorker:
    """A function that runs in a worker, in a fleet with other fits.

    Parameters
    ----------
    function : callable
        Makes one fit.
    size : int or None
        Most fits that a worker trains together; 0 for no fleet.
    """

    def __init__(self, function: Callable[..., Any], size: int | None):
        functools.update_wrapper(self, function, updated=())
        self._function = function
        self._size = size

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        relay_by(functools.partial(_relay, get_worker()))
        with thread_in_fleet(None if self._size == 0 else _fleet_of_worker(self._size)):
            return self._function(*args, **kwargs)


def _fleet_of_worker(size: int | None) -> Any:
    """Return this process's fleet, which lasts as long as the process."""
    from kerasweep.distributed._worker_fleet import WorkerFleet

    with _making:
        size = fleet_size(size)
        if size not in _fleets:
            _fleets[size] = WorkerFleet(size)
        return _fleets[size]


def _relay(worker: Any, process: str, address: str, message: Any) -> None:
    """Send a message along the cluster's own connections, in the order of the calls."""
    content = {"address": address, "message": pickle.dumps(message)}
    worker.log_event(TOPIC + process, content)
