"""One line of progress for a whole search."""

import sys
import time
from threading import Lock
from typing import Any, Self

from sklearn.callback import CallbackContext

from kerasweep._private_callbacks import hush
from kerasweep.tracking._transport import Channel, close_channel, open_channel

_bars: dict[Any, "_Line"] = {}
_NOTEBOOK_INTERVAL = 0.5
# Of all epochs, before which the time that is left is anybody's guess.
_LEAST_SHARE = 0.01


class SearchProgress:
    """Show how many fits and epochs of a search are done, and the time left.

    A scikit-learn callback, for searches over this package's networks, in any number
    of processes. Where ``sklearn.callback.ProgressBar`` draws one bar per fit, this
    draws one line in all: on a terminal as a bar, in a notebook as a text that changes
    in its place, elsewhere as a line now and then.

    Parameters
    ----------
    n_fits : int
        Fits that the search will make, the refit included.
    epochs : int
        The most epochs a fit can take.
    interval : float, default=20.0
        Seconds between lines where the output is neither a terminal nor a notebook.

    Notes
    -----
    Inside ``with progress:`` all fits share the line, such as those of
    :func:`~kerasweep.model_selection.fit_replicates`; else each search or lone fit has
    its own.
    """

    #: Reaches the networks at any depth.
    max_propagation_depth = None
    #: There is no epoch to count in them.
    ignores_steps_without_callbacks = True

    def __init__(self, n_fits: int, epochs: int, *, interval: float = 20.0):
        if epochs == "auto":
            raise ValueError(
                "epochs of SearchProgress must be a number, the most that a fit can "
                "take. Got 'auto' instead. Pass 200, the most that it stands for."
            )
        self.n_fits = n_fits
        self.epochs = epochs
        self.interval = interval
        self._channels: dict[Any, Channel] = {}
        self._shared: Channel | None = None

    def __enter__(self) -> Self:
        line = _bars[id(self)] = _Line(self.n_fits, self.epochs, self.interval)
        self._shared = open_channel(line.update)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._shared is not None
        channel, self._shared = self._shared, None
        close_channel(channel)
        _bars.pop(id(self)).close()

    def setup(self, estimator: Any, context: CallbackContext) -> None:
        """Draw the line."""
        hush(context)
        if self._shared is not None:
            self._channels[context.root_uuid] = self._shared
            return
        line = _Line(self.n_fits, self.epochs, self.interval)
        _bars[context.root_uuid] = line
        self._channels[context.root_uuid] = open_channel(line.update)

    def on_fit_task_begin(self, estimator: Any, context: CallbackContext) -> None:
        """Count nothing: only what is done counts."""
        hush(context)

    def on_fit_task_end(self, estimator: Any, context: CallbackContext) -> None:
        """Count an epoch, or a network's fit."""
        if context.task_name == "epoch":
            message = ("epoch", _path(context.parent))
        elif hasattr(estimator, "epochs"):
            message = ("fit", _path(context))
        else:
            return
        self._channels[context.root_uuid].send(message)

    def teardown(self, estimator: Any, context: CallbackContext) -> None:
        """Leave the line as it stands."""
        channel = self._channels.pop(context.root_uuid)
        if self._shared is None:
            _bars.pop(context.root_uuid).close()
            close_channel(channel)


def _path(context: Any) -> tuple[Any, ...]:
    path: list[Any] = []
    root = context.root_uuid
    while context is not None:
        path.append(context.task_id)
        context = context.parent
    return (root, *reversed(path))


class _Line:
    """Counts, and what is shown of them."""

    def __init__(self, n_fits: int, epochs: int, interval: float):
        from rich.console import Console

        self._n_fits, self._epochs, self._interval = n_fits, epochs, interval
        self._running: dict[Any, int] = {}
        self._n_done = 0
        self._lock = Lock()
        self._start = self._said = time.monotonic()
        console = Console(file=sys.stderr)
        self._bar = _terminal_bar(console) if console.is_terminal else None
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task(self._counts(), total=n_fits * epochs)
        self._shown = _notebook_text(self._counts()) if console.is_jupyter else None
        if self._shown is not None:
            self._interval = min(interval, _NOTEBOOK_INTERVAL)

    def update(self, message: tuple[str, tuple[Any, ...]]) -> None:
        kind, fit = message
        with self._lock:
            if kind == "epoch":
                # a fit that a cluster begins again counts no epoch twice
                self._running[fit] = min(self._running.get(fit, 0) + 1, self._epochs)
            else:
                self._running.pop(fit, None)
                self._n_done += 1
                self._n_fits = max(self._n_fits, self._n_done)
            self._show()

    def _n_epochs(self) -> int:
        # a fit that stopped early is done all the same
        return self._n_done * self._epochs + sum(self._running.values())

    def _counts(self) -> str:
        return f"{self._n_done} of {self._n_fits} fits"

    def _show(self) -> None:
        if self._bar is not None:
            self._bar.update(
                self._task,
                total=self._n_fits * self._epochs,
                completed=self._n_epochs(),
                description=self._counts(),
            )
            return
        now = time.monotonic()
        if now - self._said < self._interval:
            return
        self._said = now
        done, total = self._n_epochs(), self._n_fits * self._epochs
        said = f"{self._counts()}, {100 * done / total:.0f} % of the epochs"
        if done >= _LEAST_SHARE * total:
            left = (now - self._start) / done * (total - done)
            said += f", about {duration(left)} left"
        self._say(said)

    def _say(self, text: str) -> None:
        if self._shown is not None:
            self._shown.update({"text/plain": text}, raw=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        else:
            self._say(
                f"{self._counts()} done in {duration(time.monotonic() - self._start)}"
            )


def _notebook_text(text: str) -> Any:
    """Show a text that can be changed in its place."""
    from IPython.display import display

    return display({"text/plain": text}, raw=True, display_id=True)


def _terminal_bar(console: Any) -> Any:
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console,
    )


def duration(seconds: float) -> str:
    """Return seconds as a text, with minutes where there are any."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
