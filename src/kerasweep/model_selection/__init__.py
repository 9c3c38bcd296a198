"""Split, compare over replicates, select, and test once."""

from kerasweep.model_selection._fit_replicates import fit_replicates
from kerasweep.model_selection._holdout import HoldoutSplit, holdout
from kerasweep.model_selection._replicate_summary import replicate_summary
from kerasweep.model_selection._select_by_mean import select_by_mean
from kerasweep.model_selection._test_once import TestResult, test_once
from kerasweep.model_selection._wilson import wilson_interval

__all__ = [
    "HoldoutSplit",
    "TestResult",
    "fit_replicates",
    "holdout",
    "replicate_summary",
    "select_by_mean",
    "test_once",
    "wilson_interval",
]
