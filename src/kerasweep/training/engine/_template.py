"""One Keras model for all networks of a blueprint: traced, never trained."""

import copy
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._blueprint import Blueprint, Numbers
from kerasweep.training.engine._cache import BoundedCache
from kerasweep.training.engine._facts import Facts
from kerasweep.training.engine._floats import Floats

_MAX_TEMPLATES = 32
# Candidates and folds of a search begin with the same weights: those of so many seeds
# are kept, of networks with few of them.
_SEEDS_KEPT, _FEW_WEIGHTS = 8, 2**16
_SEED = 0
_NUMBERED = re.compile(r"/seed_generator_\d+/")
_MOST_SEEDS = 4096
_SLOT_OF = {"max_norm": "max_value"}

Arrays = list[np.ndarray]


class Template:
    """The model that a blueprint's programs are traced with, and what it starts from.

    Parameters
    ----------
    blueprint : Blueprint

    Attributes
    ----------
    model : keras.Model
        Built and compiled, its optimizer too.
    facts : Facts
    floats : Floats
        Where the numbers go.
    paths : list of str
        Of all variables, in the order of a program's state.
    n_variables : int
        Those of the model itself; the optimizer's follow.
    predicting : list of int
        Which of them a prediction needs: the model's own, without generators.
    is_weight : list of bool
        Which of all variables Keras restores with the best epoch.

    Raises
    ------
    ValueError
        If initial values come from elsewhere than the seed.
    """

    def __init__(self, blueprint: Blueprint):
        self.blueprint = blueprint
        self.model = model = blueprint.build(blueprint.stand_in_numbers(), _SEED)
        model.optimizer.build(model.trainable_variables)
        self.facts = Facts.of(model)
        self.floats = Floats(model, model.optimizer)
        own = [*model.trainable_variables, *model.non_trainable_variables]
        variables = self.variables()
        # Keras numbers generators in the order that the process makes them in.
        self.paths = [_NUMBERED.sub("/seed_generator/", v.path) for v in variables]
        self.predicting = [
            i for i, v in enumerate(own) if "seed_generator" not in self.paths[i]
        ]
        self.n_variables = len(own)
        weights = {id(v) for v in model.weights}
        self.is_weight = [id(v) in weights for v in variables]
        runtime = get_runtime()
        self.initial = [
            np.asarray(runtime.to_host(runtime.read(v.value))) for v in variables
        ]
        self._rate = next(
            (
                i
                for i, v in enumerate(variables)
                if v is getattr(model.optimizer, "_learning_rate", None)
            ),
            None,
        )
        self._kernels, self._generators = self._origins(own)
        n_seeds = max([*self._kernels, *self._generators], default=-1) + 1
        self._n_seeds = n_seeds
        self._draw = self._drawing_function(own)
        few = self.facts.n_kernel_weights <= _FEW_WEIGHTS
        self._drawn = BoundedCache(_SEEDS_KEPT if few else 0)
        self._prove()

    def variables(self) -> list[Any]:
        """List all variables of the model, in the order of a program's state."""
        model = self.model
        own = [*model.trainable_variables, *model.non_trainable_variables]
        return [*own, *model.optimizer.variables]

    def draw(self, seed: int, numbers: Numbers) -> tuple[Arrays, Arrays]:
        """Draw the values that ``blueprint.build(numbers, seed)`` begins with.

        Parameters
        ----------
        seed : int
        numbers : mapping of str to number

        Returns
        -------
        variables, slots : list of ndarray
            Of the model, and of its optimizer. They may be shared with other
            networks: nobody may write to them.
        """
        seeds = np.random.SeedSequence(seed).generate_state(max(1, self._n_seeds))
        values = list(self.initial)
        for position, i in self._generators.items():
            values[i] = np.array([seeds[position], 0], dtype=values[i].dtype)
        kernels = self._drawn.get(seed, lambda: self._draw_kernels(seeds))
        for i, kernel in zip(self._kernels.values(), kernels, strict=True):
            values[i] = kernel
        return values[: self.n_variables], self._with_rate(values, numbers)

    def float_values(self, numbers: Numbers) -> list[float]:
        """Lay the numbers of a network out as its programs take them."""
        given = {_SLOT_OF.get(name, name): value for name, value in numbers.items()}
        return self.floats.values_of(given, self.blueprint.dropout_rates(numbers))

    def _with_rate(self, values: Arrays, numbers: Numbers) -> Arrays:
        slots = values[self.n_variables :]
        if self._rate is not None:
            rate = np.float32(numbers["learning_rate"])
            slots[self._rate - self.n_variables] = np.asarray(rate)
        return slots

    def with_learning_rate(self, slots: Arrays, numbers: Numbers) -> Arrays:
        """Give the optimizer's values with the learning rate that holds now."""
        return self._with_rate([*self.initial[: self.n_variables], *slots], numbers)

    def _origins(self, variables: Sequence[Any]) -> tuple[dict[int, int], ...]:
        """Find which of the build's seeds each random value comes from."""
        drawn = np.random.SeedSequence(_SEED).generate_state(_MOST_SEEDS).tolist()
        position = {seed: i for i, seed in enumerate(drawn)}
        number = {id(v): i for i, v in enumerate(variables)}
        kernels: dict[int, int] = {}
        for layer in self.facts.layers:
            seed = getattr(getattr(layer, "kernel_initializer", None), "seed", None)
            if seed in position and id(getattr(layer, "kernel", None)) in number:
                kernels[position[seed]] = number[id(layer.kernel)]
        generators = {
            position[int(value[0])]: i
            for i, value in enumerate(self.initial[: len(variables)])
            if "seed_generator_state" in self.paths[i] and int(value[0]) in position
        }
        return kernels, generators

    def _draw_kernels(self, seeds: np.ndarray) -> Arrays:
        kernels = map(np.asarray, self._draw(seeds[list(self._kernels)]))
        return [_read_only(kernel) for kernel in kernels]

    def _drawing_function(self, variables: Sequence[Any]) -> Callable[..., Any]:
        initializers = {
            id(layer.kernel): layer.kernel_initializer
            for layer in self.facts.layers
            if hasattr(layer, "kernel_initializer")
        }
        drawn = [
            (initializers[id(variables[i])], variables[i].shape, variables[i].dtype)
            for i in self._kernels.values()
        ]

        def draw(seeds: Any) -> list[Any]:
            kernels = []
            for k, (initializer, shape, dtype) in enumerate(drawn):
                initializer = copy.copy(initializer)
                initializer.seed = _GivenSeed(seeds[k])
                kernels.append(initializer(shape, dtype))
            return kernels

        return get_runtime().compile_draw(draw, len(drawn))

    def _prove(self) -> None:
        """Draw the template's own values again and compare each bit."""
        numbers = self.blueprint.stand_in_numbers()
        places = {*self.floats.names, "learning_rate", *self.blueprint.dropout}
        lost = {_SLOT_OF.get(n, n) for n, v in numbers.items() if v} - places
        if lost or len(self.blueprint.dropout_rates(numbers)) != self.floats.n_rates:
            raise ValueError(f"{lost or 'dropout'} has no place in the network.")
        variables, slots = self.draw(_SEED, numbers)
        for path, value, again in zip(
            self.paths, self.initial, [*variables, *slots], strict=True
        ):
            if value.dtype != again.dtype or not np.array_equal(value, again):
                raise ValueError(f"{path} does not begin with what the seed draws.")


def _read_only(array: np.ndarray) -> np.ndarray:
    array = array.view()
    array.flags.writeable = False
    return array


class _GivenSeed(keras.random.SeedGenerator):
    """Hand a seed that is a program's input to an initializer."""

    def __init__(self, seed: Any):
        self._seed = seed

    def next(self, ordered: bool = True) -> Any:
        """Return what an initializer with that int draws with."""
        seed = keras.ops.cast(self._seed, get_runtime().SEED_DTYPE)
        return keras.ops.stack([seed, keras.ops.zeros_like(seed)])


templates = BoundedCache(_MAX_TEMPLATES)


def template_of(blueprint: Blueprint) -> Template:
    """Give the template of a blueprint, made now if it is not there."""
    return templates.get(blueprint, lambda: _build(blueprint))


def _build(blueprint: Blueprint) -> Template:
    with building:
        return Template(blueprint)


# Keras counts the names of its layers, among others, without a lock of its own.
building = threading.RLock()
