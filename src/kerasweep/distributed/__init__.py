"""Searches on an existing Dask cluster."""

try:
    import distributed as _distributed  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "kerasweep.distributed needs Dask, which is not installed: "
        'pip install "kerasweep[dask]".',
        name=error.name,
    ) from error

from kerasweep.distributed._cluster import check_cluster, cluster

__all__ = ["check_cluster", "cluster"]
