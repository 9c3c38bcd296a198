"""Options of the experiments, each checked where it is read."""

import argparse
import math
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn


class ExperimentParser(argparse.ArgumentParser):
    """A parser whose errors are one sentence and exit code 2.

    Parameters
    ----------
    description : str
        What the experiment does, for ``--help``.
    """

    def __init__(self, description: str):
        super().__init__(
            description=description,
            usage="%(prog)s [--option value ...]",
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        self._quick: dict[str, str] = {}

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Read the options; ``quick`` replaces those that have their defaults."""
        found = super().parse_args(args, namespace)
        if getattr(found, "quick", False):
            for action in self._actions:
                text = self._quick.get(action.dest)
                default = self._get_value(action, action.default)
                if text is not None and getattr(found, action.dest) == default:
                    setattr(found, action.dest, self._get_value(action, text))
        return found

    def add_quick(self, **settings: str) -> None:
        """Add the option ``quick``: small settings that run in seconds.

        Parameters
        ----------
        **settings : str
            What options become that were left at their defaults, as a user would
            type it. The options exist already.
        """
        self._quick = settings
        text = ", ".join(f"{name}={value}" for name, value in settings.items())
        self.add("quick", "0", self.flag, f"1: small settings ({text}) unless given")

    def error(self, message: str) -> NoReturn:
        """Print the message alone and exit."""
        self.exit(2, f"{self.prog}: {message}\n")

    def add(
        self,
        name: str,
        default: str,
        kind: Callable[[str], Any],
        help: str,
        choices: list[str] | None = None,
    ) -> None:
        """Add an option.

        Parameters
        ----------
        name : str
            The parameter's name in MLproject, with underscores.
        default : str
            As a user would type it.
        kind : callable
            From text to value; one of this class's, or str.
        help : str
        choices : list of str, default=None
        """
        if choices is not None:
            help += f": {', '.join(choices)}"
        self.add_argument(
            "--" + name.replace("_", "-"),
            default=default,
            type=kind,
            help=f"{help} [{default}]" if default else help,
            choices=choices,
            metavar="",  # the usual one, the name once more, only crowds the page
        )

    def add_scheduler(self) -> None:
        """Add the option that sends the fits to a cluster."""
        self.add(
            "scheduler",
            "",
            self.optional,
            "Dask cluster to train on, such as tcp://10.0.0.5:8786; empty for this "
            "machine",
        )

    def add_resume(self) -> None:
        """Add the option that goes on from a search that was killed."""
        self.add(
            "resume",
            "",
            self.optional,
            "run of a killed search to go on from; auto for all unfinished ones like "
            "this",
        )

    @staticmethod
    def count(text: str) -> int:
        """Read a whole number of at least 1."""
        return _number(text, int, lambda v: v >= 1, "a whole number of at least 1")

    @staticmethod
    def count_or_all(text: str) -> int | None:
        """Read a whole number of at least 1, or None from "all"."""
        if text == "all":
            return None
        valid = 'a whole number of at least 1, or "all"'
        return _number(text, int, lambda v: v >= 1, valid)

    @staticmethod
    def seed(text: str) -> int:
        """Read a whole number in [0, 2**31)."""
        return _number(
            text, int, lambda v: 0 <= v < 2**31, "a whole number from 0 to 2**31 - 1"
        )

    @staticmethod
    def flag(text: str) -> bool:
        """Read 0 or 1."""
        valid = {"0": False, "1": True}
        if text not in valid:
            raise argparse.ArgumentTypeError(f"must be 0 or 1. Got {text!r} instead.")
        return valid[text]

    @staticmethod
    def auto(kind: Callable[[str], Any]) -> Callable[[str], Any]:
        """Return a reader of what `kind` reads, and of None from "auto"."""
        return lambda text: None if text == "auto" else kind(text)

    @staticmethod
    def jobs(text: str) -> int | None:
        """Read a number of parallel fits as joblib takes it, or None from "auto"."""
        if text == "auto":
            return None
        valid = 'a whole number other than 0, or "auto"'
        return _number(text, int, lambda v: v != 0, valid)

    @staticmethod
    def fleet(text: str) -> int | None:
        """Read the size of a fleet, 0 for none, or None from "auto"."""
        if text == "auto":
            return None
        return _number(
            text, int, lambda v: v >= 0, 'a whole number of at least 0, or "auto"'
        )

    @staticmethod
    def positive(text: str) -> float:
        """Read a number above 0."""
        return _number(text, float, lambda v: v > 0, "a number above 0")

    @staticmethod
    def strength(text: str) -> float:
        """Read a number of at least 0."""
        return _number(text, float, lambda v: v >= 0, "a number of at least 0")

    @staticmethod
    def share(text: str) -> float:
        """Read a number in [0, 1]."""
        return _number(text, float, lambda v: 0 <= v <= 1, "a number from 0 to 1")

    @staticmethod
    def rate(text: str) -> float:
        """Read a number from 0 to below 1."""
        return _number(text, float, lambda v: 0 <= v < 1, "a number from 0 to below 1")

    @staticmethod
    def degrees(text: str) -> float:
        """Read an angle from 0 to 180 degrees."""
        return _number(text, float, lambda v: 0 <= v <= 180, "a number from 0 to 180")

    @staticmethod
    def sizes(text: str) -> int | tuple[int, ...]:
        """Read a whole number of at least 1, or several separated by commas."""
        values = ExperimentParser.counts(text)
        return values[0] if len(values) == 1 else values

    @staticmethod
    def rates(text: str) -> tuple[float, ...]:
        """Read numbers from 0 to below 1, separated by commas."""
        return tuple(ExperimentParser.rate(part) for part in _parts(text))

    @staticmethod
    def counts(text: str) -> tuple[int, ...]:
        """Read whole numbers of at least 1, separated by commas."""
        return tuple(ExperimentParser.count(part) for part in _parts(text))

    @staticmethod
    def factors(text: str) -> tuple[float, ...]:
        """Read different numbers of at least 0, separated by commas."""
        values = tuple(ExperimentParser.strength(part) for part in _parts(text))
        if len(set(values)) < len(values):
            raise argparse.ArgumentTypeError(
                f"must be numbers that differ. Got {text!r} instead."
            )
        return values

    @staticmethod
    def names(text: str) -> tuple[str, ...]:
        """Read names separated by commas; none from an empty text."""
        return tuple(name for name in _parts(text) if name)

    @staticmethod
    def shares(text: str) -> tuple[float, ...]:
        """Read at least two numbers in [0, 1] that grow, separated by commas."""
        values = tuple(ExperimentParser.share(part) for part in _parts(text))
        if len(values) < 2 or any(b <= a for a, b in pairwise(values)):
            raise argparse.ArgumentTypeError(
                f"must be two or more numbers that grow. Got {text!r} instead."
            )
        return values

    @staticmethod
    def optional(text: str) -> str | None:
        """Read a text, or None from an empty one."""
        return text or None

    @staticmethod
    def folder(text: str) -> Path:
        """Read a folder that can be made and written to."""
        path = Path(text).expanduser()
        at_hand = next(
            p for p in (path.absolute(), *path.absolute().parents) if p.exists()
        )
        if not at_hand.is_dir() or not os.access(at_hand, os.W_OK):
            raise argparse.ArgumentTypeError(
                f"must be a folder that can be written to. Got {text!r} instead."
            )
        return path


class _Formatter(argparse.HelpFormatter):
    """Options in one column, wide enough for the longest name."""

    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=28)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _number(
    text: str, kind: Callable[[str], Any], valid: Callable[[Any], bool], expected: str
) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not math.isfinite(value) or not valid(value):
        raise argparse.ArgumentTypeError(f"must be {expected}. Got {text!r} instead.")
    return value
