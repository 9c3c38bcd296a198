"""Experiments: their settings, their command line, and what a running one works with.

These names import nothing heavy, so that ``--help`` is quick. What a script needs once
it runs is in the modules beside: data, networks in words, protocols and their pictures.
"""

from kerasweep.experiments import options as options, readers as readers
from kerasweep.experiments._exits import bad_input_exits, interruption_exits
from kerasweep.experiments.command import Command
from kerasweep.experiments.options import Option, option
from kerasweep.experiments.run import Run, experiment
from kerasweep.experiments.settings import (
    EXPERIMENT_TAG,
    RECORD_FILE,
    SETTINGS_TAG,
    ExperimentSettings,
    FleetSettings,
    ResumableSettings,
    Settings,
)

__all__ = [
    "EXPERIMENT_TAG",
    "RECORD_FILE",
    "SETTINGS_TAG",
    "Command",
    "ExperimentSettings",
    "FleetSettings",
    "Option",
    "ResumableSettings",
    "Run",
    "Settings",
    "bad_input_exits",
    "experiment",
    "interruption_exits",
    "option",
]
