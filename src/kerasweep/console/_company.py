"""Where the fits of an experiment are trained, and in which company."""

from collections.abc import Iterator
from contextlib import contextmanager

from kerasweep.training import fleet


@contextmanager
def company(fleet_size: int | None, scheduler: str | None = None) -> Iterator[None]:
    """Train the fits within on a cluster, in a fleet, or one by one.

    Parameters
    ----------
    fleet_size : int or None
        Most fits trained together; 0 for no fleet, None for the usual size.
    scheduler : str, default=None
        Address of a Dask cluster; by default this machine trains.
    """
    if scheduler is not None:
        from kerasweep.distributed import cluster

        with cluster(scheduler, fleet_size):
            yield
    elif fleet_size == 0:
        yield
    else:
        with fleet(fleet_size):
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
