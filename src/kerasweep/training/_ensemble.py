"""Train the members of one ensemble together."""

from collections.abc import Sequence

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._eligible import NotExpressible, why_not
from kerasweep.training.engine._job import TrainingJob, TrainingResult
from kerasweep.training.engine._keras_fit import fit_with_keras
from kerasweep.training.engine._plan import Plan
from kerasweep.training.engine._together import train_together
from kerasweep.training.fleets._machine import networks_that_fit


def train_members(jobs: Sequence[TrainingJob]) -> list[TrainingResult]:
    """Train networks of one architecture as one stack.

    Parameters
    ----------
    jobs : sequence of TrainingJob
        Of copies of one model, with as many rows each.

    Returns
    -------
    results : list of TrainingResult

    Raises
    ------
    ValueError
        If they ask for the compiled engine, which cannot express them.
    """
    engine = jobs[0].engine
    if engine == "keras":
        return [fit_with_keras(job) for job in jobs]
    reason = why_not(jobs[0])
    if reason is None:
        try:
            return _stacked(jobs)
        except NotExpressible as error:
            reason = str(error)
        finally:
            get_runtime().release_dead_models()
    if engine == "compiled":
        raise ValueError(
            f"engine='compiled' cannot train this network. {reason} "
            "Pass engine='auto' to train it with Model.fit."
        )
    return [fit_with_keras(job) for job in jobs]


def _stacked(jobs: Sequence[TrainingJob]) -> list[TrainingResult]:
    plans = [Plan(job) for job in jobs]
    most = max(1, networks_that_fit(plans))
    members = []
    for start in range(0, len(plans), most):
        members += train_together(plans[start : start + most], stacked=True)
    for member in members:
        if member.error is not None:
            raise member.error
    return [member.result() for member in members]
