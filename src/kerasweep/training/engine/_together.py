"""Train jobs through compiled programs."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._job import TrainingJob, TrainingResult
from kerasweep.training.engine._member import Member, log_dict
from kerasweep.training.engine._plan import Plan
from kerasweep.training.engine._pool import Pool
from kerasweep.training.engine._program import (
    Program,
    Shape,
    get_program,
    stacked_program,
)
from kerasweep.training.engine._stack import Stack


def fit_compiled(job: TrainingJob) -> TrainingResult:
    """Train one network through a compiled program.

    Parameters
    ----------
    job : TrainingJob
        One that :func:`why_not` of ``_eligible`` has nothing against.

    Returns
    -------
    result : TrainingResult
    """
    (member,) = train_together([Plan(job)], stacked=False)
    if member.error is not None:
        raise member.error
    return member.result()


def train_together(
    plans: Sequence[Plan],
    *,
    stacked: bool,
    parallel: bool = True,
    check: Callable[[], None] = lambda: None,
) -> list[Member]:
    """Train networks of one key and group in one program.

    Parameters
    ----------
    plans : sequence of Plan
    stacked : bool
        Whether the program may be one of a stack; a single network then goes into one
        only where that saves time.
    parallel : bool
        Whether the program may use several cores.
    check : callable
        Called after each call of the program; what it raises ends all training.

    Returns
    -------
    members : list of Member
        The networks are trained; a member's error is its own.
    """
    members = [Member(plan) for plan in plans]
    if any(m.active for m in members):
        run = _Run(members, stacked, parallel)
        while run.members_left():
            run.call()
            check()
        run.finish()
    return members


class _Run:
    """Networks, the program that trains them, and how far they are.

    Parameters
    ----------
    members : sequence of Member
    stacked, parallel : bool
    """

    def __init__(self, members: Sequence[Member], stacked: bool, parallel: bool):
        self._members = members
        self._runtime = runtime = get_runtime()
        plans = [member.plan for member in members]
        # A network that ends earlier must not be trained on.
        self._ends = sorted({plan.job.epochs for plan in plans})
        pool = Pool([plan.train for plan in plans])
        validation = [p.validation for p in plans if p.validation is not None]
        val_pool = Pool(validation) if validation else None
        needed = Shape(
            len(plans) if len(plans) > 1 else None,
            plans[0].train.n_steps,
            pool.n_rows,
            validation[0].n_steps if validation else 0,
            val_pool.n_rows if val_pool else 0,
        )
        self._program = _choose(plans, needed, self._ends[-1], stacked, parallel)
        shape = self._program.shape
        self._pool = pool
        self._data = pool.to_device(runtime, shape.rows)
        self._val_data: dict[str, Any] = {}
        if val_pool is not None:
            in_order = [np.arange(v.n_rows, dtype=np.int32) for v in validation]
            orders = val_pool.epochs([in_order], 1, shape.val_steps, shape.width)
            self._val_data = val_pool.to_device(runtime, shape.val_rows)
            self._val_data |= {name: array[0] for name, array in orders.items()}
        self._stack = Stack(plans, shape.width, runtime)
        watched = any(plan.watched for plan in plans)
        self._at_once = 1 if watched else self._program.epochs_at_once
        self._seconds: list[float] = []
        self._epoch = 0
        self._n_epochs, self._orders = self._lay_out(0)

    def members_left(self) -> bool:
        """Tell whether some network is still to be trained."""
        return self._n_epochs > 0 and any(m.active for m in self._members)

    def call(self) -> None:
        """Run the program once, for one epoch or several."""
        stack, n_epochs = self._stack, self._n_epochs
        start = time.perf_counter()
        stack.state, *logs = self._program.run(
            stack.state,
            stack.floats,
            self._data | self._orders,
            self._val_data,
            np.int32(n_epochs),
        )
        # Drawn while a device computes.
        following = self._lay_out(self._epoch + n_epochs)
        logs = [self._runtime.to_host(values) for values in logs]
        self._record(time.perf_counter() - start, n_epochs)
        was_active = [m.active for m in self._members]
        for i in range(n_epochs):
            self._end_epoch(self._epoch + i, [np.atleast_2d(v[i]) for v in logs])
        self._epoch += n_epochs
        self._n_epochs, self._orders = following
        stack.after_epoch(self._members, was_active)

    def finish(self) -> None:
        """Hand each network its values."""
        for member in self._members:
            member.seconds_per_epoch = min(self._seconds, default=None)
        self._stack.write(self._members)

    def _end_epoch(self, epoch: int, logs: list[np.ndarray]) -> None:
        active = [k for k, member in enumerate(self._members) if member.active]
        for k in active:
            val_logs = logs[1][k] if self._val_data else None
            named = log_dict(self._program.log_names, logs[0][k], val_logs)
            self._members[k].begin_report(epoch, named)
        for k in active:  # Everybody was asked before the first answer is waited for.
            self._members[k].end_report(epoch)

    def _record(self, seconds: float, n_epochs: int) -> None:
        program = self._program
        if not program.has_run:  # TensorFlow compiles when a program first runs
            program.has_run = True
            program.seconds_to_compile += seconds
            return
        self._seconds.append(seconds / n_epochs)
        known = program.seconds_per_epoch or self._seconds[-1]
        program.seconds_per_epoch = min(known, self._seconds[-1])

    def _lay_out(self, start: int) -> tuple[int, dict[str, Any]]:
        """Draw and lay out the row orders of a call."""
        if start >= self._ends[-1]:
            return 0, {}
        end = min(end for end in self._ends if end > start)
        n_epochs = min(self._at_once, end - start)
        orders = [
            [_order(member, epoch) for member in self._members]
            for epoch in range(start, start + n_epochs)
        ]
        program = self._program
        return n_epochs, self._pool.epochs(
            orders, program.epochs_at_once, program.shape.steps, program.shape.width
        )


def _choose(
    plans: Sequence[Plan], needed: Shape, epochs: int, stacked: bool, parallel: bool
) -> Program:
    if stacked and needed.width is None:
        program = stacked_program(plans[0], needed, epochs)
        if program is not None:
            return program
    n = len(plans)
    return get_program(plans[0], needed, parallel, n_networks=n, epochs=epochs)


def _order(member: Member, epoch: int) -> np.ndarray:
    """Draw a row order; a stopped network visits its rows as they lie."""
    if member.active and epoch < member.plan.job.epochs:
        return member.plan.train_index(epoch)
    return np.arange(member.plan.train.n_rows, dtype=np.int32)
