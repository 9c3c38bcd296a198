"""Every private name of scikit-learn's callbacks that this package uses.

A release of scikit-learn that renames one of them is found by
``tests/test_private_callbacks.py``, which says which. Its own `ScoringMonitor` and
`ProgressBar` use the transport in the same way.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sklearn.callback import CallbackContext, _transport

#: Names by the object that has them, for the test.
NAMES = {
    "transport": (
        "_listeners",
        "_message_consumers",
        "close_listener",
        "open_listener",
        "send",
    ),
    "context": (
        "_callbacks",
        "_children_map",
        "propagate_callback_context",
        "subcontext",
    ),
    "estimator": ("_skl_callbacks", "_skl_callbacks_to_teardown", "_callback_fit_ctx"),
    "sub-estimator": ("_parent_callback_ctx",),
}
#: Attributes of an estimator that belong to a fit, and no file or copy should hold.
OF_A_FIT = (*NAMES["estimator"], *NAMES["sub-estimator"])
#: Those of them that are contexts.
CONTEXTS = ("_callback_fit_ctx", "_parent_callback_ctx")


# Estimators -------------------------------------------------------------------------


def has_callbacks(estimator: Any) -> bool:
    """Whether callbacks were set on an estimator, or passed down to it."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def remove_callbacks(estimator: Any) -> None:
    """Leave an estimator without callbacks."""
    vars(estimator).pop("_skl_callbacks", None)


def context_above(estimator: Any) -> Any:
    """Return the task of the estimator above that is this one's fit, or None."""
    return getattr(estimator, "_parent_callback_ctx", None)


# Contexts ---------------------------------------------------------------------------


def callbacks_of(context: Any) -> list[Any]:
    """Return the callbacks of a task."""
    return list(getattr(context, "_callbacks", ()))


def without_siblings(context: Any) -> Any:
    """Return a task that is a copy of another and knows only its ancestors."""
    other = object.__new__(type(context))
    vars(other).update(vars(context))
    other._children_map = {}
    if context.parent is not None:
        other.parent = without_siblings(context.parent)
        other.parent._children_map[context.task_id] = other
    return other


def hush(context: Any) -> Any:
    """Let a task, and those below it, pass quietly over steps without callbacks.

    scikit-learn warns of each fit of such a step, as of a ColumnTransformer. A callback
    says by `ignores_steps_without_callbacks` that it misses nothing there; for any
    other the warning comes as ever. No warning filter is touched.
    """
    if type(context) is CallbackContext:
        context.__class__ = _HushedContext
    return context


class _HushedContext(CallbackContext):
    def subcontext(self, *arguments: Any, **more: Any) -> Any:
        return hush(super().subcontext(*arguments, **more))

    @contextmanager
    def propagate_callback_context(self, sub_estimator: Any) -> Iterator[None]:
        every: list[Any] = self._callbacks  # type: ignore[has-type]
        if not hasattr(sub_estimator, "set_callbacks"):
            self._callbacks = [
                one
                for one in every
                if not getattr(one, "ignores_steps_without_callbacks", False)
            ]
        try:
            with super().propagate_callback_context(sub_estimator):
                self._callbacks = every
                yield
        finally:
            self._callbacks = every


# The transport ----------------------------------------------------------------------


def listen(consume: Callable[[Any], None]) -> Any:
    """Return the picklable handle of a new listener in this process."""
    return _transport.open_listener(consume)


def stop_listening(handle: Any) -> None:
    """Close a listener."""
    _transport.close_listener(handle)


def is_listening(handle: Any) -> bool:
    """Whether this process has the listener, and it is open."""
    return handle.address in _transport._listeners


def send(handle: Any, message: Any) -> None:
    """Deliver a message to a listener in this process or another."""
    _transport.send(handle, message)


def consumer_at(address: str) -> Callable[[Any], None] | None:
    """Return what takes the messages to an address in this process."""
    return _transport._message_consumers.get(address)


def drop_consumer(address: str) -> None:
    """Forget an inherited consumer: a forked process has not its thread."""
    _transport._message_consumers.pop(address, None)
