"""What the experiments' scripts share: options, errors, progress, and printing."""

from kerasweep.console._arguments import ExperimentParser
from kerasweep.console._closing import print_closing
from kerasweep.console._data import (
    ExperimentData,
    check_trains,
    experiment_data,
    with_fewer_training_rows,
)
from kerasweep.console._denoising_record import draw_denoising, record_denoising
from kerasweep.console._exits import bad_input_exits, interruption_exits
from kerasweep.console._generation_record import (
    draw_generation,
    record_likelihood,
    record_sample_quality,
)
from kerasweep.console._presets import (
    CONV_PRESETS,
    REGULARIZED_PRESETS,
    REGULARIZER_STRENGTHS,
    SWEEP_PRESETS,
)
from kerasweep.console._progress import SearchProgress
from kerasweep.console._record import (
    EXPERIMENT_TAG,
    RECORD_FILE,
    SETTINGS_TAG,
    ExperimentRecord,
    experiment_tags,
)
from kerasweep.console._regularization import (
    RegularizationStudy,
    regularization_lines,
    study_regularization,
)
from kerasweep.console._regularization_record import record_regularization
from kerasweep.console._replicates import (
    ReplicateStudy,
    record_study,
    record_tests,
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
from kerasweep.console._strengths import record_strengths, strength_search
from kerasweep.console._tables import print_table, reference_lines, write_table
from kerasweep.console._texts import (
    dense_text,
    dense_training_text,
    network_text,
    readable_layers,
)

__all__ = [
    "CONV_PRESETS",
    "EXPERIMENT_TAG",
    "RECORD_FILE",
    "REGULARIZED_PRESETS",
    "REGULARIZER_STRENGTHS",
    "SETTINGS_TAG",
    "SWEEP_PRESETS",
    "ExperimentData",
    "ExperimentParser",
    "ExperimentRecord",
    "Outcome",
    "RegularizationStudy",
    "ReplicateStudy",
    "Reproduction",
    "SearchProgress",
    "Step",
    "bad_input_exits",
    "check_trains",
    "choose_steps",
    "dense_text",
    "dense_training_text",
    "draw_denoising",
    "draw_generation",
    "experiment_data",
    "experiment_tags",
    "interruption_exits",
    "network_text",
    "outcome_table",
    "print_closing",
    "print_table",
    "readable_layers",
    "record_denoising",
    "record_likelihood",
    "record_regularization",
    "record_sample_quality",
    "record_strengths",
    "record_study",
    "record_tests",
    "reference_lines",
    "regularization_lines",
    "strength_search",
    "study_lines",
    "study_regularization",
    "study_replicates",
    "with_fewer_training_rows",
    "write_table",
]
