"""Compare a registered version with the champion, and promote it on evidence alone.

Both read the test rows of a data set. The alias ``champion`` moves to the candidate
only if it is right more often and a paired test (McNemar) says that this is no chance.
``rollback=1`` gives the alias back to the champion before this one.
"""

from dataclasses import dataclass

import _checkout  # noqa: F401
from kerasweep.experiments import (
    Command,
    Settings,
    bad_input_exits,
    option,
    readers as read,
)


@dataclass(frozen=True)
class Promote(Settings):
    """Which version is compared, and on which rows."""

    name: str = option("mnist-sweep", str, "the registered model")
    candidate: str = option("latest", str, "the version to promote, a number or latest")
    data: str = option("mnist", str, "data set whose test rows both versions read")
    target: str | None = option(
        "", read.optional, "column of a table that holds the classes"
    )
    seed: int = option(
        "0", read.seed, "draws the test rows; the one that both trained with"
    )
    alpha: float = option("0.05", read.share, "largest p-value that counts as evidence")
    rollback: bool = option("0", read.flag, "1: give the alias back, compare nothing")


def run(settings: Promote) -> None:
    """Compare, and move the alias or leave it."""
    from kerasweep import load_dataset, mcnemar
    from kerasweep.experiments.data import experiment_data
    from kerasweep.tracking import RegisteredModel, check_tracking

    named = f"champion of {settings.name}: version"
    with bad_input_exits():
        check_tracking()
        model = RegisteredModel(settings.name)
        if settings.rollback:
            before, after = model.roll_back()
            print(f"{named} {after}, before {before}")
            return
        candidate, champion = model.find(settings.candidate), model.champion
        if candidate == champion:
            raise ValueError(
                f"candidate must not be the champion. Got version {candidate}, which "
                f"is the champion of {settings.name}."
            )
        dataset = load_dataset(settings.data, target=settings.target)
        data = experiment_data(dataset, random_state=settings.seed)
    if champion is None:
        model.promote(candidate)
        print(f"{named} {candidate}, the first")
        return
    alpha = settings.alpha
    result = mcnemar(
        data.y_test,
        model.load(candidate).predict(data.X_test),
        model.load(champion).predict(data.X_test),
        confidence=1 - alpha if 0 < alpha < 1 else 0.95,
    )
    print(
        f"Accuracy on {dataset.name}'s test rows of version {candidate} and of version "
        f"{champion}, the champion: {result}"
    )
    if result.difference > 0 and result.p_value <= alpha:
        model.promote(candidate)
        print(f"{named} {candidate}, before {champion}")
    else:
        print(
            f"{named} {champion}, as before; that version {candidate} is better is not "
            f"shown at {alpha:g}"
        )


main = Command(Promote, run)

if __name__ == "__main__":
    main()
