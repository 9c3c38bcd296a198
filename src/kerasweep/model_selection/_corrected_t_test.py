"""Models compared on the same splits, which share rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d

from kerasweep.model_selection._wilson import check_confidence

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CorrectedResult:
    """The mean difference of two models' scores over splits.

    Attributes
    ----------
    difference : float
        Mean of the first's scores less the second's.
    low, high : float
        Ends of its interval; NaN where all differences are equal, but not 0.
    t, p_value : float
        Student's t of the corrected test, and the two-sided probability of one at least
        as large if there were no difference.
    n : int
        Splits.
    confidence : float
        Of the interval, in (0, 1).
    """

    difference: float
    low: float
    high: float
    t: float
    p_value: float
    n: int
    confidence: float

    @property
    def separates(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return (
            f"difference {self.difference:+.4f} ({100 * self.confidence:g} % interval "
            f"{self.low:+.4f} to {self.high:+.4f}, {self.n} splits, corrected t-test "
            f"p = {self.p_value:.3g})"
        )


def corrected_t_test(
    scores: Any,
    other_scores: Any,
    *,
    n_train: int,
    n_test: int,
    confidence: float = 0.95,
) -> CorrectedResult:
    """Compare two models' scores on the same random splits of one data set.

    The splits share training rows, so that scores on them are not independent, and
    Student's test would find differences where there are none. The correction replaces
    the variance of the mean, s**2 / n, by (1 / n + n_test / n_train) * s**2.

    Parameters
    ----------
    scores, other_scores : array-like of shape (n_splits,)
        Of the first and of the second model, on the same splits in the same order; such
        as a repeated cross-validation's, at least 2.
    n_train, n_test : int
        Rows that each split trains on and tests on; the means where they differ.
    confidence : float, default=0.95
        Of the interval, in (0, 1).

    Returns
    -------
    result : CorrectedResult

    Raises
    ------
    ValueError
        If the scores are too few, not finite, or not equally many.

    References
    ----------
    C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52,
    2003.

    R. R. Bouckaert, E. Frank, "Evaluating the replicability of significance tests for
    comparing learning algorithms", PAKDD 2004: the same for a repeated
    cross-validation.

    Examples
    --------
    >>> from kerasweep.model_selection import corrected_t_test
    >>> print(corrected_t_test([0.9, 0.8, 0.7], [0.8, 0.6, 0.4], n_train=90, n_test=10))
    difference +0.2000 (95 % interval -0.0868 to +0.4868, 3 splits, corrected t-test p = 0.0955)
    """  # noqa: E501
    from scipy.stats import t as student

    check_confidence("corrected_t_test", confidence)
    first, second = column_or_1d(scores), column_or_1d(other_scores)
    check_consistent_length(first, second)
    differences = first.astype(np.float64) - second.astype(np.float64)
    n = len(differences)
    if n < 2 or not np.isfinite(differences).all():
        raise ValueError(
            "scores of corrected_t_test must be finite, and of at least 2 splits. Got "
            f"{n} splits, {np.count_nonzero(~np.isfinite(differences))} of them with "
            "scores that are not finite."
        )
    if n_train < 1 or n_test < 1:
        raise ValueError(
            "n_train and n_test of corrected_t_test must be at least 1. Got "
            f"{n_train} and {n_test} instead."
        )
    mean = float(differences.mean())
    error = float(np.sqrt((1 / n + n_test / n_train) * differences.var(ddof=1)))
    if error <= 1e-12 * max(abs(mean), np.finfo(float).tiny):
        same = mean == 0
        bound, t = (0.0, 0.0) if same else (float("nan"), float(np.sign(mean)) * np.inf)
        return CorrectedResult(
            mean, bound, bound, t, 1.0 if same else 0.0, n, confidence
        )
    half = float(student.ppf((1 + confidence) / 2, n - 1)) * error
    t = mean / error
    p_value = 2 * float(student.sf(abs(t), n - 1))
    return CorrectedResult(mean, mean - half, mean + half, t, p_value, n, confidence)


def comparison_table(
    scores: Mapping[str, Any],
    *,
    n_train: int,
    n_test: int,
    confidence: float = 0.95,
) -> "pd.DataFrame":
    """Rank models by their mean score, each compared with the best.

    Parameters
    ----------
    scores : mapping of str to array-like of shape (n_splits,)
        Greater is better; of all models on the same splits.
    n_train, n_test : int
        Rows that each split trains on and tests on.
    confidence : float, default=0.95
        Of each interval by itself, in (0, 1).

    Returns
    -------
    table : DataFrame
        One row a model, the best first: `model`, `mean`, `sd` (over splits, ddof=1),
        and the best's mean less its own as `difference`, with `low`, `high` and
        `p_value` of :func:`corrected_t_test`; NaN for the best itself.

    Examples
    --------
    >>> from kerasweep.model_selection import comparison_table
    >>> scores = {"linear": [0.8, 0.6, 0.4], "boosting": [0.9, 0.8, 0.7]}
    >>> table = comparison_table(scores, n_train=90, n_test=10)
    >>> table[["model", "mean", "difference"]].round(2)
          model  mean  difference
    0  boosting   0.8         NaN
    1    linear   0.6         0.2
    """
    import pandas as pd

    means = {name: float(np.mean(values)) for name, values in scores.items()}
    ranked = sorted(scores, key=lambda name: -means[name])
    rows = []
    for name in ranked:
        row = {
            "model": name,
            "mean": means[name],
            "sd": float(np.std(scores[name], ddof=1)),
        }
        if name != ranked[0]:
            found = corrected_t_test(
                scores[ranked[0]],
                scores[name],
                n_train=n_train,
                n_test=n_test,
                confidence=confidence,
            )
            row |= {
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p_value": found.p_value,
            }
        rows.append(row)
    columns = ["model", "mean", "sd", "difference", "low", "high", "p_value"]
    return pd.DataFrame(rows, columns=columns)
