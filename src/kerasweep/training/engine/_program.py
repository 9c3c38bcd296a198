"""Compiled programs, kept for the next job that can use them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import keras
import numpy as np

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._eligible import NotExpressible
from kerasweep.training.engine._epoch import epoch_function
from kerasweep.training.engine._network import Network
from kerasweep.training.engine._plan import Plan, VisitedRows

_MAX_PROGRAMS = 64


class ProgramCache:
    """A bounded store of compiled programs, the least recently used going first.

    Parameters
    ----------
    max_programs : int

    Attributes
    ----------
    compilations : int
        Programs compiled since the start of the process.
    """

    def __init__(self, max_programs: int = _MAX_PROGRAMS):
        self.max_programs = max_programs
        self.compilations = 0
        self._programs: OrderedDict[Any, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._building: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, build: Callable[[], Any]) -> Any:
        """Give the program of a key, compiled now if it is not there.

        Parameters
        ----------
        key : hashable
        build : callable
            Compiles the program. Two threads never build the same key.

        Returns
        -------
        program
        """
        with self._lock:
            if key in self._programs:
                self._programs.move_to_end(key)
                return self._programs[key]
            building = self._building.setdefault(key, threading.Lock())
        with building:
            with self._lock:
                if key in self._programs:
                    return self._programs[key]
            try:
                program = build()
            finally:
                with self._lock:
                    self._building.pop(key, None)
            with self._lock:
                self.compilations += 1
                self._programs[key] = program
                while len(self._programs) > self.max_programs:
                    self._programs.popitem(last=False)
        return program

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._programs

    def has_stack(self, key: Hashable, width: int) -> bool:
        """Tell whether some program of a plan's key and this width is there."""
        with self._lock:
            return any(k[0] == key and k[1] == width for k in self._programs)

    def clear(self) -> None:
        """Forget every program."""
        with self._lock:
            self._programs.clear()


programs = ProgramCache()
# Keras' tracing changes attributes of the model's layers while it runs.
tracing = threading.Lock()


class Program:
    """One compiled epoch.

    Attributes
    ----------
    run : callable
        See :func:`kerasweep.training.engine._epoch.epoch_function`.
    log_names : list of str
    """

    def __init__(self, run: Callable[..., Any], log_names: list[str]):
        self.run = run
        self.log_names = log_names


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
    xla = not plan.convolutional
    key = (plan.key, width, n_rows, xla, parallel)
    if xla and key not in programs and not runtime.has_room_for_xla(plan.draws):
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
    model = plan.job.model
    _build_metrics(plan)
    network = Network(model, plan.floats, runtime.value_and_grad)
    rows = plan.train.rows, None if plan.validation is None else plan.validation.rows
    stacked = width is not None
    if runtime.loops_slowly(plan.convolutional):
        wrap = runtime.StepByStep
        function = epoch_function(network, runtime, *rows, stacked, wrap)
        return Program(function, list(network.log_names))
    function = epoch_function(network, runtime, *rows, stacked)
    lead = () if width is None else (width,)
    state = [_spec(lead + tuple(t.shape), t) for t in plan.read_state()]
    floats = np.zeros((*lead, max(1, len(plan.floats.values))), dtype=np.float32)
    data = [
        {} if visited is None else _data_specs(visited, rows, lead)
        for visited, rows in zip((plan.train, plan.validation), n_rows, strict=True)
    ]
    run = runtime.compile_function(function, (state, floats, *data), xla, parallel)
    return Program(run, list(network.log_names))


def _build_metrics(plan: Plan) -> None:
    x, y, *weight = plan.train.arrays
    rows = slice(0, min(2, len(x)))
    plan.job.model._symbolic_build(
        data_batch=(x[rows], y[rows], weight[0][rows] if weight else None)
    )


def _data_specs(visited: VisitedRows, n_rows: int, lead: tuple[int, ...]) -> Any:
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
