"""One network's progress through its epochs."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from kerasweep.training.engine._job import EarlyStopping, TrainingResult
from kerasweep.training.engine._plan import Plan


class Member:
    """Decide, epoch by epoch, whether a network goes on.

    Parameters
    ----------
    plan : Plan

    Attributes
    ----------
    active : bool
        Whether the network is still being trained.
    improved : bool
        Whether its last epoch was its best, and its weights are to be kept.
    error : BaseException or None
        What its ``on_epoch`` raised.
    seconds_per_epoch : float or None
        The fastest epoch of its program after the first.
    """

    def __init__(self, plan: Plan):
        self.plan = plan
        self.active = plan.job.epochs > 0
        self.improved = False
        self.error: BaseException | None = None
        self.seconds_per_epoch: float | None = None
        self.history: dict[str, list[float]] = {}
        self._stop = False
        self._answer: Callable[[], Any] | None = None
        self._stopper = (
            None
            if plan.job.early_stopping is None
            else _Stopper(plan.job.early_stopping)
        )

    @property
    def keeps_best(self) -> bool:
        """Whether the network ends with the weights of its best epoch."""
        stopping = self.plan.job.early_stopping
        return stopping is not None and stopping.restore_best_weights

    def begin_report(self, epoch: int, logs: dict[str, float]) -> None:
        """Record an epoch's logs, and ask the caller whether to go on."""
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)
        job = self.plan.job
        self._stop = job.terminate_on_nan and not math.isfinite(logs["loss"])
        self.improved = False
        if self._stopper is not None and "val_loss" in logs:
            self._stop = self._stopper.stops(epoch, logs["val_loss"]) or self._stop
            self.improved = self._stopper.improved
        if job.on_epoch is not None:
            ask = getattr(job.on_epoch, "ask", None)
            logs = dict(logs)
            self._answer = (
                partial(job.on_epoch, epoch, logs) if ask is None else ask(epoch, logs)
            )

    def end_report(self, epoch: int) -> None:
        """Take the caller's answer, and stop if it, or the logs, say so."""
        if self._answer is not None:
            try:
                self._stop = bool(self._answer()) or self._stop
            except BaseException as error:
                self.error = error
                self._stop = True
        if self._stop or epoch + 1 >= self.plan.job.epochs:
            self.active = False

    def result(self) -> TrainingResult:
        """Give what happened."""
        best = None if self._stopper is None else self._stopper.best_epoch
        network = self.plan.job.network
        return TrainingResult(self.history, best, "compiled", network=network)


class _Stopper:
    """Keras' EarlyStopping on the validation loss."""

    def __init__(self, settings: EarlyStopping):
        self._settings = settings
        self._best: float | None = None
        self._wait = 0
        self.best_epoch = 0
        self.improved = False

    def stops(self, epoch: int, value: float) -> bool:
        self._wait += 1
        self.improved = self._best is None or (
            value + abs(self._settings.min_delta) < self._best
        )
        if self.improved:
            self._best, self.best_epoch, self._wait = value, epoch, 0
            return False
        return self._wait >= self._settings.patience and epoch > 0


def log_dict(names: list[str], train: Any, validation: Any) -> dict[str, float]:
    """Name a network's logs as Keras does."""
    logs = {name: float(v) for name, v in zip(names, train, strict=True)}
    if validation is not None:
        logs |= {f"val_{n}": float(v) for n, v in zip(names, validation, strict=True)}
    return logs
