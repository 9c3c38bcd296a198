"""Every fit in MLflow, while it runs.

The only folder that imports MLflow, and only when a fit is tracked.

The way of a fit from scikit-learn to the store, which is also the order of reading:

1. `_tracking`: `MlflowTracking`, what the user calls; `_settings`: what was asked for.
2. `_callback`: the hooks that scikit-learn calls, in this process and in workers.
   `_tasks` reads from its tasks and searches which of them are runs, and their names,
   which `_names` makes such that MLflow takes them; `_scoring` learns the scores.
3. `_messages`: what a hook tells. A fit that begins is a `RunRecord`; what follows is a
   `RunUpdate`, the results of a search, or the end of the outermost fit.
4. `_transport`: a message's way to the main process.
5. `_session`: the main process's side. It opens the run of an outermost fit or a `with`
   block before anything is trained, and closes it. `_provenance` says what a result is
   made from, `_model` saves the winner, `_registry` finds out if it is the champion.
6. `_writer`: the one thread that writes. Its queue takes messages, its ledger keeps a
   `RunRecord` of each run, and writes what is new; `_unsent` keeps in a file what is
   not yet written, and sends it later.
7. `_store`: the calls to MLflow, several in one transaction, and what a failure means.

Beside this way: `_health` looks at a store before anything is trained, `_resume` finds
the results that a search need not train again, `_finished_runs` reads what is there.
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
