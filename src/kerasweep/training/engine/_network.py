"""A network in training: drawn from a blueprint, or a Keras model that lives."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._blueprint import Blueprint, Numbers
from kerasweep.training.engine._facts import Facts
from kerasweep.training.engine._floats import Floats
from kerasweep.training.engine._signature import architecture_key, training_key
from kerasweep.training.engine._template import Arrays, Template, building, template_of


class Network(Protocol):
    """What the engine trains.

    A state is a list of arrays or tensors: trainable variables, the other variables
    (batch statistics, seeds), optimizer variables.

    Attributes
    ----------
    architecture : hashable
        Networks of one architecture predict the same from their variables.
    facts : Facts
    """

    @property
    def architecture(self) -> Hashable: ...
    @property
    def facts(self) -> Facts: ...

    def key(self, plan: Any) -> Hashable:
        """Identify what a plan's program computes from a state and floats.

        Raises
        ------
        NotExpressible
            If nothing can be said of it.
        """

    def tracing_model(self) -> Any:
        """Give the Keras model that a program is traced with."""

    def floats(self) -> Floats:
        """Give the places of the floats in that model."""

    def float_values(self) -> list[float]:
        """Give this network's floats."""

    def read_state(self) -> list[Any]:
        """Give the values of all variables."""

    def write_state(self, state: Sequence[Any], best: Sequence[Any] | None) -> None:
        """Take new values; ``best``, if given, for what Keras restores."""

    def prediction_values(self) -> list[Any]:
        """Give the tensors that a prediction takes."""

    def prediction_variables(self) -> list[Any]:
        """Give the variables of the traced model that those stand for."""

    def is_finite(self) -> bool:
        """Tell whether its weights are numbers."""


class Drawn:
    """A network of a blueprint as arrays, without any Keras object.

    Once trained it does not change: training makes another one.

    Parameters
    ----------
    blueprint : Blueprint
    numbers : mapping of str to number
    seed : int
        Draws the initial values.

    Attributes
    ----------
    variables, slots : list of ndarray, or None
        Values of the model's and of the optimizer's variables. None stands for those
        that the network begins with.
    """

    def __init__(self, blueprint: Blueprint, numbers: Numbers, seed: int):
        self.blueprint = blueprint
        self.numbers = dict(numbers)
        self.seed = seed
        self.variables: Arrays | None = None
        self.slots: Arrays | None = None
        self._tensors: list[Any] | None = None

    def key(self, plan: Any) -> Hashable:
        """Give the blueprint."""
        return self.blueprint

    @property
    def architecture(self) -> Hashable:
        """The blueprint's."""
        return self.blueprint.architecture

    @property
    def facts(self) -> Facts:
        """Those of the template."""
        return self._template().facts

    def tracing_model(self) -> Any:
        """Give the template's model."""
        return self._template().model

    def floats(self) -> Floats:
        """Give the template's."""
        return self._template().floats

    def float_values(self) -> list[float]:
        """Lay the numbers out."""
        return self._template().float_values(self.numbers)

    def values(self) -> list[np.ndarray]:
        """Give the arrays, drawn now if the network is new."""
        template = self._template()
        variables, slots = self.variables, self.slots
        if variables is None or slots is None:
            first, fresh = template.draw(self.seed, self.numbers)
            variables = first if variables is None else variables
            slots = fresh if slots is None else slots
        return [*variables, *template.with_learning_rate(slots, self.numbers)]

    def read_state(self) -> list[Any]:
        """Give the arrays."""
        return self.values()

    def write_state(self, state: Sequence[Any], best: Sequence[Any] | None) -> None:
        """Keep new values."""
        template = self._template()
        if best is not None:
            chosen = zip(state, best, template.is_weight, strict=True)
            state = [b if restored else s for s, b, restored in chosen]
        arrays = [np.asarray(value) for value in state]
        self.variables = arrays[: template.n_variables]
        self.slots = arrays[template.n_variables :]
        self._tensors = None

    def prediction_values(self) -> list[Any]:
        """Give the values without those of generators, on the device."""
        if self._tensors is None:
            runtime, template = get_runtime(), self._template()
            values = self.read_state()
            self._tensors = [runtime.to_device(values[i]) for i in template.predicting]
        return self._tensors

    def prediction_variables(self) -> list[Any]:
        """Give the template's variables without generators."""
        template = self._template()
        variables = template.variables()
        return [variables[i] for i in template.predicting]

    def continued(self, blueprint: Blueprint, numbers: Numbers, owner: str) -> Drawn:
        """Give a network with these weights and other numbers, to be trained on.

        Parameters
        ----------
        blueprint : Blueprint
        numbers : mapping of str to number
        owner : str
            Whose network it is, for the message.

        Returns
        -------
        network : Drawn

        Raises
        ------
        ValueError
            If the blueprint is of another architecture.
        """
        check_same_architecture(self.blueprint, blueprint, owner)
        new = Drawn(blueprint, numbers, self.seed)
        if blueprint == self.blueprint or self.variables is None:
            new.variables, new.slots = self.variables, self.slots
            return new
        # What both have is kept by name: dropout or momentum may be new or gone.
        old = dict(zip(self._template().paths, self.read_state(), strict=True))
        fresh = zip(template_of(blueprint).paths, new.read_state(), strict=True)
        new.write_state([old.get(path, value) for path, value in fresh], None)
        return new

    def is_finite(self) -> bool:
        """Tell whether all variables of the model are numbers."""
        return all(np.isfinite(value).all() for value in self.variables or ())

    def to_live(self) -> Live:
        """Build the Keras model that this network stands for."""
        live = Live.built(self.blueprint, self.numbers, self.seed)
        live._build_optimizer()
        variables = _variables(live.model)
        for variable, value in zip(variables, self.read_state(), strict=True):
            variable.assign(value)
        return live

    def without_slots(self) -> Drawn:
        """Give the same network with a fresh optimizer."""
        new = Drawn(self.blueprint, self.numbers, self.seed)
        new.variables = self.variables
        return new

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_tensors": None}

    def _template(self) -> Template:
        return template_of(self.blueprint)


class Live:
    """A Keras model, which is trained in place.

    Parameters
    ----------
    model : keras.Model
        Compiled and built.
    origin : object, default=None
        What it was built from, if that is known.

    Attributes
    ----------
    answering : keras.Model or None
        What shows its owner's answers, where somebody has asked for it: the model, or
        one that shares its layers.
    """

    def __init__(self, model: Any, origin: Any = None):
        self.model = model
        self.origin = origin
        self.answering: Any = None
        self._facts: Facts | None = None
        self._floats: Floats | None = None

    @classmethod
    def built(cls, blueprint: Blueprint, numbers: Numbers, seed: int) -> Live:
        """Build the model of a blueprint, with numbers and values of its own."""
        with building:
            return cls(blueprint.build(numbers, seed), (blueprint, numbers))

    def key(self, plan: Any) -> Hashable:
        """Identify what the model, its loss, metrics and optimizer compute."""
        return training_key(plan), self.floats().key

    @property
    def architecture(self) -> Hashable:
        """What the model computes."""
        return architecture_key(self.model)

    @property
    def facts(self) -> Facts:
        """Those of the model."""
        if self._facts is None:
            self._build_optimizer()
            self._facts = Facts.of(self.model)
        return self._facts

    def tracing_model(self) -> Any:
        """Give the model."""
        return self.model

    def floats(self) -> Floats:
        """Find the floats."""
        if self._floats is None:
            self._build_optimizer()
            self._floats = Floats(self.model, self.model.optimizer)
        return self._floats

    def float_values(self) -> list[float]:
        """Give the values in the model."""
        return self.floats().values

    def read_state(self) -> list[Any]:
        """Read the variables."""
        self._build_optimizer()
        return [get_runtime().read(v.value) for v in _variables(self.model)]

    def write_state(self, state: Sequence[Any], best: Sequence[Any] | None) -> None:
        """Assign the variables."""
        restored = {id(v) for v in self.model.weights} if best is not None else set()
        for i, variable in enumerate(_variables(self.model)):
            source = best if best is not None and id(variable) in restored else state
            variable.assign(source[i])

    def is_finite(self) -> bool:
        """Tell whether all weights are numbers."""
        return all(np.isfinite(w).all() for w in self.model.get_weights())

    def to_live(self) -> Live:
        """Give this network."""
        return self

    def continued(self, blueprint: Blueprint, numbers: Numbers, owner: str) -> Live:
        """Give the network for training on, built again where numbers have changed.

        Parameters
        ----------
        blueprint : Blueprint
        numbers : mapping of str to number
        owner : str

        Returns
        -------
        network : Live

        Raises
        ------
        ValueError
            If the blueprint is of another architecture.
        """
        if self.origin is not None:
            check_same_architecture(self.origin[0], blueprint, owner)
            if self.origin == (blueprint, numbers):
                return self
        new = Live.built(blueprint, numbers, 0)
        new.take_over(self, owner)
        return new

    def take_over(self, other: Live, owner: str) -> None:
        """Take the values of another model of the same layers.

        Which layers are trained and, under the same kind of optimizer, its state
        come along; numbers such as strengths and the learning rate do not.

        Raises
        ------
        ValueError
            If its layers are others.
        """
        new, old = _skeleton(self.model), _skeleton(other.model)
        if new != old:
            raise ValueError(
                f"The layers of {owner}'s network must stay as they are while training "
                f"goes on, under warm_start=True or in partial_fit. Got {new} after "
                f"{old}. Fit a clone to begin anew."
            )
        for mine, its in zip(self.model.layers, other.model.layers, strict=False):
            if type(mine) is type(its):
                mine.trainable = its.trainable
        for mine, its in zip(self.model.weights, other.model.weights, strict=True):
            mine.assign(its)
        self._build_optimizer()
        other._build_optimizer()
        mine, its = self.model.optimizer, other.model.optimizer
        same = [v.shape for v in mine.variables] == [v.shape for v in its.variables]
        if type(mine) is type(its) and same:
            for variable, value in zip(mine.variables, its.variables, strict=True):
                if variable.name != "learning_rate":
                    variable.assign(value)

    def prediction_values(self) -> list[Any]:
        """Read the variables of the model."""
        return [get_runtime().read(v.value) for v in self.model.variables]

    def prediction_variables(self) -> list[Any]:
        """Give the variables of the model."""
        return self.model.variables

    def _build_optimizer(self) -> None:
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)


def _variables(model: Any) -> list[Any]:
    return [
        *model.trainable_variables,
        *model.non_trainable_variables,
        *model.optimizer.variables,
    ]


def _skeleton(model: Any) -> list[str]:
    """Describe the layers that hold weights."""
    return [
        f"{type(layer).__name__}"
        f"({getattr(getattr(layer, 'activation', None), '__name__', '')}) "
        f"{[tuple(w.shape) for w in layer.weights]}"
        for layer in model.layers
        if layer.weights
    ]


def check_same_architecture(old: Blueprint, new: Blueprint, owner: str) -> None:
    """Refuse another architecture for a network that is trained on.

    Raises
    ------
    ValueError
        It names the first argument that has changed.
    """
    if old.network is not new.network:
        raise ValueError(f"The network of {owner} must stay of one kind.")
    before = dict(old.arguments)
    for name, value in new.arguments:
        if value != before.get(name):
            raise ValueError(
                f"{name} of {owner} must stay {before.get(name)!r} while training goes "
                "on, under warm_start=True or in partial_fit. Got "
                f"{value!r} instead. Fit a clone to begin anew."
            )
