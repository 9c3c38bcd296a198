"""Compiled programs, kept for the next job that can use them."""

import threading
from collections.abc import Callable, Hashable
from typing import Any

import keras
import numpy as np

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._cache import BoundedCache
from kerasweep.training.engine._eligible import NotExpressible
from kerasweep.training.engine._epoch import epochs_function
from kerasweep.training.engine._plan import Plan, VisitedRows
from kerasweep.training.engine._private import build_metrics
from kerasweep.training.engine._steps import Steps

_MAX_PROGRAMS = 64
# Epochs in one call, where nobody listens: as many as these, and as have these many row
# numbers, 2 MB of them.
_MOST_EPOCHS = 32
_MOST_NUMBERS = 2**19


class ProgramCache(BoundedCache):
    """A bounded store of compiled programs."""

    @property
    def compilations(self) -> int:
        """Programs compiled since the start of the process."""
        return self.made

    def stack_widths(self, key: Hashable) -> list[int]:
        """List the widths of the stacked programs of a plan's key."""
        keys: list[Any] = self.keys()
        return sorted({k[1] for k in keys if k[0] == key and k[1]})


programs = ProgramCache(_MAX_PROGRAMS)
# Keras' tracing changes attributes of the model's layers while it runs.
tracing = threading.Lock()


class Program:
    """Compiled epochs.

    Attributes
    ----------
    run : callable
        See :func:`kerasweep.training.engine._epoch.epochs_function`.
    log_names : list of str
    epochs_at_once : int
        Most epochs that one call can run.
    """

    def __init__(
        self, run: Callable[..., Any], log_names: list[str], epochs_at_once: int = 1
    ):
        self.run = run
        self.log_names = log_names
        self.epochs_at_once = epochs_at_once


def get_program(
    plan: Plan, width: int | None, n_rows: tuple[int, int], parallel: bool
) -> Program:
    """Give the program that trains jobs like this one.

    Parameters
    ----------
    plan : Plan
        Traced if the program is not there yet.
    width : int or None
        Networks in the stack; None for a program of one network.
    n_rows : tuple of int
        Rows in the program's training and validation arrays.
    parallel : bool
        Whether the program may use several cores.

    Returns
    -------
    program : Program

    Raises
    ------
    NotExpressible
        If the model cannot be traced or compiled.
    """
    runtime = get_runtime()
    parallel = parallel or not runtime.KEEPS_TO_ONE_CORE
    xla = not plan.facts.convolutional
    key = (plan.key, width, n_rows, xla, parallel)
    if xla and key not in programs and not runtime.has_room_for_xla(plan.facts.draws):
        xla = False
        key = (plan.key, width, n_rows, xla, parallel)

    def build() -> Program:
        try:
            with tracing:
                return _build(plan, width, n_rows, xla, parallel)
        except Exception as error:
            raise NotExpressible(
                f"Compiling it failed: {type(error).__name__}: {error}"
            ) from error

    return programs.get(key, build)


def _build(
    plan: Plan, width: int | None, n_rows: tuple[int, int], xla: bool, parallel: bool
) -> Program:
    runtime = get_runtime()
    model = plan.network.tracing_model()
    _build_metrics(model, plan)
    steps = Steps(model, plan.network.floats(), runtime.value_and_grad)
    rows = plan.train.rows, None if plan.validation is None else plan.validation.rows
    stacked = width is not None
    names = list(steps.log_names)
    if runtime.loops_slowly(plan.facts.convolutional):
        wrap = runtime.StepByStep
        return Program(epochs_function(steps, runtime, *rows, stacked, wrap), names)
    function = epochs_function(steps, runtime, *rows, stacked)
    lead = () if width is None else (width,)
    state = [_spec(lead + tuple(t.shape), t) for t in plan.network.read_state()]
    n_floats = len(plan.network.float_values())
    floats = np.zeros((*lead, max(1, n_floats)), dtype=np.float32)
    at_once = _epochs_at_once(plan.train, width or 1)
    data = [
        {} if visited is None else _data_specs(visited, n, lead, epochs)
        for visited, n, epochs in zip(
            (plan.train, plan.validation), n_rows, ((at_once,), ()), strict=True
        )
    ]
    arguments = (state, floats, *data, np.int32(1))
    run = runtime.compile_function(function, arguments, xla, parallel)
    return Program(run, names, at_once)


def _epochs_at_once(visited: VisitedRows, n_networks: int) -> int:
    numbers = visited.max_steps * visited.rows.batch_size * n_networks
    return max(1, min(_MOST_EPOCHS, _MOST_NUMBERS // numbers))


def _build_metrics(model: Any, plan: Plan) -> None:
    x, y, *weight = plan.train.arrays
    rows = slice(0, min(2, len(x)))
    build_metrics(model, (x[rows], y[rows], weight[0][rows] if weight else None))


def _data_specs(
    visited: VisitedRows, n_rows: int, lead: tuple[int, ...], epochs: tuple[int, ...]
) -> Any:
    rows = visited.rows
    index = (*epochs, visited.max_steps, *lead, rows.batch_size)
    data = {
        "arrays": tuple(_spec((n_rows, *a.shape[1:]), a) for a in visited.arrays),
        "index": _spec(index, np.int32()),
        "n_steps": np.int32(0),
    }
    if rows.remainder:
        data["remainder"] = _spec((*epochs, *lead, rows.remainder), np.int32())
    return data


def _spec(shape: tuple[int, ...], like: Any) -> np.ndarray:
    """Give an array of that shape and type that takes no memory."""
    dtype = np.dtype(keras.backend.standardize_dtype(like.dtype))
    return np.broadcast_to(np.zeros((), dtype), shape)
