"""Identify a network by the computation that is traced from it."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

import keras

from kerasweep.training.engine._eligible import NotExpressible, compiling_failed
from kerasweep.training.engine._trace import Epochs, Shape, tracing

if TYPE_CHECKING:
    from kerasweep.training.engine._plan import Plan, VisitedRows

# Any will do: what is computed in a step does not depend on how many there are.
_STEPS = _EPOCHS = 2


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

    def rows(visited: "VisitedRows | None") -> int:
        return 0 if visited is None else _STEPS * visited.rows.batch_size

    validated = 0 if plan.validation is None else _STEPS
    shape = Shape(None, _STEPS, rows(plan.train), validated, rows(plan.validation))
    try:
        with tracing:
            epochs = Epochs(plan, shape, _EPOCHS)
            if keras.backend.backend() == "jax":
                from kerasweep.training.engine._jaxpr_digest import digest
            else:
                from kerasweep.training.engine._graph_digest import digest
            read = digest(epochs.function, epochs.arguments)
    except NotExpressible:
        raise
    except Exception as error:
        raise compiling_failed(error) from error
    return read, tuple(epochs.log_names)
