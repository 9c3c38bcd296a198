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
    )
    from kerasweep.datasets import (
        load_mnist as load_mnist,
    )
    from kerasweep.datasets import (
        load_reference_results as load_reference_results,
    )
    from kerasweep.estimators import (
        ConvClassifier as ConvClassifier,
    )
    from kerasweep.estimators import (
        DenoisingAutoencoder as DenoisingAutoencoder,
    )
    from kerasweep.estimators import (
        DenseClassifier as DenseClassifier,
    )
    from kerasweep.estimators import (
        DenseRegressor as DenseRegressor,
    )
    from kerasweep.estimators import (
        KerasClassifier as KerasClassifier,
    )
    from kerasweep.estimators import (
        KerasRegressor as KerasRegressor,
    )
    from kerasweep.estimators import (
        VariationalAutoencoder as VariationalAutoencoder,
    )
    from kerasweep.model_selection import (
        classification_accuracy_score as classification_accuracy_score,
    )
    from kerasweep.model_selection import (
        denoising_quality as denoising_quality,
    )
    from kerasweep.model_selection import (
        fit_replicates as fit_replicates,
    )
    from kerasweep.model_selection import (
        half_accuracy_amounts as half_accuracy_amounts,
    )
    from kerasweep.model_selection import (
        holdout as holdout,
    )
    from kerasweep.model_selection import (
        likelihood_table as likelihood_table,
    )
    from kerasweep.model_selection import (
        mcnemar as mcnemar,
    )
    from kerasweep.model_selection import (
        noise_robustness as noise_robustness,
    )
    from kerasweep.model_selection import (
        normal_interval as normal_interval,
    )
    from kerasweep.model_selection import (
        psnr as psnr,
    )
    from kerasweep.model_selection import (
        replicate_summary as replicate_summary,
    )
    from kerasweep.model_selection import (
        select_by_mean as select_by_mean,
    )
    from kerasweep.model_selection import (
        share_as_asked as share_as_asked,
    )
    from kerasweep.model_selection import (
        share_recognized as share_recognized,
    )
    from kerasweep.model_selection import (
        ssim as ssim,
    )
    from kerasweep.model_selection import (
        test_once as test_once,
    )
    from kerasweep.model_selection import (
        wilson_interval as wilson_interval,
    )
    from kerasweep.plotting import (
        ClassReportDisplay as ClassReportDisplay,
    )
    from kerasweep.plotting import (
        DenoisingDisplay as DenoisingDisplay,
    )
    from kerasweep.plotting import (
        GridSearchDisplay as GridSearchDisplay,
    )
    from kerasweep.plotting import (
        LatentSpaceDisplay as LatentSpaceDisplay,
    )
    from kerasweep.plotting import (
        LearningCurvesDisplay as LearningCurvesDisplay,
    )
    from kerasweep.plotting import (
        MisclassifiedDisplay as MisclassifiedDisplay,
    )
    from kerasweep.plotting import (
        NoiseRobustnessDisplay as NoiseRobustnessDisplay,
    )
    from kerasweep.plotting import (
        SampleGridDisplay as SampleGridDisplay,
    )
    from kerasweep.plotting import (
        SweepDisplay as SweepDisplay,
    )
    from kerasweep.plotting import (
        layer_table as layer_table,
    )
    from kerasweep.preprocessing import (
        GaussianNoise as GaussianNoise,
    )
    from kerasweep.preprocessing import (
        MedianFilter as MedianFilter,
    )
    from kerasweep.preprocessing import (
        MinMaxScaler as MinMaxScaler,
    )
    from kerasweep.preprocessing import (
        PixelScaler as PixelScaler,
    )
    from kerasweep.preprocessing import (
        SaltAndPepper as SaltAndPepper,
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
    "PixelScaler": "preprocessing",
    "SaltAndPepper": "preprocessing",
    "SampleGridDisplay": "plotting",
    "SweepDisplay": "plotting",
    "VariationalAutoencoder": "estimators",
    "classification_accuracy_score": "model_selection",
    "denoising_quality": "model_selection",
    "fit_replicates": "model_selection",
    "fleet": "training",
    "half_accuracy_amounts": "model_selection",
    "holdout": "model_selection",
    "layer_table": "plotting",
    "likelihood_table": "model_selection",
    "load_dataset": "datasets",
    "load_mnist": "datasets",
    "load_reference_results": "datasets",
    "mcnemar": "model_selection",
    "noise_robustness": "model_selection",
    "normal_interval": "model_selection",
    "psnr": "model_selection",
    "replicate_summary": "model_selection",
    "select_by_mean": "model_selection",
    "share_as_asked": "model_selection",
    "share_recognized": "model_selection",
    "ssim": "model_selection",
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
