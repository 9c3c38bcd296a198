"""Options of the command line, each of them one field of a dataclass of settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kerasweep.experiments import readers

T = TypeVar("T")


@dataclass(frozen=True)
class Option:
    """How one setting is typed and explained.

    Parameters
    ----------
    default : str
        As a user types it.
    read : callable
        From what a user types to the value; one of
        :mod:`kerasweep.experiments.readers`, or str.
    help : str
    quick : str, default=None
        What it becomes with ``quick=1`` where it was left at its default.
    presets : dict of str to dict, default=None
        Where the option chooses one of several groups of settings: those by name.
    parameter : str, default=""
        Its key in the presets, if that isn't the field's name.
    """

    default: str
    read: Callable[[str], Any]
    help: str
    quick: str | None = None
    presets: Mapping[str, Mapping[str, Any]] | None = None
    parameter: str = ""


def option(
    default: str,
    read: Callable[[str], T],
    help: str,
    *,
    quick: str | None = None,
    parameter: str = "",
    presets: Mapping[str, Mapping[str, Any]] | None = None,
) -> T:
    """Return a dataclass field that is an option of the command line.

    The parameters are those of :class:`Option`. A type checker takes the field for
    what `read` returns.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from kerasweep.experiments import ExperimentSettings, option, readers as read
    >>> @dataclass(frozen=True)
    ... class Small(ExperimentSettings):
    ...     epochs: int = option("40", read.count, "passes", quick="2")
    >>> Small().epochs, Small(quick=True).epochs, Small(epochs=7, quick=True).epochs
    (40, 2, 7)
    """
    if isinstance(read, readers.OneOf):
        help += f": {', '.join(read.words)}"
    about = Option(default, read, help, quick, presets, parameter)
    made = field(default_factory=lambda: read(default), metadata={"option": about})
    return made


def auto(read: Callable[[str], T], help: str) -> T | None:
    """Return an option's field that the preset decides unless it is given."""
    return option("auto", readers.auto(read), help)


class CommonOption(Protocol):
    """Makes the field of an option that several experiments have."""

    def __call__(
        self, default: str, *, quick: str | None = None, help: str = ..., **more: Any
    ) -> Any:
        """Return the field; its reader takes "auto" where that is the default."""


def _common(reader: Callable[[str], Any], text: str) -> CommonOption:
    def make(
        default: str, *, quick: str | None = None, help: str = text, **more: Any
    ) -> Any:
        reads = readers.auto(reader) if default == "auto" else reader
        return option(default, reads, help, quick=quick, **more)

    return make


hidden = _common(readers.counts, "units of each hidden layer")
replicates = _common(readers.count, "seeds that the network is trained with")
epochs = _common(readers.count, "passes over the training rows")
batch_size = _common(readers.count, "rows per update")
learning_rate = _common(readers.positive, "step size of the optimizer")


def kinds() -> Mapping[str, str]:
    """Return a field for what columns hold."""
    return option(
        "",
        readers.kinds,
        "what columns of a table hold where that isn't found: COLUMN=KIND,...; "
        "numeric, categorical, boolean, text, or drop",
    )


def optimizer(default: str) -> str:
    """Return a field for Keras' optimizer."""
    words = ["auto"] * (default == "auto") + ["sgd", "adam", "rmsprop"]
    return option(default, readers.OneOf(words), "Keras optimizer")


def image_data() -> str:
    """Return a field for data that must be images."""
    return option(
        "mnist",
        str,
        "mnist, digits, openml:NAME_OR_ID of images, or a path to an .npz file",
    )


def preset(presets: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a field that names a preset; the first one is the default."""
    text = "named settings, which every option with the default auto is taken from"
    return option(next(iter(presets)), readers.OneOf(presets), text, presets=presets)


def register_as(name: str, what: str = "name") -> str | None:
    """Return a field for the name of the registered model."""
    return option(
        "auto",
        readers.optional,
        f"{what} in the model registry; auto is DATA-{name}, an empty name registers "
        "none",
    )


def out(default: str) -> Path:
    """Return a field for the folder of an experiment's files."""
    return option(default, readers.folder, "folder for tables and figures")
