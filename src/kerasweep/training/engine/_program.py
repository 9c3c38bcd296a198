"""Compiled programs, kept for the next job that can use them."""

import time
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._cache import BoundedCache
from kerasweep.training.engine._eligible import NotExpressible, compiling_failed
from kerasweep.training.engine._plan import Plan, VisitedRows
from kerasweep.training.engine._trace import Epochs, Shape, counts_steps, tracing

_MAX_PROGRAMS = 64
# Epochs in one call, where nobody listens: as many as these, and as have these many row
# numbers, 2 MB of them.
_MOST_EPOCHS = 32
_MOST_NUMBERS = 2**19
# Arrays up to this size, in bytes, are padded to one of few sizes.
_PADDED = 2**24


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

    def fitting(self, key: Key, n_networks: int, epochs: int) -> Any:
        """Give the smallest program there is that such jobs go into, or a refusal."""
        with self._changed:
            found = [
                (other.shape.width or 0, other.shape[1:], other)
                for other, program in self._items.items()
                if isinstance(other, Key)
                and other.plan == key.plan
                and other[2:] == key[2:]
                and (
                    isinstance(program, NotExpressible)
                    or (
                        other.shape.holds(key.shape)
                        and program.saves_time(n_networks, epochs)
                    )
                )
            ]
            if not found:
                return None
            best = min(found, key=lambda item: item[:2])[2]
            self._items.move_to_end(best)
            return self._items[best]


programs = ProgramCache(_MAX_PROGRAMS)


def stacked_program(plan: Plan, needed: Shape, epochs: int) -> Program | None:
    """Give a program of a stack that one job alone goes into at no loss of time."""
    key = Key(plan.key, needed._replace(width=1), not plan.facts.convolutional, True)
    program = programs.fitting(key, 1, epochs)
    return program if isinstance(program, Program) else None


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
    if known is None and key.xla and not runtime.has_room_for_xla(plan.facts.draws):
        key = key._replace(xla=False)
        known = programs.fitting(key, n_networks, epochs)
    if known is None:
        key = key._replace(shape=_rounded(needed, plan))
        known = programs.get(key, lambda: _compiled(plan, key))
    if isinstance(known, NotExpressible):
        raise NotExpressible(*known.args)
    return known


def _compiled(plan: Plan, key: Key) -> Program | NotExpressible:
    start = time.perf_counter()
    try:
        with tracing:
            program = _build(plan, key)
    except NotExpressible as refusal:
        return refusal  # Kept: the next one like it need not be traced.
    except Exception as error:
        raise compiling_failed(error) from error
    program.seconds_to_compile = time.perf_counter() - start
    return program


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

    def steps(n: int) -> int:
        return n if n == 0 or counts_steps() else 1 << (n - 1).bit_length()

    return Shape(
        None if needed.width is None else _bucket(needed.width, 4),
        steps(needed.steps),
        rows(needed.rows, plan.train),
        steps(needed.val_steps),
        rows(needed.val_rows, plan.validation),
    )


def _bucket(n: int, sizes: int) -> int:
    """Round a count up to one of so many sizes an octave, a power of two."""
    step = max(1, (1 << (n - 1).bit_length()) // (2 * sizes))
    return -(-n // step) * step


def _build(plan: Plan, key: Key) -> Program:
    runtime, shape = get_runtime(), key.shape
    if runtime.loops_slowly(plan.facts.convolutional):
        epochs = Epochs(plan, shape, 1, runtime.StepByStep)
        return Program(shape, epochs.function, epochs.log_names)
    numbers = shape.steps * plan.train.rows.batch_size * (shape.width or 1)
    at_once = max(1, min(_MOST_EPOCHS, _MOST_NUMBERS // numbers))
    epochs = Epochs(plan, shape, at_once)
    run = runtime.compile_function(
        epochs.function, epochs.arguments, key.xla, key.parallel
    )
    return Program(shape, run, epochs.log_names, at_once)
