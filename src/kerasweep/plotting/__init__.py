"""Pictures of searches and of training, after scikit-learn's Display classes."""

from kerasweep.plotting._class_report_display import ClassReportDisplay
from kerasweep.plotting._denoising_display import DenoisingDisplay
from kerasweep.plotting._grid_search_display import GridSearchDisplay
from kerasweep.plotting._importance_display import PermutationImportanceDisplay
from kerasweep.plotting._latent_space_display import LatentSpaceDisplay
from kerasweep.plotting._layer_table import layer_table
from kerasweep.plotting._learning_curves_display import LearningCurvesDisplay
from kerasweep.plotting._misclassified_display import MisclassifiedDisplay
from kerasweep.plotting._noise_robustness_display import NoiseRobustnessDisplay
from kerasweep.plotting._sample_grid_display import SampleGridDisplay
from kerasweep.plotting._sweep_display import SweepDisplay

__all__ = [
    "ClassReportDisplay",
    "DenoisingDisplay",
    "GridSearchDisplay",
    "LatentSpaceDisplay",
    "LearningCurvesDisplay",
    "MisclassifiedDisplay",
    "NoiseRobustnessDisplay",
    "PermutationImportanceDisplay",
    "SampleGridDisplay",
    "SweepDisplay",
    "layer_table",
]
