"""How many networks can be trained at once."""

import os
from collections.abc import Sequence
from typing import Any

import keras

from kerasweep.training.engine._plan import Plan

# The state is held as given, as updated, as gradients, and as the best epoch's.
_COPIES_OF_STATE = 4
_USABLE = 0.6


def networks_that_fit(plans: Sequence[Plan]) -> int:
    """Bound the networks of a stack by the memory that is free.

    Parameters
    ----------
    plans : sequence of Plan
        Of one key and group.

    Returns
    -------
    n_networks : int
        At least 1.
    """
    free = free_memory()
    if free is None:
        return len(plans)
    plan = plans[0]
    state = 4 * _COPIES_OF_STATE * plan.facts.n_state
    rows = plan.train.rows.batch_size
    if plan.validation is not None:
        rows = max(rows, plan.validation.rows.batch_size)
    # Twice: once on the host, laid end to end, and once on the device.
    each = state + 8 * rows * plan.facts.n_outputs + 2 * _bytes_of_rows(plan)
    return max(1, min(len(plans), int(_USABLE * free / each)))


def fits_that_fit(plan: Plan) -> int:
    """Bound the fits under way by the memory that is free on the host.

    Each holds its rows: as a pipeline gave them, and as they are trained on.

    Parameters
    ----------
    plan : Plan
        Of one of them.

    Returns
    -------
    n_fits : int
        At least 1.
    """
    free = _free_on_host()
    if free is None:
        return 2**31
    return max(1, int(_USABLE * free / max(1, 2 * _bytes_of_rows(plan))))


def free_memory() -> int | None:
    """Give the bytes that are free where Keras computes, if that can be told."""
    if keras.backend.backend() == "jax":
        import jax

        device: Any = jax.local_devices()[0]
        if device.platform != "cpu":
            stats = device.memory_stats() or {}
            if "bytes_limit" in stats:
                return stats["bytes_limit"] - stats.get("bytes_in_use", 0)
    return _free_on_host()


def _bytes_of_rows(plan: Plan) -> int:
    visited = [plan.train, *([plan.validation] if plan.validation else [])]
    return sum(a.nbytes for rows in visited for a in rows.arrays)


def _free_on_host() -> int | None:
    try:
        with open("/proc/meminfo") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return 1024 * int(line.split()[1])
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
