"""What the experiments' scripts share: options, errors, progress, and printing."""

from kerasweep.console._arguments import ExperimentParser
from kerasweep.console._data import ExperimentData, experiment_data
from kerasweep.console._exits import bad_input_exits, interruption_exits
from kerasweep.console._presets import CONV_PRESETS
from kerasweep.console._progress import SearchProgress
from kerasweep.console._record import (
    EXPERIMENT_TAG,
    RECORD_FILE,
    SETTINGS_TAG,
    ExperimentRecord,
    experiment_tags,
)
from kerasweep.console._replicates import (
    ReplicateStudy,
    record_study,
    study_lines,
    study_replicates,
)
from kerasweep.console._reproduction import (
    Outcome,
    Reproduction,
    Step,
    choose_steps,
    outcome_table,
)
from kerasweep.console._tables import print_table, reference_lines, write_table

__all__ = [
    "CONV_PRESETS",
    "EXPERIMENT_TAG",
    "RECORD_FILE",
    "SETTINGS_TAG",
    "ExperimentData",
    "ExperimentParser",
    "ExperimentRecord",
    "Outcome",
    "ReplicateStudy",
    "Reproduction",
    "SearchProgress",
    "Step",
    "bad_input_exits",
    "choose_steps",
    "experiment_data",
    "experiment_tags",
    "interruption_exits",
    "outcome_table",
    "print_table",
    "record_study",
    "reference_lines",
    "study_lines",
    "study_replicates",
    "write_table",
]
