"""What a network of our own computes, said by whoever builds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kerasweep.networks import compile_network

Items = tuple[tuple[str, Any], ...]
Numbers = Mapping[str, Any]

_PENALTIES = ("l1", "l2")
# In networks of more weights, a penalty of zero takes a fifth of an epoch's time, which
# is more than a program of its own costs.
_FEW_WEIGHTS = 2**17
_OF_TRAINING = ("learning_rate", "momentum")
_SHARE = 0.5


@dataclass(frozen=True)
class Blueprint:
    """A network apart from its numbers and seeds: the key of its programs.

    Two networks of equal blueprints differ in inputs of a program alone: in numbers
    (strengths, rates) and in the values of their variables. Made by :meth:`of`.

    Attributes
    ----------
    network : callable
        A function of a module: ``network(**arguments, **options, **numbers, seed=...)``
        gives a built ``keras.Model`` whose random initial values all come from
        ``numpy.random.SeedSequence(seed).generate_state(n)``.
    arguments : tuple of (name, value)
        What the network computes in prediction.
    options : tuple of (name, value)
        Further arguments, which count in training alone.
    training : tuple of (name, value)
        Arguments of :func:`kerasweep.networks.compile_network`.
    present : tuple of (name, value)
        Which numbers that may be absent are there: True, False, or one for each.
    dropout : tuple of str
        Names of the numbers that are rates of dropout, in the order of the layers.
    """

    network: Callable[..., Any]
    arguments: Items
    options: Items
    training: Items
    present: Items
    dropout: tuple[str, ...]

    @classmethod
    def of(
        cls,
        network: Callable[..., Any],
        arguments: Mapping[str, Any],
        numbers: Numbers,
        *,
        training: Mapping[str, Any],
        options: Mapping[str, Any] | None = None,
        dropout: tuple[str, ...] = (),
        n_weights: int = 0,
    ) -> "Blueprint":
        """Make the blueprint of a network with these numbers.

        Parameters
        ----------
        network : callable
        arguments, options, training : mapping of str to hashable
        numbers : mapping of str to float, None or tuple of float
            All numbers: "l1", "l2", "learning_rate", ...
        dropout : tuple of str
        n_weights : int, default=0
            Weights under a penalty. Strengths are inputs of the programs of a network
            of few, zero or not, and of one of many only if one of them is not zero.

        Returns
        -------
        blueprint : Blueprint
        """
        present = {n: _presence(v) for n, v in numbers.items() if n != "learning_rate"}
        penalized = n_weights <= _FEW_WEIGHTS or any(numbers[n] for n in _PENALTIES)
        present |= dict.fromkeys(_PENALTIES, penalized)
        return cls(
            network,
            arguments=_items(arguments),
            options=_items(options or {}),
            training=_items(training),
            present=_items(present),
            dropout=dropout,
        )

    @property
    def architecture(self) -> Any:
        """What the network computes in prediction."""
        return self.network, self.arguments

    def build(self, numbers: Numbers, seed: int) -> Any:
        """Build and compile the network with these numbers and this seed."""
        model = self.build_network(numbers, seed)
        of_training = {n: v for n, v in numbers.items() if n in _OF_TRAINING}
        return compile_network(model, **dict(self.training), **of_training)

    def build_network(self, numbers: Numbers, seed: int) -> Any:
        """Build the network, not compiled."""
        given = {n: v for n, v in numbers.items() if n not in _OF_TRAINING}
        arguments = {**dict(self.arguments), **dict(self.options), **given}
        return self.network(**arguments, seed=seed)

    def stand_in_numbers(self) -> dict[str, Any]:
        """Give numbers with which a build has every part that this blueprint has."""
        numbers: dict[str, Any] = {}
        if "learning_rate" not in dict(self.training):
            numbers["learning_rate"] = _SHARE
        for name, there in self.present:
            if isinstance(there, tuple):
                numbers[name] = tuple(_SHARE if item else 0.0 for item in there)
            else:
                numbers[name] = _SHARE if there else (0.0 if there is False else None)
        return numbers

    def dropout_rates(self, numbers: Numbers) -> list[float]:
        """List the rates of dropout that are above 0, in the order of the layers."""
        rates: list[float] = []
        for name in self.dropout:
            value = numbers[name]
            rates += value if isinstance(value, tuple) else [value]
        return [rate for rate in rates if rate]


def _items(given: Mapping[str, Any]) -> Items:
    return tuple(sorted(given.items()))


def _presence(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(bool(item) for item in value)
    return None if value is None else bool(value)
