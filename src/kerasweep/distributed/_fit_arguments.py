"""What of scikit-learn's tree of tasks travels with a fit."""

from typing import Any

from sklearn.callback import CallbackContext

from kerasweep._private_callbacks import CONTEXTS, without_siblings


def without_other_tasks(value: Any) -> Any:
    """Return an argument of a fit without the tasks of the other fits.

    A task knows the whole tree: a search over 2,000 candidates would send 350 kB with
    each of them, and half of the time would go into packing and unpacking that.

    Parameters
    ----------
    value : object
        Nothing in it is changed.

    Returns
    -------
    value : object
        A context with its ancestors alone, an estimator that holds such contexts, or
        `value` itself.
    """
    if isinstance(value, CallbackContext):
        return without_siblings(value)
    held = {name: ctx for name, ctx in _attributes(value).items() if name in CONTEXTS}
    if not held:
        return value
    other = object.__new__(type(value))  # an estimator's own copying may cost much
    vars(other).update(vars(value))
    for name, context in held.items():
        setattr(other, name, without_siblings(context))
    return other


def _attributes(value: Any) -> dict[str, Any]:
    try:
        return vars(value)
    except TypeError:  # a number, for instance
        return {}
