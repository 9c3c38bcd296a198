"""Model and arrays in, weights and history out. Knows nothing of scikit-learn."""

from kerasweep.training._fleet import fleet
from kerasweep.training._job import (
    EarlyStopping,
    TrainingJob,
    TrainingResult,
    batch_order,
)
from kerasweep.training._predict import predict
from kerasweep.training._program import programs
from kerasweep.training._train import train

__all__ = [
    "EarlyStopping",
    "TrainingJob",
    "TrainingResult",
    "batch_order",
    "fleet",
    "predict",
    "programs",
    "train",
]
