"""Several networks that one Keras model stands for."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from kerasweep.training.engine._floats import Floats
from kerasweep.training.engine._network import Live


class Copy:
    """A network of a model's layers, with values of its own.

    Parameters
    ----------
    live : Live
        Compiled; never trained itself.
    state : sequence of ndarray
        Values of its variables, then of those of its optimizer.
    build : callable
        Gives another compiled model of these layers, for ``Model.fit``.

    Attributes
    ----------
    model : keras.Model
        That of all the copies, to trace.
    """

    def __init__(
        self, live: Live, state: Sequence[np.ndarray], build: Callable[[], Any]
    ):
        self._live = live
        self._state = list(state)
        self._build = build
        self.model = live.model

    @property
    def architecture(self) -> Hashable:
        """The model's."""
        return self._live.architecture

    @property
    def facts(self) -> Any:
        """Those of the model."""
        return self._live.facts

    def key(self, plan: Any) -> Hashable:
        """Identify what the model, its loss, metrics and optimizer compute."""
        return self._live.key(plan)

    def tracing_model(self) -> Any:
        """Give the model."""
        return self.model

    def floats(self) -> Floats:
        """Find the floats."""
        return self._live.floats()

    def float_values(self) -> list[float]:
        """Give the values in the model."""
        return self._live.float_values()

    def read_state(self) -> list[Any]:
        """Give the arrays."""
        return list(self._state)

    def write_state(self, state: Sequence[Any], best: Sequence[Any] | None) -> None:
        """Keep new values."""
        self._state = [np.asarray(v) for v in (state if best is None else best)]

    def prediction_values(self) -> list[Any]:
        """Give the arrays of the model's variables."""
        places = {id(v): i for i, v in enumerate(self._live_variables())}
        return [self._state[places[id(v)]] for v in self.model.variables]

    def prediction_variables(self) -> list[Any]:
        """Give the variables of the model."""
        return self._live.prediction_variables()

    def is_finite(self) -> bool:
        """Tell whether the values of all variables are numbers."""
        return all(np.isfinite(value).all() for value in self._state)

    def weights(self) -> dict[str, list[np.ndarray]]:
        """Give the weights by the names of the layers that have some."""
        places = {id(v): i for i, v in enumerate(self._live_variables())}
        return {
            layer.name: [self._state[places[id(v)]] for v in layer.weights]
            for layer in self.model.layers
            if layer.weights
        }

    def to_live(self) -> Live:
        """Build a model with these values."""
        other = Live(self._build())
        other.read_state()  # makes the optimizer's variables
        other.write_state(self._state, None)
        return other

    def _live_variables(self) -> list[Any]:
        model = self.model
        return [*model.trainable_variables, *model.non_trainable_variables]


def copies_of(
    model: Any,
    draws: Sequence[Callable[[], Any]],
    build: Callable[[], Any],
) -> list[Copy]:
    """Make networks of one model's layers.

    Parameters
    ----------
    model : keras.Model
        Built and compiled.
    draws : sequence of callable
        One for each network: gives pairs of variable and initial value.
    build : callable
        As of :class:`Copy`.

    Returns
    -------
    copies : list of Copy
    """
    live = Live(model)
    first = [np.asarray(value) for value in live.read_state()]
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    places = {id(variable): i for i, variable in enumerate(variables)}
    copies = []
    for draw in draws:
        state = list(first)
        for variable, value in draw():
            place = places[id(variable)]
            state[place] = np.asarray(value).astype(first[place].dtype)
        copies.append(Copy(live, state, build))
    return copies
