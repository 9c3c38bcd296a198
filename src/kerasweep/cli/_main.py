"""The command `kerasweep`: each script of the experiments, and the doctor."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches

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
    command, *rest = given or [""]
    scripts = find_scripts()
    try:
        if command in scripts:
            run_script(scripts[command], rest)
            return 0
        if command == "doctor":
            from kerasweep.cli._doctor import doctor

            return doctor(rest)
    except KeyboardInterrupt:  # before a script could say what it kept
        return _INTERRUPTED
    if command in ("", "-h", "--help"):
        about = [_line(name, summary(path)) for name, path in scripts.items()]
        none = "  none: this installation lacks its scripts"
        text = _HELP.format(
            scripts="\n".join(about) or none, doctor=_line("doctor", _DOCTOR)
        )
        print(text, end="", file=sys.stdout if given else sys.stderr)
        return 0 if given else _BAD_INPUT
    if command == "--version":
        from kerasweep import __version__

        print(f"kerasweep {__version__}")
        return 0
    names = [*scripts, "doctor"]
    close = get_close_matches(command.replace("-", "_"), names, n=1)
    meant = f"Did you mean {close[0]}? " if close else ""
    print(
        f"kerasweep: there is no command {command!r}. {meant}"
        "`kerasweep --help` lists the commands.",
        file=sys.stderr,
    )
    return _BAD_INPUT


def _line(name: str, text: str) -> str:
    return f"  {name:<13}{text}"
