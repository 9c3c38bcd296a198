"""A fit that waits for its network to be trained by another thread."""

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kerasweep.training.engine._job import TrainingResult
from kerasweep.training.engine._member import Member
from kerasweep.training.engine._plan import Plan


class Ticket:
    """Hand a plan over, and run its ``on_epoch`` in the thread that waits.

    Parameters
    ----------
    plan : Plan
        Its job's ``on_epoch`` is replaced by one that asks the waiting thread, whose
        context (scikit-learn's, a progress bar's) the caller's function may need.

    Attributes
    ----------
    touched : bool
        Whether the caller has seen an epoch: the job cannot be started again.
    """

    def __init__(self, plan: Plan):
        self.plan = plan
        self.touched = False
        self._messages: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._left = threading.Event()
        self._on_epoch = plan.job.on_epoch
        if self._on_epoch is not None:
            plan.job = replace(plan.job, on_epoch=_Remote(self))

    def wait(self) -> TrainingResult:
        """Wait for the result, answering each epoch's call."""
        try:
            while True:
                kind, content = self._messages.get()
                if kind == "done":
                    return content
                if kind == "failed":
                    raise content
                assert self._on_epoch is not None
                self._answers.put(self._on_epoch(*content))
        except BaseException:
            self._left.set()
            self._answers.put(True)
            raise

    def finish(self, member: Member) -> None:
        """Send the waiting thread its result."""
        if member.error is not None:
            self.fail(member.error)
        else:
            self._messages.put(("done", member.result()))

    def fail(self, error: BaseException) -> None:
        """Raise an error in the waiting thread."""
        self._messages.put(("failed", error))

    def ask(self, epoch: int, logs: dict[str, float]) -> Callable[[], bool]:
        """Send the waiting thread an epoch; give what waits for its answer.

        Many fits can be asked before the first answer is there.
        """
        self.touched = True
        if self._left.is_set():
            return lambda: True
        self._messages.put(("epoch", (epoch, logs)))
        return lambda: bool(self._answers.get())


class _Remote:
    """An ``on_epoch`` that is answered by another thread."""

    def __init__(self, ticket: Ticket):
        self.ask = ticket.ask

    def __call__(self, epoch: int, logs: dict[str, float]) -> bool:
        return self.ask(epoch, logs)()
