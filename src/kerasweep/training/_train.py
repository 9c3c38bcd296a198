"""Choose the engine of a run."""

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._eligible import NotExpressible, why_not
from kerasweep.training.engine._job import TrainingJob, TrainingResult
from kerasweep.training.engine._keras_fit import fit_with_keras
from kerasweep.training.engine._together import fit_compiled
from kerasweep.training.fleets._current_fleet import current_fleet


def train(job: TrainingJob) -> TrainingResult:
    """Train a job's model in place.

    Parameters
    ----------
    job : TrainingJob

    Returns
    -------
    result : TrainingResult

    Raises
    ------
    ValueError
        If the job asks for the compiled engine, which cannot express it.
    """
    if job.engine not in ("auto", "compiled", "keras"):
        raise ValueError(
            "The `engine` of TrainingJob must be 'auto', 'compiled' or 'keras'. "
            f"Got {job.engine!r} instead."
        )
    if job.engine == "keras":
        return fit_with_keras(job)
    reason = why_not(job)
    if reason is None:
        try:
            fleet = current_fleet()
            return fit_compiled(job) if fleet is None else fleet.train(job)
        except NotExpressible as error:
            reason = str(error)
        finally:
            get_runtime().release_dead_models()
    if job.engine == "compiled":
        raise ValueError(
            f"engine='compiled' cannot train this network. {reason} "
            "Pass engine='auto' to train it with Model.fit."
        )
    result = fit_with_keras(job)
    result.reason = reason
    return result
