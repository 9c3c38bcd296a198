"""An estimator's parameters when it is copied, cloned or pickled."""

import sys
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from kerasweep.estimators._carried import Carried, copied_or_deepcopied
from kerasweep.estimators._frozen import FrozenModel
from kerasweep.estimators._keras_reducers import copy_whole_losses

_PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes),
    *(np.generic, np.ndarray, np.random.RandomState, np.random.Generator),
)
_CARRIED = "_carried"
_OWN, _ORIGIN = "own parts of the network", "origin of the network"


def carried_state(estimator: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Let users' functions and Keras' objects take their code along.

    Parameters
    ----------
    estimator : estimator
    state : dict
        Its attributes, the network as plain data.

    Returns
    -------
    state : dict
        Another one, to be pickled.
    """
    names = {*estimator.get_params(deep=False), "_routed"}
    carried = {
        n: v for n, v in state.items() if n in names and not is_plain_parameter(v)
    }
    state = {n: v for n, v in state.items() if n not in carried}
    frozen = state.get("_network")
    if isinstance(frozen, FrozenModel):
        carried |= {_OWN: frozen.own, _ORIGIN: frozen.origin}
        state["_network"] = frozen._replace(own=None, origin=None)
    if carried:
        state[_CARRIED] = Carried(type(estimator).__name__, carried)
    return state


def restored_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return what :func:`carried_state` was given."""
    state = dict(state)
    if _CARRIED in state:
        values = dict(state.pop(_CARRIED).values)
        own, origin = values.pop(_OWN, None), values.pop(_ORIGIN, None)
        if isinstance(state.get("_network"), FrozenModel):
            state["_network"] = state["_network"]._replace(own=own, origin=origin)
        state.update(values)
    return state


def cloned(estimator: Any) -> Any:
    """Clone an estimator, and copy Keras' objects by all that they hold.

    scikit-learn makes deep copies of parameters, which Keras makes from ``get_config``.
    """
    if "keras" in sys.modules:
        copy_whole_losses()
    shell = object.__new__(type(estimator))
    state = vars(shell)
    state.update(vars(estimator))
    for name in estimator.get_params(deep=False):
        if name in state:
            state[name] = _clonable(state[name])
    if "_routed" in state:
        state["_routed"] = {n: _clonable(v) for n, v in state["_routed"].items()}
    return BaseEstimator.__sklearn_clone__(shell)


def is_plain_parameter(value: Any) -> bool:
    """Tell whether a parameter holds no function, class or object of Keras'."""
    if type(value) in (list, tuple):
        return all(map(is_plain_parameter, value))
    if type(value) is dict:
        return all(map(is_plain_parameter, value.values()))
    return isinstance(value, _PLAIN)


class _Copied:
    """Is cloned as a copy of a value."""

    def __init__(self, value: Any):
        self._value = value

    def __sklearn_clone__(self) -> Any:
        return copied_or_deepcopied(self._value)


def _clonable(value: Any) -> Any:
    return value if is_plain_parameter(value) else _Copied(value)
