"""Run every experiment in order, but those that MLflow already holds.

Interrupted, the same command goes on from there: an experiment is skipped if a run with
the very same settings has finished. One that fails stops no other.
"""

import time
from pathlib import Path

import _checkout  # noqa: F401
from kerasweep.console import (
    EXPERIMENT_TAG,
    RECORD_FILE,
    ExperimentParser,
    Reproduction,
    Step,
    bad_input_exits,
    choose_steps,
    interruption_exits,
    outcome_table,
    print_table,
)
from kerasweep.tracking import check_tracking, finished_experiments

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


def parser() -> ExperimentParser:
    """Return the script's options; MLproject has the same ones."""
    names = ",".join(step.name for step in STEPS)
    p = ExperimentParser(__doc__.partition("\n\n")[0])
    p.add("data", "mnist", str, "data set of all experiments, as each of them takes it")
    p.add("seed", "0", p.seed, "seed of all experiments")
    p.add("only", "", p.names, f"experiments to run, some of {names}; or all")
    p.add("skip", "", p.names, "experiments to leave out")
    p.add("out", "results", p.folder, "folder with one for each experiment's files")
    p.add("quick", "0", p.flag, "1: each experiment's small settings")
    return p


def main(arguments: list[str] | None = None) -> None:
    """Run the experiments."""
    args = parser().parse_args(arguments)
    start = time.monotonic()
    with bad_input_exits():
        steps = choose_steps(STEPS, only=args.only, skip=args.skip)
        check_tracking()
        reproduction = Reproduction(
            steps,
            Path(__file__).parent,
            args.out,
            common={"data": args.data, "seed": str(args.seed)},
            quick=args.quick,
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


if __name__ == "__main__":
    main()
