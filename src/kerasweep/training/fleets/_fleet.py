"""Concurrent fits that wait for each other and are trained together."""

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import joblib
from joblib.parallel import ThreadingBackend

from kerasweep.training.backends._facts import on_accelerator
from kerasweep.training.backends._out_of_memory import is_out_of_memory
from kerasweep.training.engine._job import TrainingJob, TrainingResult
from kerasweep.training.engine._member import Member
from kerasweep.training.engine._plan import Plan
from kerasweep.training.engine._together import train_together
from kerasweep.training.fleets._machine import (
    SIDE_BY_SIDE,
    STACKED,
    calibration,
    fits_that_fit,
    is_short,
    networks_that_fit,
)
from kerasweep.training.fleets._ticket import Ticket

# Seconds without a newcomer after which those who wait are trained: when everybody who
# is under way waits, and when somebody does something else for so long.
_SETTLED, _PATIENCE = 0.01, 0.5
# Short fits in training on each core: while one of them is in Python, another computes.
_SHORT_FITS = 2


class FleetClosed(RuntimeError):
    """A fit was still waiting when its fleet was left."""

    def __init__(self) -> None:
        super().__init__("The fleet was left before this fit was trained.")


class Fleet:
    """Let concurrent fits begin, gather their jobs, and train those alike together.

    Threads wait for two things, under one condition variable: to begin, since each fit
    holds its rows in memory, and for their networks to be trained.

    Parameters
    ----------
    size : int
        Most fits that wait at once.

    Attributes
    ----------
    limit : int
        Most fits under way at once. Fits that are trained side by side would only
        wait, each with its rows; once some are short or can be stacked, more may begin.
    """

    #: Seconds without a newcomer once everybody who is known to be under way waits.
    settled = _SETTLED

    def __init__(self, size: int):
        self.size = size
        self.limit = min(size, joblib.cpu_count() + 1)
        self._places = 1 if on_accelerator() else joblib.cpu_count()
        self._changed = threading.Condition()
        self._closed = False
        self._to_come = 0
        self._under_way = 0
        self._beside = 0
        self._pending: list[Ticket] = []
        self._last_arrival = 0.0
        self._leader = threading.Thread(
            target=self._lead, name="kerasweep-fleet", daemon=True
        )
        self._leader.start()

    def train(self, job: TrainingJob) -> TrainingResult:
        """Train a job's network together with whatever others there are."""
        plan = Plan(job)
        if calibration.choose(plan) == SIDE_BY_SIDE:
            return self._train_beside(plan)
        ticket = Ticket(plan)
        with self._changed:
            self._check()
            self.limit = max(self.limit, min(self.size, fits_that_fit(plan)))
            self._pending.append(ticket)
            self._last_arrival = time.monotonic()
            self._changed.notify_all()
        with self.waiting():
            return ticket.wait()

    def announce(self) -> None:
        """Count a fit that will begin as soon as it may."""
        with self._changed:
            self._to_come += 1

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Wait until an announced fit may begin, and count it until it ends."""
        with self._changed:
            try:
                self._changed.wait_for(
                    lambda: self._closed or self._under_way < self.limit
                )
                self._check()
            except BaseException:
                self._to_come -= 1
                raise
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._to_come -= 1
                self._changed.notify_all()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Hold a fit's place while its network waits and is trained."""
        yield

    def close(self) -> None:
        """Turn away whoever still waits, and stop what is being trained."""
        with self._changed:
            self._closed = True
            waiting, self._pending = self._pending, []
            self._changed.notify_all()
        for ticket in waiting:
            ticket.fail(FleetClosed())
        self._leader.join()

    def _check(self) -> None:
        if self._closed:
            raise FleetClosed

    def _train_beside(self, plan: Plan) -> TrainingResult:
        """Train a network in its own thread, one on each core or a few short ones."""
        places, limit = self._places, self.limit
        if is_short(plan):
            places *= _SHORT_FITS
            limit = min(self.size, places + 1, fits_that_fit(plan))
        with self._changed:
            if limit > self.limit:
                self.limit = limit
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or self._beside < places)
            self._check()
            self._beside += 1
            crowded = self._beside == self._places
        try:
            (member,) = train_together(
                [plan], stacked=False, parallel=self._places == 1, check=self._check
            )
        finally:
            with self._changed:
                crowded = crowded and self._beside == self._places
                self._beside -= 1
                self._changed.notify_all()
        if crowded:
            # As many networks were in training as there are cores.
            self._record(member, SIDE_BY_SIDE, self._places)
        if member.error is not None:
            raise member.error
        return member.result()

    def _record(self, member: Member, way: str, n_networks: int) -> None:
        if member.seconds_per_epoch is not None:
            steps = max(1, member.plan.train.n_steps)
            seconds = member.seconds_per_epoch / n_networks / steps
            calibration.record(member.plan, way, seconds)

    def _lead(self) -> None:
        while True:
            tickets = self._gather()
            if tickets is None:
                return
            try:
                self._train_groups(tickets)
            except BaseException as error:
                # Nobody may be left waiting; whoever was served has gone.
                for ticket in tickets:
                    ticket.fail(error)

    def _gather(self) -> list[Ticket] | None:
        """Wait for a group; None once the fleet is closed."""
        with self._changed:
            while not self._closed:
                left = self._seconds_to_wait()
                if left is not None and left <= 0:
                    tickets, self._pending = self._pending, []
                    return tickets
                self._changed.wait(left)
        return None

    def _seconds_to_wait(self) -> float | None:
        """Give the seconds until those who wait are trained, if nobody comes."""
        if not self._pending:
            return None
        if len(self._pending) >= self.size:
            return 0.0
        others = min(self._to_come, self.limit) - self._beside
        patience = self.settled if len(self._pending) >= others else _PATIENCE
        return self._last_arrival + patience - time.monotonic()

    def _train_groups(self, tickets: list[Ticket]) -> None:
        groups: dict[Any, list[Ticket]] = {}
        for ticket in tickets:
            key = (ticket.plan.key, ticket.plan.group)
            groups.setdefault(key, []).append(ticket)
        for group in groups.values():
            self._train_alike(group, networks_that_fit([t.plan for t in group]))

    def _train_alike(self, waiting: list[Ticket], most: int) -> None:
        """Train tickets of one key and group, as many at once as memory holds."""
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
            members = train_together(plans, stacked=True, check=self._check)
            if len(plans) > 1:
                self._record(members[0], STACKED, len(plans))
        except BaseException as error:
            over = len(group) == 1 or self._closed
            for ticket in group:
                if over or ticket.touched:
                    ticket.fail(error)
            if over:
                return None
            if is_out_of_memory(error):
                return "memory"
            warnings.warn(
                f"{len(group)} networks could not be trained together, and are trained "
                f"one by one: {type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
            return "other"
        for ticket, member in zip(group, members, strict=True):
            ticket.finish(member)
        return None


class FleetBackend(ThreadingBackend):
    """joblib's threads, each of which waits until its fit may begin.

    What a fit runs in parallel itself is run by joblib's own threads: it has begun
    with the fit.
    """

    def __init__(self, fleet: Fleet, **options: Any):
        super().__init__(**options)
        self._fleet = fleet

    def submit(
        self,
        func: Callable[[], Any],
        callback: Callable[[Any], None] | None = None,
    ) -> Any:
        """Schedule a function."""
        self._fleet.announce()

        def begun() -> Any:
            with self._fleet.under_way():
                return func()

        return super().submit(begun, callback)
