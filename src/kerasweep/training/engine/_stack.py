"""The variables of networks in training."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasweep.training.engine._member import Member
from kerasweep.training.engine._plan import Plan


class Stack:
    """One network's state, or the states of several along a leading axis.

    Parameters
    ----------
    plans : sequence of Plan
    width : int or None
        Places in the stack, of which those left over follow the first network. None
        for a single network without an axis over networks.
    runtime : module

    Attributes
    ----------
    state : list of tensor
        As the program takes and gives it.
    floats : ndarray of shape (n_floats,) or (n_networks, n_floats)
    """

    def __init__(self, plans: Sequence[Plan], width: int | None, runtime: Any):
        self._plans = plans
        self._width = width or 1
        self._stacked = stacked = width is not None
        self._runtime = runtime
        networks = [plan.network for plan in plans]
        states = [network.read_state() for network in networks]
        floats = [network.float_values() or [0.0] for network in networks]
        left_over = self._width - len(plans)
        states += [states[0]] * left_over
        floats += [floats[0]] * left_over
        self.floats = np.asarray(floats if stacked else floats[0], dtype=np.float32)
        self.state = (
            [self._stacked_up(column) for column in zip(*states, strict=True)]
            if stacked
            else states[0]
        )
        self._best: list[Any] | None = None
        self._final: dict[int, list[np.ndarray]] = {}

    def _stacked_up(self, column: Sequence[Any]) -> Any:
        if isinstance(column[0], np.ndarray):
            return np.stack(column)
        return self._runtime.stack(list(column))

    def after_epoch(self, members: Sequence[Member], was_active: list[bool]) -> None:
        """Keep the weights that have become the best, and those that are final."""
        improved = np.zeros(self._width, dtype=bool)
        for k, member in enumerate(members):
            improved[k] = was_active[k] and member.improved and member.keeps_best
        if improved.any():
            if self._best is None or improved.all():
                self._best = self.state
            else:
                self._best = [
                    self._runtime.where(improved, new, old)
                    for new, old in zip(self.state, self._best, strict=True)
                ]
        if not any(member.active for member in members):
            return  # the state is everybody's last
        for k, member in enumerate(members):
            if was_active[k] and not member.active:
                self._final[k] = self._of(self._to_host(self.state), k)

    def write(self, members: Sequence[Member]) -> None:
        """Hand every network its values."""
        state = self._to_host(self.state)
        best = None if self._best is None else self._to_host(self._best)
        for k, member in enumerate(members):
            own = self._final.get(k) or self._of(state, k)
            own_best = self._of(best, k) if best and member.keeps_best else None
            self._plans[k].network.write_state(own, own_best)

    def _to_host(self, state: list[Any]) -> list[np.ndarray]:
        return [self._runtime.to_host(tensor) for tensor in state]

    def _of(self, state: list[np.ndarray], k: int) -> list[np.ndarray]:
        # Copies: a view would keep the whole stack for as long as one network lives.
        return [array[k].copy() for array in state] if self._stacked else state
