"""What the experiments' scripts share: options, errors, progress, and printing.

Each name is imported on first use: reading options needs no scikit-learn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasweep.console._arguments import ExperimentParser
    from kerasweep.console._closing import print_closing, print_taken
    from kerasweep.console._company import check_scheduler, company
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

_MODULE_OF = {
    "CONV_PRESETS": "_presets",
    "EXPERIMENT_TAG": "_record",
    "ExperimentData": "_data",
    "ExperimentParser": "_arguments",
    "ExperimentRecord": "_record",
    "Outcome": "_reproduction",
    "RECORD_FILE": "_record",
    "REGULARIZED_PRESETS": "_presets",
    "REGULARIZER_STRENGTHS": "_presets",
    "RegularizationStudy": "_regularization",
    "ReplicateStudy": "_replicates",
    "Reproduction": "_reproduction",
    "SETTINGS_TAG": "_record",
    "SWEEP_PRESETS": "_presets",
    "SearchProgress": "_progress",
    "Step": "_reproduction",
    "bad_input_exits": "_exits",
    "check_scheduler": "_company",
    "check_trains": "_data",
    "choose_steps": "_reproduction",
    "company": "_company",
    "dense_text": "_texts",
    "dense_training_text": "_texts",
    "draw_denoising": "_denoising_record",
    "draw_generation": "_generation_record",
    "experiment_data": "_data",
    "experiment_tags": "_record",
    "interruption_exits": "_exits",
    "network_text": "_texts",
    "outcome_table": "_reproduction",
    "print_closing": "_closing",
    "print_table": "_tables",
    "print_taken": "_closing",
    "readable_layers": "_texts",
    "record_denoising": "_denoising_record",
    "record_likelihood": "_generation_record",
    "record_regularization": "_regularization_record",
    "record_sample_quality": "_generation_record",
    "record_strengths": "_strengths",
    "record_study": "_replicates",
    "record_tests": "_replicates",
    "reference_lines": "_tables",
    "regularization_lines": "_regularization",
    "strength_search": "_strengths",
    "study_lines": "_replicates",
    "study_regularization": "_regularization",
    "study_replicates": "_replicates",
    "with_fewer_training_rows": "_data",
    "write_table": "_tables",
}

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
    "check_scheduler",
    "check_trains",
    "choose_steps",
    "company",
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
    "print_taken",
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


def __getattr__(name: str) -> Any:
    """Import a name from its module when it is first asked for."""
    if name in _MODULE_OF:
        value = getattr(import_module(f"kerasweep.console.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'kerasweep.console' has no attribute {name!r}")
