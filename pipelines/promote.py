"""Compare a registered version with the champion, and promote it on evidence alone.

Both read the test rows of a data set. The alias ``champion`` moves to the candidate
only if it is right more often and a paired test (McNemar) says that this is no chance.
``rollback=1`` gives the alias back to the champion before this one.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import _checkout  # noqa: F401
from kerasweep import load_dataset, mcnemar
from kerasweep.console import ExperimentParser, bad_input_exits, experiment_data
from kerasweep.tracking import RegisteredModel, check_tracking


def parser() -> ExperimentParser:
    """Return the script's options; MLproject has the same ones."""
    p = ExperimentParser(__doc__.partition("\n\n")[0])
    p.add("name", "mnist-sweep", str, "the registered model")
    p.add("candidate", "latest", str, "the version to promote, a number or latest")
    p.add("data", "mnist", str, "data set whose test rows both versions read")
    p.add("target", "", p.optional, "column of a table that holds the classes")
    p.add("seed", "0", p.seed, "draws the test rows; the one that both trained with")
    p.add("alpha", "0.05", p.share, "largest p-value that counts as evidence")
    p.add("rollback", "0", p.flag, "1: give the alias back, compare nothing")
    return p


def main(arguments: list[str] | None = None) -> None:
    """Compare, and move the alias or leave it."""
    args = parser().parse_args(arguments)
    with bad_input_exits():
        check_tracking()
        model = RegisteredModel(args.name)
        if args.rollback:
            before, after = model.roll_back()
            print(f"champion of {args.name}: version {after}, before {before}")
            return
        candidate, champion = model.find(args.candidate), model.champion
        if candidate == champion:
            raise ValueError(
                f"candidate must not be the champion. Got version {candidate}, which "
                f"is the champion of {args.name}."
            )
        dataset = load_dataset(args.data, target=args.target)
        data = experiment_data(dataset, random_state=args.seed)
    if champion is None:
        model.promote(candidate)
        print(f"champion of {args.name}: version {candidate}, the first")
        return
    result = mcnemar(
        data.y_test,
        model.load(candidate).predict(data.X_test),
        model.load(champion).predict(data.X_test),
        confidence=1 - args.alpha if 0 < args.alpha < 1 else 0.95,
    )
    print(
        f"Accuracy on {dataset.name}'s test rows of version {candidate} and of version "
        f"{champion}, the champion: {result}"
    )
    if result.difference > 0 and result.p_value <= args.alpha:
        model.promote(candidate)
        print(f"champion of {args.name}: version {candidate}, before {champion}")
    else:
        print(
            f"champion of {args.name}: version {champion}, as before; that version "
            f"{candidate} is better is not shown at {args.alpha:g}"
        )


if __name__ == "__main__":
    main()
