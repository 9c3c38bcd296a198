"""Run searches on a Dask cluster that is there already."""

import pickle
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

import joblib
from distributed import Client

from kerasweep.distributed._backend import ClusterBackend
from kerasweep.distributed._worker import TOPIC
from kerasweep.tracking._transport import PROCESS, deliver

_ALIKE = ("kerasweep", "scikit-learn", "keras")


@contextmanager
def cluster(
    scheduler: "str | Client", fleet_size: int | None = None, *, timeout: float = 30.0
) -> Iterator[Client]:
    """Run the fits of searches on an existing Dask cluster.

    Inside the context joblib sends the fits of any scikit-learn search, ensemble or
    cross-validation to the cluster's workers. Fits that land in one worker form a
    fleet there (see :func:`kerasweep.training.fleet`); what they tell callbacks, such
    as `MlflowTracking`, comes back along Dask's own connections, and this process
    alone writes to MLflow. Fits of a worker that is lost are begun again elsewhere.

    Parameters
    ----------
    scheduler : str or distributed.Client
        The scheduler's address, such as ``"tcp://10.0.0.5:8786"``, or a client.
    fleet_size : int or None, default=None
        Most fits that a worker trains together; 0 for no fleets. None means 64 for a
        worker with an accelerator, and elsewhere twice its number of cores, but not
        less than 16.
    timeout : float, default=30.0
        Seconds to wait for the scheduler's answer, and later for a first worker.

    Yields
    ------
    client : distributed.Client
        Closed at the end, if it was made here.

    Raises
    ------
    ConnectionError
        If no scheduler answers at the address.
    ValueError
        If a worker lacks kerasweep, or has other versions than this process of it, of
        scikit-learn or of Keras.

    Notes
    -----
    The refit of a search is made in this process. A search's own ``n_jobs`` says
    nothing here: the cluster's size does. scikit-learn's `ProgressBar` and
    `ScoringMonitor` reach workers on this machine alone.

    Examples
    --------
    >>> from kerasweep.distributed import cluster
    >>> with cluster("tcp://10.0.0.5:8786"):  # doctest: +SKIP
    ...     search.fit(X, y)
    """
    if fleet_size is not None and fleet_size < 0:
        raise ValueError(
            f"fleet_size of cluster must be at least 0, or None. Got {fleet_size!r} "
            "instead."
        )
    if isinstance(scheduler, Client):
        with _relayed(scheduler, fleet_size, timeout):
            yield scheduler
        return
    with (
        closing(_connect(scheduler, timeout)) as client,
        _relayed(client, fleet_size, timeout),
    ):
        yield client


def check_cluster(scheduler: str, *, timeout: float = 30.0) -> None:
    """Find out, before anything is trained, that a cluster can train.

    Parameters
    ----------
    scheduler, timeout
        As for :func:`cluster`, which raises the same errors.
    """
    with closing(_connect(scheduler, timeout)) as client:
        _check_workers(client)


@contextmanager
def _relayed(client: Client, fleet_size: int | None, timeout: float) -> Iterator[None]:
    _check_workers(client)
    topic = TOPIC + PROCESS
    client.subscribe_topic(topic, _take)
    try:
        backend = ClusterBackend(client, fleet_size, timeout)
        with joblib.parallel_config(backend=backend, n_jobs=-1):
            yield
    finally:
        if client.status == "running":
            client.unsubscribe_topic(topic)


def _connect(address: str, timeout: float) -> Client:
    parts = urlsplit(address)
    if parts.scheme not in ("tcp", "tls", "ws", "wss", "ucx") or not parts.netloc:
        raise ValueError(
            "scheduler must be an address such as tcp://10.0.0.5:8786. Got "
            f"{address!r} instead."
        )
    try:
        return Client(address, timeout=timeout, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ConnectionError(
            f"scheduler must be the address of a Dask scheduler. Got {address!r}, "
            f"where none answered within {timeout:g} s ({type(error).__name__})."
        ) from error


def _take(event: tuple[float, Any]) -> None:
    _, content = event
    deliver(content["address"], pickle.loads(content["message"]))


def _versions() -> dict[str, str]:
    """Return the versions that must be the same everywhere; runs on the workers."""
    found = {}
    for name in _ALIKE:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def _check_workers(client: Client) -> None:
    """Find out, before anything is trained, that the workers can train."""
    own = _versions()
    try:
        answers = client.run(_versions)
    except ModuleNotFoundError as error:
        raise ValueError(
            "The workers of scheduler must have kerasweep installed. Got one that "
            f"says: {error}."
        ) from error
    for worker, found in answers.items():
        other = [f"{n} {found[n]}, not {own[n]}" for n in _ALIKE if found[n] != own[n]]
        if other:
            raise ValueError(
                "The workers of scheduler must have the versions that are installed "
                f"here. Got a worker with {'; '.join(other)} (at {worker})."
            )
