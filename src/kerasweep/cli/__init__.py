"""The command `kerasweep`: the experiments, and what is wrong with an installation."""

from kerasweep.cli._main import main

__all__ = ["main"]
