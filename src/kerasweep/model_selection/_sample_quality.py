"""How good generated rows are, as classifiers see them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted, column_or_1d

from kerasweep.model_selection._test_once import TestResult, test_once
from kerasweep.model_selection._wilson import check_confidence, wilson_interval


@dataclass(frozen=True)
class ShareResult:
    """A share of rows with the interval that their number allows.

    Attributes
    ----------
    share : float
        ``n_hits / n``.
    n_hits, n : int
        Rows that count, and all rows.
    low, high : float
        Ends of the Wilson interval, as shares.
    confidence : float
        Confidence of the interval, in (0, 1).
    """

    share: float
    n_hits: int
    n: int
    low: float
    high: float
    confidence: float

    def __str__(self) -> str:
        return (
            f"{self.share:.4f} ({100 * self.confidence:g} % Wilson interval "
            f"{self.low:.4f} to {self.high:.4f}, n = {self.n:,})"
        )


def share_recognized(
    classifier: Any, X: Any, *, threshold: float = 0.9, confidence: float = 0.95
) -> ShareResult:
    """Return the share of rows that a classifier is sure of.

    A row counts if the largest of its predicted probabilities is over `threshold`.
    Of real rows, too, only a part counts: compare with the share among those.

    Parameters
    ----------
    classifier : fitted classifier
        Anything with ``predict_proba``, trained independently of what made the rows.
    X : array-like of shape (n_samples, ...)
        Generated rows.
    threshold : float, default=0.9
        In [0, 1).
    confidence : float, default=0.95
        Of the interval, in (0, 1).

    Returns
    -------
    result : ShareResult

    Raises
    ------
    ValueError
        If the threshold is out of range.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from kerasweep.model_selection import share_recognized
    >>> X, y = load_digits(return_X_y=True)
    >>> reader = KNeighborsClassifier(3).fit(X[:1000], y[:1000])
    >>> print(share_recognized(reader, X[1000:]))
    0.9272 (95 % Wilson interval 0.9071 to 0.9433, n = 797)
    """
    check_is_fitted(classifier)
    check_confidence("share_recognized", confidence)
    if not 0 <= threshold < 1:
        raise ValueError(
            "threshold of share_recognized must be a number in [0, 1). "
            f"Got {threshold!r} instead."
        )
    surest = np.asarray(classifier.predict_proba(X)).max(axis=1)
    return _share(surest > threshold, confidence)


def share_as_asked(
    classifier: Any, X: Any, y: Any, *, confidence: float = 0.95
) -> ShareResult:
    """Return the share of rows that a classifier reads as the label asked for.

    Parameters
    ----------
    classifier : fitted classifier
        Trained independently of what made the rows.
    X : array-like of shape (n_samples, ...)
        Generated rows, such as ``vae.sample(y=y)``.
    y : array-like of shape (n_samples,)
        The labels that were asked for.
    confidence : float, default=0.95
        Of the interval, in (0, 1).

    Returns
    -------
    result : ShareResult

    Raises
    ------
    ValueError
        If X and y differ in length.
    """
    check_is_fitted(classifier)
    check_confidence("share_as_asked", confidence)
    read, asked = np.asarray(classifier.predict(X)), column_or_1d(y)
    if read.shape != asked.shape:
        raise ValueError(
            "X and y of share_as_asked must have equally many rows. "
            f"Got {len(read)} and {len(asked)} instead."
        )
    return _share(read == asked, confidence)


def classification_accuracy_score(
    classifier: Any,
    X_samples: Any,
    y_samples: Any,
    X: Any,
    y: Any,
    *,
    confidence: float = 0.95,
) -> TestResult:
    """Train a classifier on generated rows and test it on real ones.

    Unlike the share of good samples, this also falls where the samples lack variety.
    The same classifier trained on as many real rows is what to compare with.

    Parameters
    ----------
    classifier : classifier
        A clone of it is trained.
    X_samples : array-like of shape (n_samples, ...)
        Generated rows.
    y_samples : array-like of shape (n_samples,)
        The labels that were asked for.
    X : array-like of shape (n_rows, ...)
        Real rows that neither the generator nor the classifier has seen.
    y : array-like of shape (n_rows,)
        Their labels.
    confidence : float, default=0.95
        Of the interval, in (0, 1).

    Returns
    -------
    result : TestResult
        The accuracy on the real rows, with its Wilson interval.

    References
    ----------
    S. Ravuri, O. Vinyals, "Classification accuracy score for conditional generative
    models", NeurIPS 2019, arXiv:1905.10887.
    """
    trained = clone(classifier).fit(X_samples, y_samples)
    return test_once(trained, X, y, confidence=confidence)


def _share(hits: np.ndarray, confidence: float) -> ShareResult:
    n_hits, n = int(hits.sum()), len(hits)
    low, high = wilson_interval(n_hits, n, confidence=confidence)
    return ShareResult(n_hits / n, n_hits, n, low, high, float(confidence))
