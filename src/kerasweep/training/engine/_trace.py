"""The function that a program compiles, and arguments to trace it with."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._epoch import epoch_function
from kerasweep.training.engine._network import Network
from kerasweep.training.engine._private import build_losses_and_metrics

if TYPE_CHECKING:
    from kerasweep.training.engine._plan import Plan, VisitedRows

# Keras' tracing changes attributes of the model's layers while it runs.
tracing = threading.Lock()


class Epoch:
    """One epoch of a plan's network, or of a stack of networks like it.

    Parameters
    ----------
    plan : Plan
    width : int or None
        Networks in the stack; None for one network without a stack.
    n_rows : tuple of int
        Rows in the training and in the validation arrays.
    wrap : callable
        See :func:`kerasweep.training.engine._epoch.epoch_function`.

    Attributes
    ----------
    function : callable
    arguments : tuple
        Arrays of the shapes and types that the function takes.
    log_names : list of str
    """

    def __init__(
        self,
        plan: "Plan",
        width: int | None,
        n_rows: tuple[int, int],
        wrap: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda f: f,
    ):
        _build_metrics(plan)
        runtime = get_runtime()
        network = Network(plan.job.model, plan.floats, runtime.value_and_grad)
        visited = plan.train, plan.validation
        rows = visited[0].rows, None if visited[1] is None else visited[1].rows
        self.function = epoch_function(network, runtime, *rows, width is not None, wrap)
        self.log_names = list(network.log_names)
        lead = () if width is None else (width,)
        self.arguments = (
            [_spec(lead + tuple(t.shape), t) for t in plan.read_state()],
            np.zeros((*lead, max(1, len(plan.floats.values))), dtype=np.float32),
            *(
                {} if v is None else _data_specs(v, n, lead)
                for v, n in zip(visited, n_rows, strict=True)
            ),
        )


def _build_metrics(plan: "Plan") -> None:
    x, y, *weight = plan.train.arrays
    rows = slice(0, min(2, len(x)))
    batch = x[rows], y[rows], weight[0][rows] if weight else None
    build_losses_and_metrics(plan.job.model, batch)


def _data_specs(visited: "VisitedRows", n_rows: int, lead: tuple[int, ...]) -> Any:
    rows = visited.rows
    data = {
        "arrays": tuple(_spec((n_rows, *a.shape[1:]), a) for a in visited.arrays),
        "index": np.zeros((visited.max_steps, *lead, rows.batch_size), np.int32),
        "n_steps": np.int32(0),
    }
    if rows.remainder:
        data["remainder"] = np.zeros((*lead, rows.remainder), np.int32)
    return data


def _spec(shape: tuple[int, ...], like: Any) -> np.ndarray:
    """Give an array of that shape and type that takes no memory."""
    dtype = np.dtype(keras.backend.standardize_dtype(like.dtype))
    return np.broadcast_to(np.zeros((), dtype), shape)
