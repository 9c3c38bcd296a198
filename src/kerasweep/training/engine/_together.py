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
from kerasweep.training.engine._program import get_program
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
    (member,) = train_together([Plan(job)])
    if member.error is not None:
        raise member.error
    return member.result()


def train_together(
    plans: Sequence[Plan],
    width: int | None = None,
    parallel: bool = True,
    check: Callable[[], None] = lambda: None,
) -> list[Member]:
    """Train networks of one key and group in one program.

    Parameters
    ----------
    plans : sequence of Plan
    width : int or None
        Networks in the program's stack, at least as many as there are plans. None
        for a program of one network.
    parallel : bool
        Whether the program may use several cores.
    check : callable
        Called after each epoch; what it raises ends all training.

    Returns
    -------
    members : list of Member
        The models are trained; a member's error is its own.
    """
    runtime = get_runtime()
    members = [Member(plan) for plan in plans]
    if not any(m.active for m in members):
        return members
    crew = [*plans, *[plans[0]] * ((width or 1) - len(plans))]
    pool = Pool([p.train for p in crew], width is not None)
    validation = [p.validation for p in crew if p.validation is not None]
    val_pool = Pool(validation, width is not None) if validation else None
    n_rows = (pool.n_rows, val_pool.n_rows if val_pool else 0)
    program = get_program(plans[0], width, n_rows, parallel)
    data = pool.to_device(runtime)
    val_data = {}
    if val_pool:
        in_order = [np.arange(v.n_rows, dtype=np.int32) for v in validation]
        val_data = val_pool.to_device(runtime) | val_pool.batches(in_order)
    stack = Stack(crew, width is not None, runtime)
    most = max(plan.job.epochs for plan in plans)
    at_once = 1 if any(plan.watched for plan in plans) else program.epochs_at_once
    # A network that ends earlier must not be trained on.
    ends = sorted({plan.job.epochs for plan in plans})
    clock = [time.perf_counter()]
    counts: list[int] = []

    def batches(start: int) -> tuple[int, dict[str, Any]]:
        if start >= most:
            return 0, {}
        n_epochs = min(at_once, min(end for end in ends if end > start) - start)
        epochs = range(start, start + n_epochs)
        orders = [_orders(members, epoch, len(crew)) for epoch in epochs]
        return n_epochs, pool.epochs(orders, program.epochs_at_once)

    epoch = 0
    n_epochs, laid_out = batches(0)
    while n_epochs and any(m.active for m in members):
        stack.state, *logs = program.run(
            stack.state, stack.floats, data | laid_out, val_data, np.int32(n_epochs)
        )
        n_next, laid_out = batches(epoch + n_epochs)  # drawn while a device computes
        logs = [runtime.to_host(values) for values in logs]
        clock.append(time.perf_counter())
        counts.append(n_epochs)
        was_active = [m.active for m in members]
        for i in range(n_epochs):
            of_epoch = [np.atleast_2d(values[i]) for values in logs]
            for k, member in enumerate(members):
                if member.active:
                    val_logs = of_epoch[1][k] if val_pool else None
                    member.end_epoch(
                        epoch + i, log_dict(program.log_names, of_epoch[0][k], val_logs)
                    )
        epoch, n_epochs = epoch + n_epochs, n_next
        stack.after_epoch(members, was_active)
        check()
    if len(counts) > 1:
        seconds = np.diff(clock)[1:] / counts[1:]
        for member in members:
            member.seconds_per_epoch = float(np.min(seconds))
    stack.write(members)
    return members


def _orders(members: Sequence[Member], epoch: int, n_places: int) -> list[np.ndarray]:
    """Draw the row orders of an epoch; a stopped network visits its rows as they lie.

    Places in the stack that are left over follow the first network.
    """
    orders = [
        m.plan.train_index(epoch)
        if m.active and epoch < m.plan.job.epochs
        else np.arange(m.plan.train.n_rows, dtype=np.int32)
        for m in members
    ]
    return [*orders, *[orders[0]] * (n_places - len(orders))]
