"""Split, compare over replicates, select, and test once; measure under noise."""

from kerasweep.model_selection._corrected_t_test import (
    CorrectedResult,
    comparison_table,
    corrected_t_test,
)
from kerasweep.model_selection._denoising_quality import denoising_quality
from kerasweep.model_selection._fit_replicates import fit_replicates
from kerasweep.model_selection._holdout import HoldoutSplit, holdout
from kerasweep.model_selection._image_quality import psnr, ssim
from kerasweep.model_selection._likelihood_table import likelihood_table
from kerasweep.model_selection._mcnemar import PairedResult, mcnemar
from kerasweep.model_selection._noise_robustness import (
    half_accuracy_amounts,
    noise_robustness,
)
from kerasweep.model_selection._normal_interval import normal_interval
from kerasweep.model_selection._replicate_summary import replicate_summary
from kerasweep.model_selection._sample_quality import (
    ShareResult,
    classification_accuracy_score,
    share_as_asked,
    share_recognized,
)
from kerasweep.model_selection._select_by_mean import select_by_mean
from kerasweep.model_selection._test_once import TestResult, test_once
from kerasweep.model_selection._wilson import wilson_interval

__all__ = [
    "CorrectedResult",
    "HoldoutSplit",
    "PairedResult",
    "ShareResult",
    "TestResult",
    "classification_accuracy_score",
    "comparison_table",
    "corrected_t_test",
    "denoising_quality",
    "fit_replicates",
    "half_accuracy_amounts",
    "holdout",
    "likelihood_table",
    "mcnemar",
    "noise_robustness",
    "normal_interval",
    "psnr",
    "replicate_summary",
    "select_by_mean",
    "share_as_asked",
    "share_recognized",
    "ssim",
    "test_once",
    "wilson_interval",
]
