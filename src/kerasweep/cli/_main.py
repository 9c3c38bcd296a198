"""Find the command that a line names, and run it."""

import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from kerasweep.experiments.scripts import find_scripts, run_script, summary

_BAD_INPUT = 2
_INTERRUPTED = 130
_DOCTOR = "Say what works in this installation, what does not, and what to do."

_HELP = """\
usage: kerasweep COMMAND [--option value ...]

Keras networks as scikit-learn estimators, in fleets, tracked in MLflow.

Experiments and what follows them:
{scripts}

This installation:
{doctor}

  -h, --help     show this text; behind a command, the command's options
  --version      show the version

Runs are tracked where MLFLOW_TRACKING_URI says, or in mlflow.db in this folder.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, default=None
        What follows ``kerasweep``; None reads ``sys.argv``.

    Returns
    -------
    code : int
        0, or 1 if the doctor found a failure, or 2 if there is no such command. A
        script that ends otherwise raises SystemExit.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    scripts = find_scripts()
    if not given:
        print(_help(scripts), end="", file=sys.stderr)
        return _BAD_INPUT
    command, *rest = given
    if command in ("-h", "--help"):
        print(_help(scripts), end="")
        return 0
    if command == "--version":
        from kerasweep import __version__

        print(f"kerasweep {__version__}")
        return 0
    try:
        if command == "doctor":
            from kerasweep.cli._doctor import doctor

            return doctor(rest)
        if command in scripts:
            run_script(scripts[command], rest)
            return 0
    except KeyboardInterrupt:  # before a script could say what it kept
        return _INTERRUPTED
    print(f"kerasweep: {_unknown(command, scripts)}", file=sys.stderr)
    return _BAD_INPUT


def _help(scripts: Mapping[str, Path]) -> str:
    lines = [_line(name, summary(path)) for name, path in scripts.items()]
    return _HELP.format(
        scripts="\n".join(lines) or "  none: this installation lacks its scripts",
        doctor=_line("doctor", _DOCTOR),
    )


def _line(name: str, text: str) -> str:
    return f"  {name:<13}{text}"


def _unknown(command: str, scripts: Mapping[str, Path]) -> str:
    names = [*scripts, "doctor"]
    close = get_close_matches(command.replace("-", "_"), names, n=1)
    meant = f"Did you mean {close[0]}? " if close else ""
    return (
        f"there is no command {command!r}. {meant}"
        "`kerasweep --help` lists the commands."
    )
