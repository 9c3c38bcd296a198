"""Compiled programs, kept for the next job that can use them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._eligible import NotExpressible, compiling_failed
from kerasweep.training.engine._plan import Plan
from kerasweep.training.engine._trace import Epoch, tracing

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

    def build() -> Program | NotExpressible:
        try:
            with tracing:
                return _build(plan, width, n_rows, xla, parallel)
        except NotExpressible as refusal:
            return refusal  # Kept: the next one like it need not be traced.
        except Exception as error:
            raise compiling_failed(error) from error

    program: Program | NotExpressible = programs.get(key, build)
    if isinstance(program, NotExpressible):
        raise NotExpressible(*program.args)
    return program


def _build(
    plan: Plan, width: int | None, n_rows: tuple[int, int], xla: bool, parallel: bool
) -> Program:
    runtime = get_runtime()
    if runtime.loops_slowly(plan.convolutional):
        epoch = Epoch(plan, width, n_rows, runtime.StepByStep)
        return Program(epoch.function, epoch.log_names)
    epoch = Epoch(plan, width, n_rows)
    run = runtime.compile_function(epoch.function, epoch.arguments, xla, parallel)
    return Program(run, epoch.log_names)
