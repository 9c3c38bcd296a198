"""The company that concurrent fits are trained in."""

import threading
import time
from typing import Any

from kerasweep.training.backends._out_of_memory import is_out_of_memory
from kerasweep.training.engine._job import TrainingJob, TrainingResult
from kerasweep.training.engine._member import Member
from kerasweep.training.engine._plan import Plan
from kerasweep.training.engine._program import programs
from kerasweep.training.engine._together import train_together
from kerasweep.training.fleets._admission import Admission, FleetClosed
from kerasweep.training.fleets._calibration import (
    SIDE_BY_SIDE,
    STACKED,
    calibration,
    n_cores,
    on_accelerator,
)
from kerasweep.training.fleets._memory import fits_that_fit, networks_that_fit
from kerasweep.training.fleets._ticket import Ticket

# Without a newcomer for this long, whoever waits is trained: the longest that one
# fit usually takes to build its network while others do the same.
_LINGER = 0.1


class Fleet:
    """Gather the jobs of concurrent fits and train those alike together.

    Parameters
    ----------
    size : int
        Most fits that wait at once.
    admission : Admission, default=None
        What lets fits begin. By default threads of joblib's wait for it.
    """

    def __init__(self, size: int, admission: Admission | None = None):
        self.size = size
        self._pending: list[Ticket] = []
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._cores = threading.BoundedSemaphore(1 if on_accelerator() else n_cores())
        self._beside = 0
        # Fits that are trained side by side would only wait, each with its rows; once
        # some can be stacked, more may begin.
        self.admission = admission or Admission(min(size, n_cores() + 1))
        self._leader = threading.Thread(
            target=self._lead, name="kerasweep-fleet", daemon=True
        )
        self._leader.start()

    def train(self, job: TrainingJob) -> TrainingResult:
        """Train a job's model, in whatever company there is."""
        plan = Plan(job)
        if calibration.choose(plan) == SIDE_BY_SIDE:
            return self._train_beside(plan)
        self.admission.raise_to(min(self.size, fits_that_fit(plan)))
        ticket = Ticket(plan)
        with self._changed:
            self._check()
            self._pending.append(ticket)
            self._changed.notify_all()
        with self.admission.waiting():
            return ticket.wait()

    def close(self) -> None:
        """Turn away whoever still waits, and stop what is being trained."""
        self.admission.close()
        with self._changed:
            self._closed.set()
            waiting, self._pending = self._pending, []
            self._changed.notify_all()
        for ticket in waiting:
            ticket.fail(FleetClosed())
        self._leader.join()

    def _check(self) -> None:
        if self._closed.is_set():
            raise FleetClosed()

    def _train_beside(self, plan: Plan) -> TrainingResult:
        with self._cores:
            crowded = self._count_beside(+1)
            try:
                (member,) = train_together(
                    [plan],
                    parallel=n_cores() == 1 or on_accelerator(),
                    check=self._check,
                )
            finally:
                crowded = self._count_beside(-1) and crowded
        if crowded:
            # As many networks were in training as there are cores.
            self._record(member, SIDE_BY_SIDE, n_cores())
        if member.error is not None:
            raise member.error
        return member.result()

    def _count_beside(self, change: int) -> bool:
        """Count a network in or out; tell whether every core has one."""
        with self._changed:
            before = self._beside
            self._beside += change
            return max(before, self._beside) == n_cores()

    def _record(self, member: Member, way: str, n_networks: int) -> None:
        if member.seconds_per_epoch is not None:
            steps = max(1, member.plan.train.n_steps)
            seconds = member.seconds_per_epoch / n_networks / steps
            calibration.record(member.plan, way, seconds)

    def _lead(self) -> None:
        while not self._closed.is_set():
            tickets = self._gather()
            try:
                self._train_groups(tickets)
            except BaseException as error:
                # Nobody may be left waiting; whoever was served has gone.
                for ticket in tickets:
                    ticket.fail(error)

    def _gather(self) -> list[Ticket]:
        with self._changed:
            while not self._pending and not self._closed.is_set():
                self._changed.wait()
            seen = -1
            while (
                len(self._pending) < self.size
                and len(self._pending) != seen
                and not self._closed.is_set()
            ):
                seen = len(self._pending)
                deadline = time.monotonic() + _LINGER
                while len(self._pending) == seen and not self._closed.is_set():
                    left = deadline - time.monotonic()
                    if left <= 0 or not self._changed.wait(left):
                        break
            tickets, self._pending = self._pending, []
        return tickets

    def _train_groups(self, tickets: list[Ticket]) -> None:
        groups: dict[Any, list[Ticket]] = {}
        for ticket in tickets:
            key = (ticket.plan.key, ticket.plan.group)
            groups.setdefault(key, []).append(ticket)
        for group in groups.values():
            self._train_alike(group, networks_that_fit([t.plan for t in group]))

    def _train_alike(self, waiting: list[Ticket], most: int) -> None:
        """Train tickets of one key and group, so many at once as there is memory."""
        while waiting:
            group, waiting = waiting[:most], waiting[most:]
            failure = self._train_group(group)
            if failure is None:
                continue
            # The error itself is gone, and with it the arrays that its frames held.
            untouched = [ticket for ticket in group if not ticket.touched]
            if failure == "memory":
                most = -(-len(group) // 2)
                waiting = untouched + waiting
            else:  # Find out whose fault it was.
                for ticket in untouched:
                    self._train_group([ticket])

    def _train_group(self, group: list[Ticket]) -> str | None:
        """Serve a group, or say why those are to be tried again who can be."""
        plans = [ticket.plan for ticket in group]
        try:
            width = None if len(plans) == 1 else self._width(plans)
            members = train_together(plans, width, check=self._check)
            if width is not None:
                self._record(members[0], STACKED, len(plans))
        except BaseException as error:
            over = len(group) == 1 or self._closed.is_set()
            for ticket in group:
                if over or ticket.touched:
                    ticket.fail(error)
            if over:
                return None
            return "memory" if is_out_of_memory(error) else "other"
        for ticket, member in zip(group, members, strict=True):
            ticket.finish(member)
        return None

    def _width(self, plans: list[Plan]) -> int:
        """Take a compiled program that is a little too wide rather than a new one."""
        n = len(plans)
        widths = programs.stack_widths(plans[0].key)
        return next((w for w in widths if n <= w <= n + n // 2), n)
