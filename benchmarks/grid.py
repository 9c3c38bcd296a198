"""Compare a grid search on digits with its peers: ``python -m benchmarks.grid``.

20 candidates (or 100) x 5 folds of a 64-64 network, 20 epochs, batches of 32, and the
refit. Each side is a process of its own, timed as a whole, imports and compilation
included; the sides take turns, and the median of each counts.

With ``--warm`` each side is one process that trains the networks of the search twice
unmeasured and then again and again: fits alone, without scores and refit.

``--baseline PATH`` adds the sides "baseline-fleet" and "baseline-alone", which measure
the `src` of another checkout.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._machine import describe_machine
from benchmarks._processes import (
    Side,
    chosen,
    in_turn,
    is_installed,
    markdown,
    times_faster,
    whole_process,
)
from benchmarks._searches import SIDES, WARM_SIDES

PACKAGES = "keras tensorflow scikit-learn scikeras torch skorch".split()
PEERS = ("sklearn-2", "scikeras", "baseline-fleet")


def present(sides: list[str], baseline: Path | None) -> list[str]:
    """Leave out the sides that cannot be measured here."""
    return [
        side
        for side in sides
        if is_installed(SIDES[side][1])
        and (baseline is not None or not side.startswith("baseline"))
    ]


def measure(
    sides: list[str],
    search: tuple[str, ...],
    repeats: int,
    *,
    warm: bool = False,
    baseline: Path | None = None,
) -> dict[str, list[Any]]:
    """Return seconds and score of each repeat of each side.

    Parameters
    ----------
    sides : list of str
    search : tuple of str
        What is searched, the number of candidates and of epochs: the command line of
        ``benchmarks._searches`` behind the side.
    repeats : int
    warm : bool
        Whether to measure the fits in a process that goes on, not a whole process.
    baseline : Path or None
        Checkout that the "baseline" sides measure.
    """
    module = "benchmarks._searches"

    def checkout(side: str) -> Path | None:
        return baseline if side.startswith("baseline") else None

    def run(side: str, _: int) -> Any:
        return whole_process(module, side, *search, checkout=checkout(side))

    if not warm:
        return in_turn({side: partial(run, side) for side in sides}, repeats)
    processes = {
        side: Side(module, side, *search, "--warm", checkout=checkout(side))
        for side in sides
    }
    try:
        return in_turn({side: p.ask for side, p in processes.items()}, repeats)
    finally:
        for process in processes.values():
            process.close()


def table(what: str, runs: dict[str, list[Any]]) -> str:
    """Return the Markdown of what was measured."""
    seconds = {side: [s for s, _ in pairs] for side, pairs in runs.items()}
    peers = [peer for peer in PEERS if peer in seconds]
    rows = []
    for side, pairs in runs.items():
        score = pairs[-1][1]
        rows.append(
            [
                SIDES[side][0],
                f"{median(seconds[side]):.2f}",
                ", ".join(f"{s:.2f}" for s in seconds[side]),
                *(times_faster(seconds[peer], seconds[side]) for peer in peers),
                f"{score:.4f}",
            ]
        )
    faster = [f"times faster than {SIDES[peer][0]}" for peer in peers]
    return markdown([what, "median s", "all", *faster, "score"], rows)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--baseline", type=Path, help="another checkout's folder")
    parser.add_argument(
        "--sides", type=chosen, help=f"comma-separated, of {', '.join(SIDES)}"
    )
    args = parser.parse_args()
    possible = WARM_SIDES if args.warm else list(SIDES)
    if unknown := set(args.sides or []) - set(possible):
        parser.error(f"--sides must be of {possible}. Got {sorted(unknown)} instead.")
    sides = present(args.sides or possible, args.baseline)
    for side in set(args.sides or possible) - set(sides):
        print(f"left out: {side}", file=sys.stderr)
    search = ("strengths", str(args.candidates), str(args.epochs))
    runs = measure(sides, search, args.repeats, warm=args.warm, baseline=args.baseline)
    print(describe_machine(*PACKAGES), "\n")
    n_fits = 5 * args.candidates
    what = f"{n_fits} fits, warm" if args.warm else f"{n_fits} fits, whole process"
    print(table(what, runs))


if __name__ == "__main__":
    main()
