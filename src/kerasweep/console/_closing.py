"""What an experiment prints once its fits are done."""

import sys
import time
from pathlib import Path

from kerasweep.console._tables import reference_lines
from kerasweep.datasets import load_reference_results
from kerasweep.tracking import MlflowTracking

#: Exit code of an experiment whose results are not all in MLflow.
NOT_RECORDED = 3


def print_taken(tracking: MlflowTracking, n_fits: int) -> None:
    """Print how many of a resumed search's results were there already.

    Parameters
    ----------
    tracking : MlflowTracking
    n_fits : int
        Candidates times splits.
    """
    taken = len(tracking.taken_from)
    print(f"{taken} of {n_fits} results are from earlier runs", flush=True)


def print_closing(
    tracking: MlflowTracking,
    folder: Path,
    *,
    experiment: str,
    dataset: str,
    start: float,
) -> None:
    """Print published figures, where everything is, and how long it took.

    Parameters
    ----------
    tracking : MlflowTracking
    folder : Path
        Where tables and figures are.
    experiment : str
        Its name in the published figures.
    dataset : str
        Published figures are of MNIST alone.
    start : float
        By ``time.monotonic``.

    Raises
    ------
    SystemExit
        With code 3 if the tracking store did not come back.
    """
    if dataset == "MNIST":
        print("Published figures:")
        lines = reference_lines(load_reference_results(experiment))
        print("\n".join("  " + line for line in lines))
    print(f"Tables and figures: {folder}")
    print("\n".join(tracking.how_to_open()))
    print(f"Took {(time.monotonic() - start) / 60:.1f} min", flush=True)
    unsent = tracking.unsent
    if unsent is not None:
        print(
            f"Not everything is in MLflow; what it lacks is in {unsent}: "
            "kerasweep.tracking.send_unsent sends it.",
            file=sys.stderr,
        )
        raise SystemExit(NOT_RECORDED)
