"""Published figures to compare with."""

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def load_reference_results(experiment: str | None = None) -> "pd.DataFrame":
    """Load published results on MNIST, each with its source.

    Parameters
    ----------
    experiment : str, default=None
        One of the table's experiments, such as "sweep"; None for all.

    Returns
    -------
    results : DataFrame
        With the columns `experiment`, `model`, `training`, `measured_on`, `metric`,
        `value` and `source`. Accuracies are shares in [0, 1].

    Raises
    ------
    ValueError
        If there is no such experiment.

    Examples
    --------
    >>> from kerasweep.datasets import load_reference_results
    >>> float(load_reference_results("baseline")["value"].max())
    0.97
    """
    import pandas as pd

    path = files("kerasweep.datasets") / "data" / "reference_results.csv"
    with path.open(encoding="utf-8") as file:
        results = pd.read_csv(file)
    if experiment is None:
        return results
    known = results["experiment"].unique().tolist()
    if experiment not in known:
        raise ValueError(
            f"experiment of load_reference_results must be one of {known}. "
            f"Got {experiment!r} instead."
        )
    return results[results["experiment"] == experiment].reset_index(drop=True)
