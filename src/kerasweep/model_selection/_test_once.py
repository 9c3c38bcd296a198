"""The one reading of the test set."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d

from kerasweep.model_selection._wilson import check_confidence, wilson_interval


@dataclass(frozen=True)
class TestResult:
    """An accuracy with the interval that its number of test rows allows.

    Attributes
    ----------
    accuracy : float
        Share of correct rows, ``n_correct / n``.
    n_correct, n : int
        Correct rows and all rows.
    low, high : float
        Ends of the Wilson interval, as shares.
    confidence : float
        Confidence of the interval, in (0, 1).
    """

    __test__: ClassVar[bool] = False  # not a test, whatever pytest makes of its name

    accuracy: float
    n_correct: int
    n: int
    low: float
    high: float
    confidence: float

    def __str__(self) -> str:
        return (
            f"{self.accuracy:.4f} ({100 * self.confidence:g} % Wilson interval "
            f"{self.low:.4f} to {self.high:.4f}, n = {self.n:,})"
        )


def test_once(
    estimator: Any, X: Any, y: Any, *, confidence: float = 0.95
) -> TestResult:
    """Return a fitted classifier's accuracy on the test set, with its interval.

    The interval says how far the accuracy of *this* network is known from that many
    rows. It holds for one reading: a test set that any choice was made on, of an
    epoch, a factor or a seed, gives an accuracy that is too high by an amount that no
    interval shows. Nor does it hold the spread between seeds; see
    :func:`~kerasweep.model_selection.replicate_summary` for that.

    Parameters
    ----------
    estimator : fitted classifier
        Anything with ``predict``: an estimator, a pipeline, a search that was refitted.
    X : array-like of shape (n_samples, ...)
        Test rows.
    y : array-like of shape (n_samples,)
        Their class labels.
    confidence : float, default=0.95
        In (0, 1).

    Returns
    -------
    result : TestResult
        With `accuracy`, `n_correct`, `n`, `low`, `high` and `confidence`.

    Raises
    ------
    ValueError
        If y holds no class labels, or labels of another kind than the predictions.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from kerasweep.model_selection import test_once
    >>> X, y = load_digits(return_X_y=True)
    >>> net = KNeighborsClassifier(3).fit(X[:1000], y[:1000])
    >>> print(test_once(net, X[1000:], y[1000:]))
    0.9649 (95 % Wilson interval 0.9497 to 0.9756, n = 797)
    """
    check_is_fitted(estimator)
    check_confidence("test_once", confidence)
    labels = column_or_1d(y)
    if len(labels) == 0:
        raise ValueError("y of test_once must have at least one row. Got 0 instead.")
    if type_of_target(labels, input_name="y") not in ("binary", "multiclass"):
        raise ValueError(
            "y of test_once must hold class labels. Got a continuous target instead."
        )
    predictions = np.asarray(estimator.predict(X))
    if predictions.shape != labels.shape:
        raise ValueError(
            f"X of test_once gave predictions of shape {predictions.shape}, but y has "
            f"shape {labels.shape}."
        )
    if _is_text(predictions) != _is_text(labels):
        raise ValueError(
            "y of test_once must hold labels of the kind that the estimator predicts, "
            f"such as {predictions[0]!r}. Got {labels[0]!r} instead."
        )
    n_correct, n = int(np.sum(predictions == labels)), len(labels)
    low, high = wilson_interval(n_correct, n, confidence=confidence)
    return TestResult(n_correct / n, n_correct, n, low, high, float(confidence))


test_once.__test__ = False  # type: ignore[attr-defined]


def _is_text(labels: np.ndarray) -> bool:
    return isinstance(labels[0], (str, bytes))
