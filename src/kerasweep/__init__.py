"""Keras networks as scikit-learn estimators, in fleets, tracked in MLflow.

Importing the package loads neither Keras nor MLflow: each name is imported from
its folder on first use.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasweep.datasets import (
        load_dataset as load_dataset,
        load_mnist as load_mnist,
        load_reference_results as load_reference_results,
    )
    from kerasweep.estimators import (
        ConvClassifier as ConvClassifier,
        DenoisingAutoencoder as DenoisingAutoencoder,
        DenseClassifier as DenseClassifier,
        DenseRegressor as DenseRegressor,
        KerasClassifier as KerasClassifier,
        KerasRegressor as KerasRegressor,
        TabularClassifier as TabularClassifier,
        TabularRegressor as TabularRegressor,
        VariationalAutoencoder as VariationalAutoencoder,
    )
    from kerasweep.model_selection import (
        classification_accuracy_score as classification_accuracy_score,
        comparison_table as comparison_table,
        corrected_t_test as corrected_t_test,
        denoising_quality as denoising_quality,
        fit_replicates as fit_replicates,
        half_accuracy_amounts as half_accuracy_amounts,
        holdout as holdout,
        likelihood_table as likelihood_table,
        mcnemar as mcnemar,
        noise_robustness as noise_robustness,
        normal_interval as normal_interval,
        psnr as psnr,
        replicate_summary as replicate_summary,
        select_by_mean as select_by_mean,
        share_as_asked as share_as_asked,
        share_recognized as share_recognized,
        ssim as ssim,
        test_once as test_once,
        wilson_interval as wilson_interval,
    )
    from kerasweep.persistence import (
        export_keras as export_keras,
        export_onnx as export_onnx,
        load as load,
        save as save,
    )
    from kerasweep.plotting import (
        ClassReportDisplay as ClassReportDisplay,
        DenoisingDisplay as DenoisingDisplay,
        GridSearchDisplay as GridSearchDisplay,
        LatentSpaceDisplay as LatentSpaceDisplay,
        LearningCurvesDisplay as LearningCurvesDisplay,
        MisclassifiedDisplay as MisclassifiedDisplay,
        NoiseRobustnessDisplay as NoiseRobustnessDisplay,
        PermutationImportanceDisplay as PermutationImportanceDisplay,
        SampleGridDisplay as SampleGridDisplay,
        SweepDisplay as SweepDisplay,
        layer_table as layer_table,
    )
    from kerasweep.preprocessing import (
        GaussianNoise as GaussianNoise,
        MedianFilter as MedianFilter,
        MinMaxScaler as MinMaxScaler,
        PixelScaler as PixelScaler,
        SaltAndPepper as SaltAndPepper,
        table_preprocessor as table_preprocessor,
    )
    from kerasweep.tracking import (
        MlflowTracking as MlflowTracking,
    )
    from kerasweep.training import (
        fleet as fleet,
    )

try:
    __version__ = version("kerasweep")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

_FOLDER_OF = {
    "ClassReportDisplay": "plotting",
    "ConvClassifier": "estimators",
    "DenoisingAutoencoder": "estimators",
    "DenoisingDisplay": "plotting",
    "DenseClassifier": "estimators",
    "DenseRegressor": "estimators",
    "GaussianNoise": "preprocessing",
    "GridSearchDisplay": "plotting",
    "KerasClassifier": "estimators",
    "KerasRegressor": "estimators",
    "LatentSpaceDisplay": "plotting",
    "LearningCurvesDisplay": "plotting",
    "MedianFilter": "preprocessing",
    "MinMaxScaler": "preprocessing",
    "MisclassifiedDisplay": "plotting",
    "MlflowTracking": "tracking",
    "NoiseRobustnessDisplay": "plotting",
    "PermutationImportanceDisplay": "plotting",
    "PixelScaler": "preprocessing",
    "SaltAndPepper": "preprocessing",
    "SampleGridDisplay": "plotting",
    "SweepDisplay": "plotting",
    "TabularClassifier": "estimators",
    "TabularRegressor": "estimators",
    "VariationalAutoencoder": "estimators",
    "classification_accuracy_score": "model_selection",
    "comparison_table": "model_selection",
    "corrected_t_test": "model_selection",
    "denoising_quality": "model_selection",
    "export_keras": "persistence",
    "export_onnx": "persistence",
    "fit_replicates": "model_selection",
    "fleet": "training",
    "half_accuracy_amounts": "model_selection",
    "holdout": "model_selection",
    "layer_table": "plotting",
    "likelihood_table": "model_selection",
    "load": "persistence",
    "load_dataset": "datasets",
    "load_mnist": "datasets",
    "load_reference_results": "datasets",
    "mcnemar": "model_selection",
    "noise_robustness": "model_selection",
    "normal_interval": "model_selection",
    "psnr": "model_selection",
    "replicate_summary": "model_selection",
    "save": "persistence",
    "select_by_mean": "model_selection",
    "share_as_asked": "model_selection",
    "share_recognized": "model_selection",
    "ssim": "model_selection",
    "table_preprocessor": "preprocessing",
    "test_once": "model_selection",
    "wilson_interval": "model_selection",
}

__all__ = ["__version__", *sorted(_FOLDER_OF)]


def __getattr__(name: str) -> Any:
    """Import a public name from its folder when it is first asked for."""
    if name in _FOLDER_OF:
        value = getattr(import_module(f"kerasweep.{_FOLDER_OF[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'kerasweep' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
