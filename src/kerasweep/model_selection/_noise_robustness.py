"""Accuracy against the noise in the images."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.model_selection._noise_levels import (
    as_floats,
    check_request,
    noisy_rows,
)
from kerasweep.model_selection._wilson import check_confidence, wilson_interval

if TYPE_CHECKING:
    import pandas as pd


def noise_robustness(
    estimators: Mapping[str, Any],
    X: Any,
    y: Any,
    amounts: Sequence[float],
    *,
    noise: Any = "salt_and_pepper",
    n_repeats: int = 1,
    random_state: Any = 0,
    confidence: float = 0.95,
) -> "pd.DataFrame":
    """Measure how well fitted classifiers read noisy images.

    Clean rows are corrupted at each level, and every classifier reads the same
    corrupted rows. Put a denoiser into the classifier's pipeline to see what it gains.

    Parameters
    ----------
    estimators : dict of str to fitted classifier
        What is compared, by the names it is to have in tables and pictures.
    X : array-like of shape (n_samples, ...)
        Clean rows, on the scale that the noise assumes: [0, 1] for
        ``"salt_and_pepper"`` and ``"gaussian"``.
    y : array-like of shape (n_samples,)
        Classes.
    amounts : sequence of float
        Levels: shares of salt and pepper in [0, 1], or standard deviations.
    noise : {"salt_and_pepper", "gaussian"}, SaltAndPepper or GaussianNoise, \
default="salt_and_pepper"
        A transformer brings its own bounds and share of salt; its level, seed and
        `apply` are set here.
    n_repeats : int, default=1
        How often each level is drawn.
    random_state : int, RandomState instance or None, default=0
        Draws the noise.
    confidence : float, default=0.95
        Of the intervals, in (0, 1).

    Returns
    -------
    robustness : DataFrame
        One row per method, level and repeat: `method`, `amount`, `repeat`, `seed` (of
        the noise transformer), `n` rows, `accuracy` with its Wilson interval
        `accuracy_low` and `accuracy_high`, and `macro_tpr`, the mean over the classes
        in y of the share of their rows that is recognized, with a normal interval
        `macro_tpr_low` and `macro_tpr_high`. For that, the variance of each class's
        share is taken from Agresti and Coull's adjusted one, since it would vanish
        where all rows are recognized.

    References
    ----------
    A. Agresti and B. A. Coull, "Approximate is better than 'exact' for interval
    estimation of binomial proportions", The American Statistician 52 (1998) 119-126.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from kerasweep.model_selection import noise_robustness
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X / 16
    >>> model = LogisticRegression(max_iter=500).fit(X[:1000], y[:1000])
    >>> frame = noise_robustness({"linear": model}, X[1000:], y[1000:], [0.0, 0.5])
    >>> bool(frame["accuracy"][0] > frame["accuracy"][1])
    True
    """
    import pandas as pd

    owner = "noise_robustness"
    methods, levels = check_request(owner, estimators, amounts, n_repeats)
    check_confidence(owner, confidence)
    X, y = as_floats(X), np.asarray(y)
    if y.ndim != 1 or len(y) != len(X) or not len(y):
        raise ValueError(
            f"X and y of {owner} must have equally many rows, at least 1, and y one "
            f"column. Got shapes {X.shape} and {y.shape} instead."
        )
    rows = []
    for noisy in noisy_rows(owner, X, levels, noise, n_repeats, random_state):
        for name, estimator in methods.items():
            correct = np.asarray(estimator.predict(noisy.X)) == y
            low, high = wilson_interval(
                int(correct.sum()), len(y), confidence=confidence
            )
            tpr, tpr_low, tpr_high = _macro_tpr(correct, y, confidence)
            rows.append(
                {
                    "method": name,
                    "amount": noisy.amount,
                    "repeat": noisy.repeat,
                    "seed": noisy.seed,
                    "n": len(y),
                    "accuracy": float(correct.mean()),
                    "accuracy_low": low,
                    "accuracy_high": high,
                    "macro_tpr": tpr,
                    "macro_tpr_low": tpr_low,
                    "macro_tpr_high": tpr_high,
                }
            )
    return pd.DataFrame(rows)


def half_accuracy_amounts(robustness: "pd.DataFrame") -> "pd.DataFrame":
    """Find the noise level at which each method has lost half its accuracy.

    Half of the accuracy at the lowest level, which should be 0. The level is where the
    straight line between two measured levels first falls to it.

    Parameters
    ----------
    robustness : DataFrame
        From :func:`noise_robustness`; repeats are averaged.

    Returns
    -------
    levels : DataFrame
        One row per method: `method`, `accuracy` (at the lowest level), `amount`, and
        `amount_low` and `amount_high`, where the ends of the accuracy's interval
        fall to the same half. NaN where they do not up to the highest level.

    Examples
    --------
    >>> import pandas as pd
    >>> from kerasweep.model_selection import half_accuracy_amounts
    >>> accuracy = [1.0, 0.8, 0.4]
    >>> frame = pd.DataFrame({"method": "a", "amount": [0.0, 0.4, 0.8]})
    >>> for name in ("accuracy", "accuracy_low", "accuracy_high"):
    ...     frame[name] = accuracy
    >>> float(half_accuracy_amounts(frame)["amount"][0].round(6))
    0.7
    """
    import pandas as pd

    columns = ["accuracy", "accuracy_low", "accuracy_high"]
    rows = []
    for name, group in robustness.groupby("method", sort=False):
        curve = group.groupby("amount")[columns].mean().sort_index()
        amounts = curve.index.to_numpy(dtype=np.float64)
        half = curve["accuracy"].iloc[0] / 2
        at, at_low, at_high = (_first_fall(amounts, curve[c], half) for c in columns)
        rows.append(
            {
                "method": name,
                "accuracy": 2 * half,
                "amount": at,
                "amount_low": at_low,
                "amount_high": at_high,
            }
        )
    return pd.DataFrame(rows)


def _first_fall(amounts: np.ndarray, values: Any, level: float) -> float:
    """Return where a piecewise linear curve first falls to a level."""
    values = np.asarray(values, dtype=np.float64)
    below = np.flatnonzero(values <= level)
    if not len(below):
        return float("nan")
    i = int(below[0])
    if i == 0:
        return float(amounts[0])
    share = (values[i - 1] - level) / (values[i - 1] - values[i])
    return float(amounts[i - 1] + share * (amounts[i] - amounts[i - 1]))


def _macro_tpr(
    correct: np.ndarray, y: np.ndarray, confidence: float
) -> tuple[float, float, float]:
    """Return the mean recall over classes, and its normal interval."""
    from scipy.special import ndtri

    _, codes = np.unique(y, return_inverse=True)
    n = np.bincount(codes).astype(np.float64)
    hits = np.bincount(codes, weights=correct)
    z = float(ndtri(0.5 + confidence / 2))
    adjusted = (hits + z**2 / 2) / (n + z**2)
    variance = np.sum(adjusted * (1 - adjusted) / (n + z**2)) / len(n) ** 2
    tpr, half_width = float(np.mean(hits / n)), z * float(np.sqrt(variance))
    return tpr, max(0.0, tpr - half_width), min(1.0, tpr + half_width)
