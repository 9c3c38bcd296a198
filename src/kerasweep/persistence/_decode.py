"""From JSON values and arrays to a fitted estimator."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasweep import training
from kerasweep._private_callbacks import OF_A_FIT
from kerasweep.estimators._frozen import FrozenModel, thaw_model
from kerasweep.estimators._layer_state import LayerState
from kerasweep.persistence._drawn import decode_drawn
from kerasweep.persistence._keras_config import check_config, check_network
from kerasweep.persistence._registry import class_named
from kerasweep.persistence._values import decode_value


class Decoder:
    """Puts an estimator together; only classes of fixed lists are ever made.

    Parameters
    ----------
    arrays : sequence of ndarray
        What the JSON value refers to by number.
    """

    def __init__(self, arrays: Sequence[np.ndarray]) -> None:
        self._arrays = arrays

    def value(self, value: Any) -> Any:
        """Return what a JSON value stands for.

        Parameters
        ----------
        value : JSON value
            From :class:`Encoder`.

        Returns
        -------
        value : object

        Raises
        ------
        ValueError
            With the reason, to be put behind a colon.
        """
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        kind = value["kind"]
        if kind == "tuple":
            return tuple(self.value(value["items"]))
        if kind == "dict":
            return dict(self.value(value["items"]))
        if kind == "dtype":
            return np.dtype(str(value["name"]))
        if kind == "array":
            array = self._arrays[value["number"]]
            return array[()] if value.get("scalar") else array
        if kind == "objects":
            objects = np.empty(len(value["items"]), dtype=object)
            for place, item in enumerate(value["items"]):
                objects[place] = self.value(item)  # an array stays one item
            return objects.reshape(value["shape"])
        if kind == "network":
            return self._network(value)
        if kind == "live":
            return training.Live(self._network(value["model"]))
        if kind == "drawn":
            return decode_drawn(value, self.value)
        if kind == "keras":
            return self._keras_object(value["config"])
        if kind == "estimator":
            return self._estimator(value)
        return decode_value(value, self.value)

    def _estimator(self, value: dict[str, Any]) -> Any:
        cls = class_named(value["class"])
        parameters = {n: self.value(v) for n, v in value["parameters"].items()}
        if parameters.get("memory") is not None:
            raise ValueError("it names a cache, whose files would be pickles")
        if "steps" in parameters:
            parameters["steps"] = [tuple(step) for step in parameters["steps"]]
        estimator = cls(**parameters)
        for name, fitted in value["fitted"].items():
            # An attribute that the class has, such as a method, is not learnt.
            if name.startswith("__") or hasattr(cls, name) or name in OF_A_FIT:
                raise ValueError(
                    f"it sets {name!r} of {cls.__name__}, which is not learnt"
                )
            setattr(estimator, name, self.value(fitted))
        return estimator

    def _network(self, value: dict[str, Any]) -> Any:
        config, optimizer = value["config"], value["optimizer"]
        frozen = FrozenModel(
            config,
            self.value(value["variables"]),
            None if optimizer is None else self.value(optimizer),
            [
                LayerState(int(state["layer"]), self.value(state["values"]), {})
                for state in value["states"]
            ],
        )
        check_network(config, [value.shape for value in frozen.variables])
        return thaw_model(frozen, safe_mode=True)

    def _keras_object(self, config: Any) -> Any:
        import keras

        check_config(config)
        return keras.saving.deserialize_keras_object(config, safe_mode=True)
