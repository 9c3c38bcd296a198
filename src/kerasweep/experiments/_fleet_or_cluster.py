"""Where fits are trained: in a fleet, on a cluster, or one by one."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fleet_or_cluster(size: int | None, scheduler: str | None = None) -> Iterator[None]:
    """Train the fits within on a cluster, in a fleet, or one by one."""
    if scheduler is not None:
        from kerasweep.distributed import cluster

        with cluster(scheduler, size):
            yield
    elif size == 0:
        yield
    else:
        from kerasweep.training import fleet

        with fleet(size):
            yield


def check_scheduler(scheduler: str | None) -> None:
    """Find out, before anything is trained, that a cluster can train.

    Raises
    ------
    ValueError, ConnectionError
        If it can't, or if Dask is not installed here.
    """
    if scheduler is None:
        return
    try:
        from kerasweep.distributed import check_cluster
    except ModuleNotFoundError as error:
        raise ValueError(str(error)) from error
    check_cluster(scheduler)
