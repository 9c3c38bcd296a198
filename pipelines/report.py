"""Write one page on all experiments found in MLflow; nothing is trained.

Our figures with their intervals, beside published ones where the data are MNIST, with
each experiment's pictures, tables, settings and run. The page is one HTML file that
needs no other; its Markdown version has its pictures in a folder beside it.
"""

import _checkout  # noqa: F401
from kerasweep.console import (
    EXPERIMENT_TAG,
    RECORD_FILE,
    ExperimentParser,
    bad_input_exits,
)
from kerasweep.reporting import select_experiments, write_report
from kerasweep.tracking import check_tracking, finished_experiments


def parser() -> ExperimentParser:
    """Return the script's options; MLproject has the same ones."""
    p = ExperimentParser(__doc__.partition("\n\n")[0])
    p.add("experiment", "", p.names, "experiments to show, such as sweep,conv; or all")
    p.add("data", "", p.names, "data sets to show, such as MNIST,digits; or all")
    p.add("out", "results/report", p.folder, "folder for the page")
    return p


def main(arguments: list[str] | None = None) -> None:
    """Write the report."""
    args = parser().parse_args(arguments)
    with bad_input_exits():
        store = check_tracking()
        found = finished_experiments(EXPERIMENT_TAG, RECORD_FILE)
        chosen = select_experiments(
            found, store=store, experiments=args.experiment, datasets=args.data
        )
        for path in write_report(chosen, args.out):
            print(path)


if __name__ == "__main__":
    main()
