"""The command line of an experiment, made from its settings.

Click makes it. MLflow brings it, so it is no new dependency, and its errors are
exceptions, so that one sentence can be printed, with exit code 2. Cyclopts, tyro and
jsonargparse read a dataclass by themselves, but took three to five times as long to
import on the same machine, and print a wrong value in a box or in several lines.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import click

from kerasweep.experiments._exits import BAD_INPUT, end
from kerasweep.experiments.options import Option
from kerasweep.experiments.settings import ExperimentSettings, Settings

S = TypeVar("S", bound=Settings)


class Command(Generic[S]):
    """A script's command line: call it to run the script.

    Parameters
    ----------
    settings : type
        The dataclass of the script's settings.
    function : callable
        Called with the settings, and with the open run of an experiment where they
        are an :class:`~kerasweep.experiments.ExperimentSettings`. The first line of
        its module's docstring says in ``--help`` what it does.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from kerasweep.experiments import Command, Settings, option, readers
    >>> @dataclass(frozen=True)
    ... class Greeting(Settings):
    ...     times: int = option("1", readers.count, "how often")
    >>> main = Command(Greeting, lambda settings: print("Hello" * settings.times))
    >>> main(["--times", "2"])
    HelloHello
    """

    def __init__(self, settings: type[S], function: Callable[..., object]):
        self.settings = settings
        self._function = function

    def __call__(self, arguments: Sequence[str] | None = None) -> None:
        """Read the options, and run.

        Parameters
        ----------
        arguments : sequence of str, default=None
            None reads ``sys.argv``.

        Raises
        ------
        SystemExit
            With code 2 after one sentence if an option is wrong, with 0 after help.
        """
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        settings = self.settings(**options_or_exit(self.click_command(), arguments))
        if isinstance(settings, ExperimentSettings):
            from kerasweep.experiments.run import experiment

            with experiment(settings) as run:
                self._function(settings, run)
        else:
            self._function(settings)

    def read(self, arguments: Sequence[str]) -> S:
        """Return the settings that a command line gives.

        Raises
        ------
        ValueError
            If an option is wrong.
        """
        try:
            context = self.click_command().make_context(None, list(arguments))
        except click.ClickException as error:
            raise ValueError(_sentence(error)) from None
        return self.settings(**context.params)

    def click_command(self) -> click.Command:
        """Return the options, as Click reads them."""
        options = self.settings.options().items()
        return click.Command(
            None,
            params=[click_option(name, about) for name, about in options],
            help=self.summary,
        )

    @property
    def summary(self) -> str:
        """What the script does, in one line."""
        text = getattr(self._function, "__globals__", {}).get("__doc__") or ""
        return text.partition("\n")[0]


def options_or_exit(
    command: click.Command,
    arguments: Sequence[str] | None = None,
    program: str | None = None,
) -> dict[str, Any]:
    """Read a command line, or end with help or with one sentence.

    Raises
    ------
    SystemExit
        With code 2 if an option is wrong, with 0 after help.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    program = program or Path(sys.argv[0]).name
    command.options_metavar = "[--option value ...]"
    command.context_settings = {"help_option_names": ["-h", "--help"]}
    try:
        return command.make_context(program, given).params
    except click.exceptions.Exit as asked:  # for help
        raise SystemExit(asked.exit_code) from None
    except click.ClickException as error:
        end(f"{program}: {_sentence(error)}", BAD_INPUT)


def click_option(name: str, about: Option) -> click.Option:
    """Return an option as Click takes it."""
    shown = f"{about.help} [{about.default}]" if about.default else about.help
    return click.Option(
        ["--" + name.replace("_", "-"), name],
        default=about.default,
        type=_Reader(about),
        help=shown,
        metavar="",  # the usual one, a type, only crowds the page
    )


def _sentence(error: click.ClickException) -> str:
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"argument {error.param.opts[0]}: {error.message}"
    return error.format_message()


class _Reader(click.ParamType):
    """Reads a text as an option says, and takes its sentence for an error's."""

    name = "text"

    def __init__(self, about: Option):
        self._read = about.read

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
