"""The function that a program compiles, and arguments to trace it with."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np

from kerasweep.training.backends._facts import on_accelerator
from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._epoch import epochs_function
from kerasweep.training.engine._private import build_losses_and_metrics
from kerasweep.training.engine._steps import Steps

if TYPE_CHECKING:
    from kerasweep.training.engine._plan import Plan, VisitedRows

# A program may be made for so many times the rows and steps of a job.
_ROOMY = 8
# Keras' tracing changes attributes of the model's layers while it runs.
tracing = threading.Lock()


def counts_steps() -> bool:
    """Tell whether a program is compiled for one number of updates an epoch.

    Where it is not known, the host asks an accelerator after each update whether it was
    the last: three times the time of a small network's epoch.
    """
    return on_accelerator()


class Shape(NamedTuple):
    """The sizes that a program is compiled for.

    Attributes
    ----------
    width : int or None
        Networks in the stack; None for a program of one network.
    steps, rows : int
        Updates of an epoch, and rows in the program's arrays, at most.
    val_steps, val_rows : int
        The same of validation; 0 without.
    """

    width: int | None
    steps: int
    rows: int
    val_steps: int
    val_rows: int

    def holds(self, needed: "Shape") -> bool:
        """Tell whether jobs that need these sizes go in without much waste."""
        if (self.width is None) != (needed.width is None):
            return False
        if counts_steps() and (self.steps, self.val_steps) != (
            needed.steps,
            needed.val_steps,
        ):
            return False
        return (self.width or 0) >= (needed.width or 0) and all(
            need <= have <= _ROOMY * need
            for have, need in zip(self[1:], needed[1:], strict=True)
        )


class Epochs:
    """Epochs of a plan's network, or of a stack of networks like it.

    Parameters
    ----------
    plan : Plan
    shape : Shape
    at_once : int
        Most epochs of a call.
    wrap : callable
        See :func:`kerasweep.training.engine._epoch.epochs_function`.

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
        shape: Shape,
        at_once: int,
        wrap: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda f: f,
    ):
        runtime, network = get_runtime(), plan.network
        model = network.tracing_model()
        _build_metrics(model, plan)
        steps = Steps(model, network.floats(), runtime.value_and_grad)
        train, val = plan.train, plan.validation
        rows = train.rows, None if val is None else val.rows
        stacked = shape.width is not None
        self.function = epochs_function(
            steps, runtime, *rows, stacked, wrap, count_steps=counts_steps()
        )
        self.log_names = list(steps.log_names)
        lead = () if shape.width is None else (shape.width,)
        n_floats = max(1, len(network.float_values()))
        self.arguments = (
            [_spec(lead + tuple(t.shape), t) for t in network.read_state()],
            np.zeros((*lead, n_floats), dtype=np.float32),
            _data_specs(train, shape.steps, shape.rows, lead, (at_once,)),
            {}
            if val is None
            else _data_specs(val, shape.val_steps, shape.val_rows, lead, ()),
            np.int32(1),
        )


def _build_metrics(model: Any, plan: "Plan") -> None:
    x, y, *weight = plan.train.arrays
    rows = slice(0, min(2, len(x)))
    batch = x[rows], y[rows], weight[0][rows] if weight else None
    build_losses_and_metrics(model, batch)


def _data_specs(
    visited: "VisitedRows",
    steps: int,
    n_rows: int,
    lead: tuple[int, ...],
    epochs: tuple[int, ...],
) -> dict[str, Any]:
    rows = visited.rows
    data = {
        "arrays": tuple(_spec((n_rows, *a.shape[1:]), a) for a in visited.arrays),
        "index": _spec((*epochs, steps, *lead, rows.batch_size), np.int32()),
        "n_steps": np.int32(0),
    }
    if rows.remainder:
        data["remainder"] = _spec((*epochs, *lead, rows.remainder), np.int32())
    return data


def _spec(shape: tuple[int, ...], like: Any) -> np.ndarray:
    """Give an array of that shape and type that takes no memory."""
    dtype = np.dtype(keras.backend.standardize_dtype(like.dtype))
    return np.broadcast_to(np.zeros((), dtype), shape)
