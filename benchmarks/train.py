"""Compare the training engine with its peers: ``python -m benchmarks.train``.

Prints Markdown. Every side trains the same network on the same rows of MNIST with
the same batch size, optimizer and number of epochs, in a process of its own; the
repeats alternate between the sides, and the median of each side counts. The sides
"ours" hand finished jobs to the engine; "our estimators" are `fit` as users call it: 15
networks of 784-64-64-10 in a fleet, 4 of each other.
"""

import argparse
import sys
from statistics import median

from benchmarks._machine import describe_machine
from benchmarks._networks import SHAPES, sgemm_floor
from benchmarks._processes import Side, in_turn, is_installed, markdown, times_faster
from benchmarks._train_sides import SIDES

_PACKAGES = "keras tensorflow jax scikit-learn numpy torch skorch".split()


def compare(
    network: str, n_rows: int, repeats: int, names: list[str], epochs: int | None
) -> str:
    """Measure every side on a network, and give a Markdown table."""
    sides: dict[str, Side] = {}
    for name in names:
        way = SIDES[name]
        if way.needs == "sklearn" and SHAPES[network] is None:
            continue
        command = (name, network, str(n_rows), str(epochs or way.epochs))
        try:
            sides[name] = Side("benchmarks._train_sides", *command, backend=way.backend)
        except RuntimeError as error:
            print(error, file=sys.stderr)
    measured = in_turn(
        {
            "floor": lambda _: sgemm_floor(network, n_rows),
            **{name: side.ask for name, side in sides.items()},
        },
        repeats,
    )
    for side in sides.values():
        side.close()
    floors = measured.pop("floor")
    floor = median(floors)
    seconds = {name: [s for s, _ in runs] for name, runs in measured.items()}
    base = seconds.get("Keras on TensorFlow")
    rows = [
        [
            name,
            epochs or SIDES[name].epochs,
            f"{median(seconds[name]):.3f}",
            ", ".join(f"{s:.3f}" for s in seconds[name]),
            times_faster(base, seconds[name]),
            f"{floor / median(seconds[name]):.0%}",
            f"{runs[-1][1]:.4f}",
        ]
        for name, runs in measured.items()
    ]
    rows.append(
        ["sgemm floor", "", f"{floor:.3f}", "", times_faster(base, floors), "100%", ""]
    )
    header = [
        "",
        "epochs a fit",
        "median s",
        "all repeats",
        "times faster than Keras on TensorFlow",
        "share of the sgemm floor",
        "accuracy",
    ]
    title = f"### {network}, {n_rows:,} rows, seconds a network-epoch"
    return f"{title}\n\n{markdown(header, rows)}"


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="*", default=list(SHAPES), choices=SHAPES)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sides", nargs="*", default=list(SIDES), choices=SIDES)
    parser.add_argument("--epochs", type=int, help="of every side's fits")
    arguments = parser.parse_args()
    present = [s for s in arguments.sides if is_installed(SIDES[s].needs)]
    print(describe_machine(*_PACKAGES), end="\n\n", flush=True)
    for network in arguments.networks:
        table = compare(
            network, arguments.rows, arguments.repeats, present, arguments.epochs
        )
        print(table, end="\n\n", flush=True)


if __name__ == "__main__":
    main()
