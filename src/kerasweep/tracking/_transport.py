"""The way of a message to the main process."""

import os
import warnings
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple
from uuid import uuid4

from kerasweep import _private_callbacks as private

#: Names this process among those of all machines; a forked child has it, too.
PROCESS = uuid4().hex

#: Given a process's name, an address in it and a message, from a process that can't
#: reach that one's sockets.
Relay = Callable[[str, str, Any], None]

_lock = Lock()


class Channel(NamedTuple):
    """A picklable address of the main process."""

    handle: Any
    pid: int
    process: str

    @property
    def is_own(self) -> bool:
        """Whether it was opened by this process."""
        return self.pid == os.getpid() and self.process == PROCESS

    @property
    def is_local(self) -> bool:
        """Whether this is the process that listens."""
        return self.is_own and private.is_listening(self.handle)

    def send(self, message: Any) -> bool:
        """Deliver a message; return False, after one warning, where that fails.

        A fit never fails because its record can't be delivered.
        """
        if self.is_own:
            try:
                private.send(self.handle, message)
            except OSError:  # the tracking object is gone
                return False
            return True
        if _relays:
            _relays[-1](self.process, self.handle.address, message)
            return True
        with _lock:  # one socket a process, perhaps several fits' threads
            if self.handle.address in _lost:
                return False
            # A forked worker inherits a consumer whose thread it did not inherit.
            private.drop_consumer(self.handle.address)
            try:
                private.send(self.handle, message)
            except (OSError, EOFError) as error:
                _lost.add(self.handle.address)
                warnings.warn(
                    "MlflowTracking can't reach the process that writes to MLflow "
                    f"({type(error).__name__}: {error}), so MLflow does not show the "
                    "fits of this process while they run.",
                    stacklevel=2,
                )
                return False
            return True


_lost: set[str] = set()
_relays: list[Relay] = []


def relay_by(relay: Relay) -> None:
    """Send this process's messages to others by `relay` from now on."""
    _relays[:] = [relay]


def deliver(address: str, message: Any) -> None:
    """Hand a message over to this process's listener, unless that has closed."""
    consume = private.consumer_at(address)
    if consume is not None:
        consume(message)


def open_channel(consume: Callable[[Any], None]) -> Channel:
    """Listen in this process; `consume` is called from several threads."""
    return Channel(private.listen(consume), os.getpid(), PROCESS)


def close_channel(channel: Channel) -> None:
    """Stop listening."""
    if channel.is_own:
        private.stop_listening(channel.handle)
