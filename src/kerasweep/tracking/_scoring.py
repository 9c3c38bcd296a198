"""Scorers that tell the tracking a split's score as soon as it is known."""

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasweep.tracking._messages import MetricsSeen, RunKey, now
from kerasweep.tracking._search_info import score_name
from kerasweep.tracking._transport import Channel

#: Estimators fitted in this process and not scored yet. By identity: an estimator
#: need not be hashable.
_fitted: dict[int, tuple[weakref.ref, Channel, RunKey]] = {}


def remember(estimator: Any, channel: Channel, key: RunKey) -> None:
    """Note which run an estimator was fitted in, until its first score."""
    identity = id(estimator)
    try:
        reference = weakref.ref(estimator, lambda _: _fitted.pop(identity, None))
    except TypeError:
        return
    _fitted[identity] = (reference, channel, key)


def _recall(estimator: Any) -> tuple[Channel, RunKey] | None:
    entry = _fitted.pop(id(estimator), None)
    if entry is None or entry[0]() is not estimator:
        return None
    return entry[1], entry[2]


class TrackedScorer:
    """Calls the real scorer, and sends a fit's first score: its validation score.

    Parameters
    ----------
    scoring : str, callable, list, tuple or dict
        As scikit-learn takes it.
    """

    def __init__(self, scoring: Any) -> None:
        from sklearn.metrics import check_scoring

        self._scoring = scoring
        self._scorer: Callable[..., Any]
        if callable(scoring):
            self._scorer = scoring
        elif isinstance(scoring, (str, dict, list, tuple)) and scoring:
            self._scorer = check_scoring(scoring=scoring)
        else:
            raise TypeError(
                "scoring of MlflowTracking must be a scorer's name, a callable, or a "
                f"non-empty list or dict of them. Got {scoring!r} instead."
            )

    def __call__(
        self, estimator: Any, X: Any, y: Any = None, **params: Any
    ) -> float | dict[str, float]:
        arguments = (X,) if y is None else (X, y)
        fitted = _recall(estimator)
        score = self._scorer(estimator, *arguments, **params)
        if fitted is not None:
            channel, key = fitted
            metrics = _metrics(score)
            if metrics:
                channel.send(MetricsSeen(key, metrics, 0, now()))
        return score

    def __repr__(self) -> str:
        return self._scoring if isinstance(self._scoring, str) else repr(self._scoring)


def _metrics(score: Any) -> dict[str, float]:
    named = score if isinstance(score, dict) else {"score": score}
    return {
        score_name("validation", name): float(value)
        for name, value in named.items()
        if isinstance(value, (int, float, np.number)) and np.isfinite(value)
    }
