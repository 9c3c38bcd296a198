"""Train jobs through compiled programs."""

from collections.abc import Sequence

import numpy as np

from kerasweep.training._job import TrainingJob, TrainingResult
from kerasweep.training._member import Member, log_dict
from kerasweep.training._plan import Plan
from kerasweep.training._pool import Pool
from kerasweep.training._program import get_program
from kerasweep.training._runtime import get_runtime
from kerasweep.training._stack import Stack


def fit_compiled(job: TrainingJob) -> TrainingResult:
    """Train one network through a compiled program.

    Parameters
    ----------
    job : TrainingJob
        One that :func:`kerasweep.training._eligible.why_not` has nothing against.

    Returns
    -------
    result : TrainingResult
    """
    (member,) = train_together([Plan(job)], stacked=False)
    if member.error is not None:
        raise member.error
    return member.result()


def train_together(
    plans: Sequence[Plan], stacked: bool, parallel: bool = True
) -> list[Member]:
    """Train networks of one key and group in one program.

    Parameters
    ----------
    plans : sequence of Plan
    stacked : bool
        Whether to use a program over a stack of networks; needed for more than one.
    parallel : bool
        Whether the program may use several cores.

    Returns
    -------
    members : list of Member
        The models are trained; a member's error is its own.
    """
    runtime = get_runtime()
    members = [Member(plan) for plan in plans]
    if not any(m.active for m in members):
        return members
    pools = [
        Pool([plan.train for plan in plans], stacked),
        None
        if plans[0].validation is None
        else Pool([p.validation for p in plans if p.validation is not None], stacked),
    ]
    program = get_program(
        plans[0],
        len(plans) if stacked else None,
        (pools[0].n_rows, 0 if pools[1] is None else pools[1].n_rows),
        parallel,
    )
    data = [None if pool is None else pool.to_device(runtime) for pool in pools]
    validation = {} if pools[1] is None else data[1] | pools[1].batches(
        [np.arange(p.validation.n_rows, dtype=np.int32) for p in plans]
    )
    stack = Stack(plans, stacked, runtime)
    orders = _orders(members, 0)
    for epoch in range(max(plan.job.epochs for plan in plans)):
        out = program.run(
            stack.state, stack.floats, data[0] | pools[0].batches(orders), validation
        )
        stack.state, *logs = out
        orders = _orders(members, epoch + 1)
        logs = [np.atleast_2d(runtime.to_host(values)) for values in logs]
        was_active = [m.active for m in members]
        for k, member in enumerate(members):
            if member.active:
                member.end_epoch(
                    epoch,
                    log_dict(
                        program.log_names,
                        logs[0][k],
                        None if pools[1] is None else logs[1][k],
                    ),
                )
        stack.after_epoch(members, was_active)
        if not any(m.active for m in members):
            break
    stack.write(members)
    return members


def _orders(members: Sequence[Member], epoch: int) -> list[np.ndarray]:
    """Draw the next row orders; a stopped network visits its rows as they lie."""
    return [
        m.plan.train_index(epoch)
        if m.active and epoch < m.plan.job.epochs
        else np.arange(m.plan.train.n_rows, dtype=np.int32)
        for m in members
    ]
