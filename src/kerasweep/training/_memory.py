"""How many networks can be trained at once."""

import math
import os
from collections.abc import Sequence
from typing import Any

import keras

from kerasweep.training._plan import Plan

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
    model = plan.job.model
    state = _COPIES_OF_STATE * sum(
        4 * math.prod(v.shape) for v in [*model.variables, *model.optimizer.variables]
    )
    outputs = sum(
        math.prod(d or 1 for d in layer.output.shape[1:])
        for layer in model._flatten_layers(include_self=False)
        if hasattr(getattr(layer, "_inbound_nodes", None) and layer, "output")
        and hasattr(layer.output, "shape")
    )
    rows = plan.train.rows.batch_size
    if plan.validation is not None:
        rows = max(rows, plan.validation.rows.batch_size)
    data = sum(a.nbytes for a in plan.train.arrays)
    if plan.validation is not None:
        data += sum(a.nbytes for a in plan.validation.arrays)
    # Twice: once on the host, laid end to end, and once on the device.
    each = state + 8 * rows * outputs + 2 * data
    return max(1, min(len(plans), int(_USABLE * free / each)))


def free_memory() -> int | None:
    """Give the bytes that are free where Keras computes, if that can be told."""
    if keras.backend.backend() == "jax":
        import jax

        device: Any = jax.local_devices()[0]
        if device.platform != "cpu":
            stats = device.memory_stats() or {}
            if "bytes_limit" in stats:
                return stats["bytes_limit"] - stats.get("bytes_in_use", 0)
    try:
        with open("/proc/meminfo") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return 1024 * int(line.split()[1])
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
