"""Mean and spread of each setting over its replicates."""

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.model_selection._replicates import group_replicates

if TYPE_CHECKING:
    import pandas as pd


def replicate_summary(
    cv_results: Any,
    *,
    by: str | Sequence[str] | None = None,
    over: str | Sequence[str] | None = None,
    score: str = "test_score",
) -> "pd.DataFrame":
    """Summarize each setting of a search over its replicates.

    A setting's replicates are the candidates that differ in `over` alone, such as the
    seed. A replicate's value is its mean over the splits of the search, and `sd` is
    the sample standard deviation of these values,
    ``sqrt(sum((x - mean)**2) / (n - 1))``: the spread that another seed brings, which
    is not the ``std_test_score`` of a search, the spread between splits.

    Parameters
    ----------
    cv_results : dict or DataFrame
        The ``cv_results_`` of a fitted search.
    by : str or sequence of str, default=None
        Parameters that make a setting. None takes every searched parameter that is not
        in `over`.
    over : str or sequence of str, default=None
        Parameters that replicate a setting, such as ``"net__random_state"``. None
        takes every candidate for a setting of its own.
    score : str, default="test_score"
        Column to summarize; ``"test_accuracy"`` and the like in a search with several
        metrics.

    Returns
    -------
    summary : DataFrame
        One row a setting, in grid order: the parameters of `by` (NaN where a candidate
        has none), `mean`, `sd`, `standard_error` (``sd / sqrt(n)``), `n` replicates
        and `n_failed` more that are left out because a split's score was not finite;
        `train_mean` and `train_sd` if the search kept training scores, and
        `fit_time_mean`, the seconds that a fit took. `sd` is NaN with one replicate.

    Raises
    ------
    ValueError
        If a name is unknown, or another parameter varies among the replicates.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from kerasweep.model_selection import holdout, replicate_summary
    >>> X, y = load_digits(return_X_y=True)
    >>> grid = {"max_depth": [2, 8], "random_state": [0, 1, 2]}
    >>> search = GridSearchCV(DecisionTreeClassifier(), grid, cv=holdout(X, y))
    >>> summary = replicate_summary(search.fit(X, y).cv_results_, over="random_state")
    >>> summary[["max_depth", "n", "n_failed"]]
       max_depth  n  n_failed
    0          2  3         0
    1          8  3         0
    """
    import pandas as pd

    groups = group_replicates(cv_results, by, over, score, owner="replicate_summary")
    rows = []
    for setting in groups.settings:
        values = groups.score[setting.candidates]
        done = setting.candidates[~np.isnan(values)]
        mean, sd = mean_and_sd(groups.score[done])
        row = {
            "mean": mean,
            "sd": sd,
            "standard_error": sd / np.sqrt(len(done)) if len(done) else np.nan,
            "n": len(done),
            "n_failed": len(values) - len(done),
        }
        if groups.train_score is not None:
            row["train_mean"], row["train_sd"] = mean_and_sd(groups.train_score[done])
        if groups.fit_time is not None:
            row["fit_time_mean"] = mean_and_sd(groups.fit_time[done])[0]
        rows.append(row)
    parameters = {
        name: _column([setting.values[i] for setting in groups.settings])
        for i, name in enumerate(groups.by)
    }
    return pd.concat([pd.DataFrame(parameters), pd.DataFrame(rows)], axis=1)


def mean_and_sd(values: np.ndarray) -> tuple[float, float]:
    """Return the mean and the sample SD, NaN where too few values define them."""
    mean = float(np.mean(values)) if len(values) else np.nan
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else np.nan
    return mean, sd


def _column(values: list[Any]) -> "pd.Series":
    import pandas as pd

    numeric = all(isinstance(v, Real) and not isinstance(v, bool) for v in values)
    # an inferred type would turn None, a setting of its own, into NaN
    return pd.Series(values, dtype=None if numeric else object)
