"""Compiled programs, kept for the next job that can use them."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

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
# A program may be made for so many times the rows and steps of a job.
_ROOMY = 8
# Arrays up to this size, in bytes, are padded to one of few sizes.
_PADDED = 2**24


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
        return (self.width or 0) >= (needed.width or 0) and all(
            need <= have <= _ROOMY * need
            for have, need in zip(self[1:], needed[1:], strict=True)
        )


class Key(NamedTuple):
    """What tells two programs apart."""

    plan: Hashable
    shape: Shape
    xla: bool
    parallel: bool


class Program:
    """Compiled epochs.

    Attributes
    ----------
    shape : Shape
    run : callable
        See :func:`kerasweep.training.engine._epoch.epochs_function`.
    log_names : list of str
    epochs_at_once : int
        Most epochs that one call can run.
    has_run : bool
    seconds_to_compile : float
    seconds_per_epoch : float or None
        The fastest epoch that was measured, of all its networks together.
    """

    def __init__(
        self,
        shape: Shape,
        run: Callable[..., Any],
        log_names: list[str],
        epochs_at_once: int = 1,
    ):
        self.shape = shape
        self.run = run
        self.log_names = log_names
        self.epochs_at_once = epochs_at_once
        self.has_run = False
        self.seconds_to_compile = 0.0
        self.seconds_per_epoch: float | None = None

    def saves_time(self, n_networks: int, epochs: int) -> bool:
        """Tell whether places left empty cost less than another program would."""
        if self.shape.width is None or self.shape.width == n_networks:
            return True
        if self.seconds_per_epoch is None:
            return False
        empty = 1 - n_networks / self.shape.width
        return self.seconds_per_epoch * epochs * empty < self.seconds_to_compile


class ProgramCache(BoundedCache):
    """A bounded store of compiled programs."""

    @property
    def compilations(self) -> int:
        """Programs compiled since the start of the process."""
        return self.made

    def fitting(self, key: Key, n_networks: int, epochs: int) -> Program | None:
        """Give the smallest program there is that such jobs go into, if one does."""
        with self._changed:
            found = [
                (other.shape.width or 0, other.shape[1:], other)
                for other, program in self._items.items()
                if isinstance(other, Key)
                and other.plan == key.plan
                and other[2:] == key[2:]
                and other.shape.holds(key.shape)
                and program.saves_time(n_networks, epochs)
            ]
            if not found:
                return None
            best = min(found, key=lambda item: item[:2])[2]
            self._items.move_to_end(best)
            return self._items[best]


programs = ProgramCache(_MAX_PROGRAMS)
# Keras' tracing changes attributes of the model's layers while it runs.
tracing = threading.Lock()


def stacked_program(plan: Plan, needed: Shape, epochs: int) -> Program | None:
    """Give a program of a stack that one job alone goes into at no loss of time."""
    key = Key(plan.key, needed._replace(width=1), not plan.facts.convolutional, True)
    return programs.fitting(key, 1, epochs)


def get_program(
    plan: Plan, needed: Shape, parallel: bool, *, n_networks: int = 1, epochs: int = 1
) -> Program:
    """Give a program that trains jobs like this one.

    Parameters
    ----------
    plan : Plan
        Traced if there is no such program yet.
    needed : Shape
        The least sizes.
    parallel : bool
        Whether the program may use several cores.
    n_networks, epochs : int
        How much there is to train, which decides whether a wider program will do.

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
    key = Key(plan.key, needed, not plan.facts.convolutional, parallel)
    known = programs.fitting(key, n_networks, epochs)
    if known is not None:
        return known
    if key.xla and not runtime.has_room_for_xla(plan.facts.draws):
        key = key._replace(xla=False)
        known = programs.fitting(key, n_networks, epochs)
        if known is not None:
            return known
    key = key._replace(shape=_rounded(needed, plan))

    def build() -> Program:
        start = time.perf_counter()
        try:
            with tracing:
                program = _build(plan, key)
        except Exception as error:
            raise NotExpressible(
                f"Compiling it failed: {type(error).__name__}: {error}"
            ) from error
        program.seconds_to_compile = time.perf_counter() - start
        return program

    return programs.get(key, build)


def _rounded(needed: Shape, plan: Plan) -> Shape:
    """Round sizes up, so that few programs serve jobs of many sizes."""

    def rows(n: int, visited: VisitedRows | None) -> int:
        if visited is None:
            return 0
        total = sum(a.nbytes // len(a) * n for a in visited.arrays)
        if total <= _PADDED:
            return 1 << (n - 1).bit_length()
        # Padding copies them all.
        return n if n == visited.n_rows else _bucket(n, 8)

    return Shape(
        None if needed.width is None else _bucket(needed.width, 4),
        1 << (needed.steps - 1).bit_length(),
        rows(needed.rows, plan.train),
        needed.val_steps and 1 << (needed.val_steps - 1).bit_length(),
        rows(needed.val_rows, plan.validation),
    )


def _bucket(n: int, sizes: int) -> int:
    """Round a count up to one of so many sizes an octave, a power of two."""
    step = max(1, (1 << (n - 1).bit_length()) // (2 * sizes))
    return -(-n // step) * step


def _build(plan: Plan, key: Key) -> Program:
    runtime, shape = get_runtime(), key.shape
    model = plan.network.tracing_model()
    _build_metrics(model, plan)
    steps = Steps(model, plan.network.floats(), runtime.value_and_grad)
    rows = plan.train.rows, None if plan.validation is None else plan.validation.rows
    stacked = shape.width is not None
    names = list(steps.log_names)
    if runtime.loops_slowly(plan.facts.convolutional):
        function = epochs_function(steps, runtime, *rows, stacked, runtime.StepByStep)
        return Program(shape, function, names)
    function = epochs_function(steps, runtime, *rows, stacked)
    lead = () if shape.width is None else (shape.width,)
    state = [_spec(lead + tuple(t.shape), t) for t in plan.network.read_state()]
    n_floats = len(plan.network.float_values())
    floats = np.zeros((*lead, max(1, n_floats)), dtype=np.float32)
    numbers = shape.steps * plan.train.rows.batch_size * (shape.width or 1)
    at_once = max(1, min(_MOST_EPOCHS, _MOST_NUMBERS // numbers))
    train = _data_specs(plan.train, shape.steps, shape.rows, lead, (at_once,))
    val: dict[str, Any] = {}
    if plan.validation is not None:
        val = _data_specs(plan.validation, shape.val_steps, shape.val_rows, lead, ())
    arguments = (state, floats, train, val, np.int32(1))
    run = runtime.compile_function(function, arguments, key.xla, key.parallel)
    return Program(shape, run, names, at_once)


def _build_metrics(model: Any, plan: Plan) -> None:
    x, y, *weight = plan.train.arrays
    rows = slice(0, min(2, len(x)))
    build_metrics(model, (x[rows], y[rows], weight[0][rows] if weight else None))


def _data_specs(
    visited: VisitedRows,
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
