"""Every fit in MLflow, while it runs.

The only folder that imports MLflow, and only when a fit is tracked.
"""

from kerasweep.tracking._finished_runs import FinishedExperiment, finished_experiments
from kerasweep.tracking._health import check_tracking
from kerasweep.tracking._registry import RegisteredModel
from kerasweep.tracking._resume import ResumeError
from kerasweep.tracking._tracking import MlflowTracking
from kerasweep.tracking._unsent import send_unsent

__all__ = [
    "FinishedExperiment",
    "MlflowTracking",
    "RegisteredModel",
    "ResumeError",
    "check_tracking",
    "finished_experiments",
    "send_unsent",
]
