"""Run every experiment in order, but those that MLflow already holds.

Interrupted, the same command goes on from there: an experiment is skipped if a run with
the very same settings has finished. One that fails stops no other.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import _checkout  # noqa: F401
from kerasweep.experiments import (
    EXPERIMENT_TAG,
    RECORD_FILE,
    Command,
    Settings,
    bad_input_exits,
    interruption_exits,
    option,
    readers as read,
)
from kerasweep.experiments.reproduction import (
    Reproduction,
    Step,
    choose_steps,
    outcome_table,
)

STRONG = {"preset": "strong"}
WIDE = {"hidden": "500,300", "epochs": "40"}
STEPS = [
    Step("baseline", "baseline", 1),
    Step("wide", "baseline", 4, WIDE, {"hidden": "64,32"}, tags=("wide",)),
    Step("sweep", "sweep", 7),
    Step("sweep-strong", "sweep", 20, STRONG),
    Step("conv", "conv", 12),
    Step("conv-strong", "conv", 45, STRONG),
    Step("conv_sweep", "conv_sweep", 20),
    Step("regularize", "regularize", 6, tags=("regularized",)),
    Step("regularize-strong", "regularize", 25, STRONG, tags=("regularized",)),
    Step("denoise", "denoise", 15),
    Step("generate", "generate", 20),
    Step("report", "report", 0.5, is_report=True),
]
NAMES = ",".join(step.name for step in STEPS)


@dataclass(frozen=True)
class Reproduce(Settings):
    """Which experiments are run, and on what."""

    data: str = option(
        "mnist", str, "data set of all experiments, as each of them takes it"
    )
    seed: int = option("0", read.seed, "seed of all experiments")
    only: tuple[str, ...] = option(
        "", read.names, f"experiments to run, some of {NAMES}; or all"
    )
    skip: tuple[str, ...] = option("", read.names, "experiments to leave out")
    out: Path = option(
        "results", read.folder, "folder with one for each experiment's files"
    )
    quick: bool = option("0", read.flag, "1: each experiment's small settings")


def run(settings: Reproduce) -> None:
    """Run the experiments, and say what became of each."""
    from kerasweep.experiments.tables import print_table
    from kerasweep.tracking import check_tracking, finished_experiments

    start = time.monotonic()
    with bad_input_exits():
        steps = choose_steps(STEPS, only=settings.only, skip=settings.skip)
        check_tracking()
        reproduction = Reproduction(
            steps,
            Path(__file__).parent,
            settings.out,
            common={"data": settings.data, "seed": str(settings.seed)},
            quick=settings.quick,
            finished=finished_experiments(EXPERIMENT_TAG, RECORD_FILE),
        )
    with interruption_exits(
        "What finished is in MLflow; the same command goes on from there."
    ):
        outcomes = reproduction.run()
    print_table(outcome_table(outcomes), "Experiments")
    print(f"Took {(time.monotonic() - start) / 60:.1f} min")
    failed = [outcome.name for outcome in outcomes if outcome.state == "failed"]
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}")


main = Command(Reproduce, run)

if __name__ == "__main__":
    main()
