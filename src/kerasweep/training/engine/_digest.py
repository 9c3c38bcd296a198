"""Identify a network by the computation that is traced from it."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

import keras

from kerasweep.training.engine._eligible import NotExpressible, compiling_failed
from kerasweep.training.engine._trace import Epoch, tracing

if TYPE_CHECKING:
    from kerasweep.training.engine._plan import Plan


def traced_key(plan: "Plan") -> Hashable:
    """Identify all that a plan's program computes: its graph or its jaxpr.

    Whole epochs of one network are traced, with every size of batch, and with all
    constants and captured values; names do not count.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    key : hashable

    Raises
    ------
    NotExpressible
        If tracing fails, or gives a computation that cannot be compared, because it
        calls back into Python or refers to what lies outside.
    """
    n_rows = tuple(
        0 if v is None else v.max_steps * v.rows.batch_size
        for v in (plan.train, plan.validation)
    )
    try:
        with tracing:
            epoch = Epoch(plan, None, (n_rows[0], n_rows[1]))
            if keras.backend.backend() == "jax":
                from kerasweep.training.engine._jaxpr_digest import digest
            else:
                from kerasweep.training.engine._graph_digest import digest
            read = digest(epoch.function, epoch.arguments)
    except NotExpressible:
        raise
    except Exception as error:
        raise compiling_failed(error) from error
    return read, tuple(epoch.log_names)
