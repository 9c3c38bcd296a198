"""What small work costs: ``python -m benchmarks.small``.

Milliseconds of a fit of one epoch, of a prediction, of unpickling and of the first fit
of a new architecture, from (16,) on 150 rows to (256, 256) on 20,000, ours and
scikit-learn's ``MLPClassifier`` (``max_iter=1``) at the same batch size. Each side is a
warm process, the sides take turns, and the median of each counts.

Then a search over 20 different ``hidden_layer_sizes`` on digits (5 folds, 20 epochs):
whole processes, and the fits alone in a process that has trained other sizes before.

``--baseline PATH`` adds the `src` of another checkout.
"""

import argparse
from pathlib import Path
from statistics import median

from benchmarks import grid
from benchmarks._machine import describe_machine
from benchmarks._processes import Side, chosen, in_turn, markdown, times_faster
from benchmarks._small_sides import MEASURES, POINTS

NAMES = {"ours": "ours", "baseline": "the other checkout", "sklearn": "scikit-learn"}
SEARCHERS = [
    "fleet",
    "alone",
    "baseline-fleet",
    "baseline-alone",
    "sklearn",
    "sklearn-2",
]


def compare(
    measures: list[str],
    points: list[int],
    batch: int,
    repeats: dict[str, int],
    baseline: Path | None,
) -> str:
    """Measure every point, and return a Markdown table."""
    names = [name for name in NAMES if baseline is not None or name != "baseline"]
    sides = {
        name: Side(
            "benchmarks._small_sides",
            name,
            str(batch),
            checkout=baseline if name == "baseline" else None,
        )
        for name in names
    }
    rows = []
    for measure in measures:
        for point in points:
            ask = {
                name: lambda _, side=side, what=(measure, point): side.ask(what)
                for name, side in sides.items()
            }
            runs = in_turn(ask, repeats[measure])
            hidden, n_rows, n_features = POINTS[point]
            rows.append(
                [
                    MEASURES[measure],
                    f"{hidden}, {n_rows:,} x {n_features}",
                    *(f"{median(runs[name]):.2f}" for name in names),
                    *(times_faster(runs[name], runs["ours"]) for name in names[1:]),
                ]
            )
    for side in sides.values():
        side.close()
    columns = [f"{NAMES[name]}, ms" for name in names]
    ratios = [f"times faster than {NAMES[name]}" for name in names[1:]]
    return markdown(["", "network, rows x features", *columns, *ratios], rows)


def search_shapes(
    candidates: int, epochs: int, repeats: int, baseline: Path | None
) -> None:
    """Measure the search over different shapes, and print its tables."""
    sides = grid.present(SEARCHERS, baseline)
    search = ("shapes", str(candidates), str(epochs))
    for warm in (False, True):
        runs = grid.measure(sides, search, repeats, warm=warm, baseline=baseline)
        what = "fits in a warm process" if warm else "whole process"
        print()
        print(grid.table(f"{candidates} shapes x 5 folds, {what}", runs), flush=True)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--first-fits", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument(
        "--points", type=int, nargs="+", default=list(range(len(POINTS)))
    )
    parser.add_argument(
        "--measures",
        type=chosen,
        default=[*MEASURES, "search"],
        help=f"comma-separated, of {', '.join(MEASURES)}, search",
    )
    parser.add_argument("--search-repeats", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=20, help="of the search")
    parser.add_argument("--baseline", type=Path, help="another checkout's folder")
    args = parser.parse_args()
    if unknown := set(args.measures) - {*MEASURES, "search"}:
        parser.error(f"--measures has unknown names: {sorted(unknown)}.")
    print(describe_machine("keras", "tensorflow", "scikit-learn", "numpy"), "\n")
    measures = [measure for measure in MEASURES if measure in args.measures]
    if measures:
        repeats = dict.fromkeys(MEASURES, args.repeats)
        repeats["first fit"] = args.first_fits
        print(f"Batches of {args.batch}, medians of {args.repeats} repeats:\n")
        print(compare(measures, args.points, args.batch, repeats, args.baseline))
    if "search" in args.measures:
        search_shapes(args.candidates, args.epochs, args.search_repeats, args.baseline)


if __name__ == "__main__":
    main()
