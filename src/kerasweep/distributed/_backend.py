"""joblib's backend for Dask, whose fits form fleets in the workers."""

from collections.abc import Callable
from typing import Any

from joblib._dask import DaskDistributedBackend

from kerasweep.distributed._fit_arguments import without_other_tasks
from kerasweep.distributed._worker import OnWorker

#: Fits at a time for each worker, where its fleet's size is left to the worker.
_USUAL_SIZE = 16


class ClusterBackend(DaskDistributedBackend):
    """Submit each fit as a task of its own, and enough of them to form fleets.

    Parameters
    ----------
    client : distributed.Client
    fleet_size : int or None
        Most fits that a worker trains together; 0 for no fleets.
    timeout : float
        Seconds to wait for a first worker.
    """

    def __init__(self, client: Any, fleet_size: int | None, timeout: float):
        super().__init__(client=client, wait_for_workers_timeout=timeout)
        self._fleet_size = fleet_size

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Count the fits that the cluster has use for at a time."""
        cores = super().effective_n_jobs(n_jobs)
        size = _USUAL_SIZE if self._fleet_size is None else self._fleet_size
        return max(cores, size * len(self.client.ncores()))

    def compute_batch_size(self) -> int:
        """Return 1: what a lost worker had begun is begun again, and no more."""
        return 1

    def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> Any:
        """Schedule a batch of calls."""
        func.items = [
            (
                OnWorker(function, self._fleet_size),
                tuple(map(without_other_tasks, args)),
                {name: without_other_tasks(value) for name, value in kwargs.items()},
            )
            for function, args, kwargs in func.items
        ]
        return super().submit(func, callback)
