"""A fitted estimator as JSON values and arrays."""

import copy
from functools import partial
from typing import Any

import numpy as np

from kerasweep._private_callbacks import OF_A_FIT
from kerasweep.estimators._frozen import describe_model
from kerasweep.estimators._own_parts import named
from kerasweep.estimators._routing import is_model
from kerasweep.persistence._drawn import encode_drawn
from kerasweep.persistence._keras_config import check_config, check_network
from kerasweep.persistence._own_code import (
    WHAT_TO_DO,
    own_code_in,
    own_code_in_network,
)
from kerasweep.persistence._registry import name_of
from kerasweep.persistence._values import encode_value
from kerasweep.persistence._verify import check_described, check_described_network

_PLAIN = (str, bool, int, float, type(None), np.generic, np.ndarray)
_SAID = {"_network": "model_"}
#: Parameters that hold a function: code, which no file takes along.
FUNCTIONS = {
    "kerasweep.estimators.KerasClassifier": ("model",),
    "kerasweep.estimators.KerasRegressor": ("model",),
}


class Encoder:
    """Takes an estimator apart.

    Attributes
    ----------
    arrays : list of ndarray
        What the JSON value refers to by number; none holds Python objects.
    """

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []

    def estimator(self, estimator: Any) -> dict[str, Any]:
        """Return an estimator as a JSON value.

        Parameters
        ----------
        estimator : estimator
            Fitted.

        Returns
        -------
        value : dict

        Raises
        ------
        ValueError
            If a part of it can't be written without a pickle.
        """
        cls = type(estimator)
        name = name_of(estimator)
        if name is None:
            raise ValueError(
                "estimator of save must be made of kerasweep's estimators and of those "
                "of scikit-learn that hold numbers, strings and arrays alone. Got "
                f"{cls.__name__} of {cls.__module__} instead."
            )
        params = estimator.get_params(deep=False)
        for parameter in FUNCTIONS.get(name, ()):
            if not is_model(params[parameter]):
                params[parameter] = None
        # `_routed` are parameters too.
        left_out = {*OF_A_FIT, *params, "_routed"}
        fitted = {n: v for n, v in vars(estimator).items() if n not in left_out}
        return {
            "kind": "estimator",
            "class": name,
            "parameters": self._named(cls.__name__, params),
            "fitted": self._named(cls.__name__, fitted, estimator),
        }

    def _named(
        self, owner: str, values: dict[str, Any], estimator: Any = None
    ) -> dict[str, Any]:
        with_optimizer = bool(getattr(estimator, "warm_start", False))
        encoded = {}
        for name, value in values.items():
            where = f"{_SAID.get(name, name)} of {owner}"
            if name == "memory" and value is not None:
                raise ValueError(
                    f"{where} must be None to be saved: the files of a cache are "
                    f"pickles. Got {value!r} instead."
                )
            if name == "_network" and hasattr(value, "blueprint"):
                encoded[name] = encode_drawn(
                    value, partial(self._value, where), slots=with_optimizer
                )
            elif name == "_network":
                model = self._network(where, value.model, with_optimizer)
                encoded[name] = {"kind": "live", "model": model}
            elif is_model(value):
                encoded[name] = self._network(where, value, with_optimizer)
            else:
                encoded[name] = self._value(where, value)
        return encoded

    def _value(self, where: str, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | str):
            if type(value) in (type(None), bool, int, float, str):
                return value
        if isinstance(value, np.generic | np.ndarray):
            return self._array(where, value)
        if isinstance(value, np.dtype) and (value.kind == "O" or not value.hasobject):
            return {"kind": "dtype", "name": value.str}
        if isinstance(value, list):
            return [self._value(where, item) for item in value]
        if isinstance(value, tuple) and type(value) is tuple:
            return {"kind": "tuple", "items": self._value(where, list(value))}
        if type(value) is dict:
            pairs = [[key, item] for key, item in value.items()]
            return {"kind": "dict", "items": self._value(where, pairs)}
        if (encoded := encode_value(value, partial(self._value, where))) is not None:
            return encoded
        if hasattr(value, "get_params") and not isinstance(value, type):
            return self.estimator(value)
        if type(value).__module__.startswith("keras."):
            return self._keras_object(where, value)
        own = own_code_in(value)
        code = "" if own is None else f" {named(own)} is code. {WHAT_TO_DO}."
        raise ValueError(
            f"{where} must be numbers, strings, arrays or Keras' own objects to be "
            f"saved without a pickle. Got {value!r} instead.{code}"
        )

    def _array(self, where: str, value: Any) -> dict[str, Any]:
        array = np.asarray(value)
        if not array.dtype.hasobject:
            self.arrays.append(array)
            scalar = {"scalar": True} if isinstance(value, np.generic) else {}
            return {"kind": "array", "number": len(self.arrays) - 1, **scalar}
        items = array.ravel().tolist()
        for item in items:
            if not isinstance(item, _PLAIN) and type(item).__name__ != "NAType":
                raise ValueError(
                    f"{where} must hold numbers or strings to be saved without a "
                    f"pickle. Got an array of objects such as {item!r} instead."
                )
        encoded = [self._value(where, item) for item in items]
        return {"kind": "objects", "shape": list(array.shape), "items": encoded}

    def _network(self, where: str, model: Any, with_optimizer: bool) -> dict[str, Any]:
        own = own_code_in_network(model)
        if own is not None:
            raise ValueError(f"{where} can't be saved: {own} is code. {WHAT_TO_DO}.")
        frozen = describe_model(model, with_optimizer=with_optimizer)
        shapes = [value.shape for value in frozen.variables]
        _checked(where, check_network, frozen.config, shapes)
        _checked(where, check_described_network, model, frozen)
        return {
            "kind": "network",
            "config": frozen.config,
            "variables": [self._array(where, value) for value in frozen.variables],
            "states": [
                {"layer": s.layer, "values": self._value(where, s.values)}
                for s in frozen.states
            ],
            "optimizer": None
            if frozen.optimizer is None
            else [self._array(where, value) for value in frozen.optimizer],
        }

    def _keras_object(self, where: str, value: Any) -> dict[str, Any]:
        import keras

        own = own_code_in(value)
        if own is not None:
            raise ValueError(
                f"{where} can't be saved: {named(own)} is code. {WHAT_TO_DO}."
            )
        try:
            config = keras.saving.serialize_keras_object(value)
        except (TypeError, NotImplementedError):  # a callback, for instance
            raise ValueError(
                f"{where} must be what Keras can describe to be saved. Got {value!r} "
                "instead."
            ) from None
        _checked(where, check_config, config)
        again = keras.saving.deserialize_keras_object(copy.deepcopy(config))
        _checked(where, check_described, value, again)
        return {"kind": "keras", "config": config}


def _checked(where: str, check: Any, *arguments: Any) -> None:
    try:
        check(*arguments)
    except ValueError as error:
        raise ValueError(f"{where} can't be saved: {error}.") from None
