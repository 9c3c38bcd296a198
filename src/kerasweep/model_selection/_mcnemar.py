"""Two classifiers on the same rows."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d

from kerasweep.model_selection._wilson import check_confidence


@dataclass(frozen=True)
class PairedResult:
    """Whether one classifier is right more often than another on the same rows.

    Attributes
    ----------
    accuracy, other_accuracy : float
        Shares of correct rows, of the first and of the second classifier.
    n_only_first, n_only_second : int
        Rows that one of them alone has right.
    n : int
        All rows.
    p_value : float
        Two-sided, of the exact McNemar test: how often chance alone would part the rows
        that one of them has right at least so unevenly.
    low, high : float
        Ends of the interval of ``accuracy - other_accuracy``.
    confidence : float
        Confidence of the interval, in (0, 1).
    """

    accuracy: float
    other_accuracy: float
    n_only_first: int
    n_only_second: int
    n: int
    p_value: float
    low: float
    high: float
    confidence: float

    @property
    def difference(self) -> float:
        """``accuracy - other_accuracy``."""
        return self.accuracy - self.other_accuracy

    def __str__(self) -> str:
        return (
            f"{self.accuracy:.4f} and {self.other_accuracy:.4f}: difference "
            f"{self.difference:+.4f} ({100 * self.confidence:g} % interval "
            f"{self.low:+.4f} to {self.high:+.4f}), right alone on "
            f"{self.n_only_first} and {self.n_only_second} of {self.n:,} rows, "
            f"McNemar p = {self.p_value:.3g}"
        )


def mcnemar(
    y_true: Any, y_pred: Any, y_pred_other: Any, *, confidence: float = 0.95
) -> PairedResult:
    """Compare two classifiers' predictions of the same rows.

    Rows that both have right, or both wrong, say nothing on which of them is better;
    the test asks whether the others part evenly.

    Parameters
    ----------
    y_true, y_pred, y_pred_other : array-like of shape (n_samples,)
        Labels, and the predictions of the first and of the second classifier.
    confidence : float, default=0.95
        Of the interval, in (0, 1).

    Returns
    -------
    result : PairedResult

    Raises
    ------
    ValueError
        If the arrays are empty or differ in length.

    References
    ----------
    Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, 1947; here in its exact, binomial
    form.

    D. G. Bonett, R. M. Price, "Adjusted Wald confidence interval for a difference of
    binomial proportions based on paired data", Journal of Educational and Behavioral
    Statistics 37, 2012.

    Examples
    --------
    >>> from kerasweep.model_selection import mcnemar
    >>> y = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> result = mcnemar(y, y, [1, 0, 1, 0, 1, 0, 0, 1])
    >>> result.n_only_first, result.n_only_second, result.p_value
    (6, 0, 0.03125)
    """
    from scipy.stats import binomtest

    check_confidence("mcnemar", confidence)
    y_true = column_or_1d(y_true)
    first, second = column_or_1d(y_pred), column_or_1d(y_pred_other)
    check_consistent_length(y_true, first, second)
    n = len(y_true)
    if n == 0:
        raise ValueError("y_true of mcnemar must hold at least one row. Got none.")
    first, second = first == y_true, second == y_true
    alone, other = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    p_value = binomtest(alone, alone + other).pvalue if alone + other else 1.0
    # One imagined row in each of the two cells keeps the interval honest near 0.
    a, b = (alone + 1) / (n + 2), (other + 1) / (n + 2)
    half = NormalDist().inv_cdf((1 + confidence) / 2) * np.sqrt(
        (a + b - (a - b) ** 2) / (n + 2)
    )
    return PairedResult(
        float(first.mean()),
        float(second.mean()),
        alone,
        other,
        n,
        float(p_value),
        max(-1.0, float(a - b - half)),
        min(1.0, float(a - b + half)),
        confidence,
    )
