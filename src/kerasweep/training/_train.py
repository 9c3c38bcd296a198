"""Choose the engine of a run."""

from kerasweep.training._job import TrainingJob, TrainingResult


def train(job: TrainingJob) -> TrainingResult:
    """Train a job's model in place.

    Parameters
    ----------
    job : TrainingJob

    Returns
    -------
    result : TrainingResult
    """
    from kerasweep.training._keras_fit import fit_with_keras

    return fit_with_keras(job)
