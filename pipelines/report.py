"""Write one page on all experiments found in MLflow; nothing is trained.

Our figures with their intervals, beside published ones where the data are MNIST, with
each experiment's pictures, tables, settings and run. The page is one HTML file that
needs no other; its Markdown version has its pictures in a folder beside it.
"""

from dataclasses import dataclass
from pathlib import Path

import _checkout  # noqa: F401
from kerasweep.experiments import (
    EXPERIMENT_TAG,
    RECORD_FILE,
    Command,
    Settings,
    bad_input_exits,
    option,
    readers as read,
)


@dataclass(frozen=True)
class Report(Settings):
    """What is shown, and where the page goes."""

    experiment: tuple[str, ...] = option(
        "", read.names, "experiments to show, such as sweep,conv; or all"
    )
    data: tuple[str, ...] = option(
        "", read.names, "data sets to show, such as MNIST,digits; or all"
    )
    out: Path = option("results/report", read.folder, "folder for the page")


def run(settings: Report) -> None:
    """Find the experiments, and write the page."""
    from kerasweep.reporting import select_experiments, write_report
    from kerasweep.tracking import check_tracking, finished_experiments

    with bad_input_exits():
        store = check_tracking()
        chosen = select_experiments(
            finished_experiments(EXPERIMENT_TAG, RECORD_FILE),
            store=store,
            experiments=settings.experiment,
            datasets=settings.data,
        )
        for path in write_report(chosen, settings.out):
            print(path)


main = Command(Report, run)

if __name__ == "__main__":
    main()
