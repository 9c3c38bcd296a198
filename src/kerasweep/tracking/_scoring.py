"""Scorers that tell the tracking a fit's scores as soon as they are known."""

import json
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from kerasweep.tracking._messages import RunKey, RunUpdate, now
from kerasweep.tracking._tasks import score_name
from kerasweep.tracking._transport import Channel

#: Tag of a child run: what its fit gave.
RESULT_TAG = "kerasweep.result"


class FitResult(NamedTuple):
    """What a fit of a search gave.

    Attributes
    ----------
    scores : list of float or of dict of str to float
        On the validation rows and, where the search asks for it, on the training rows.
    fit_seconds, score_seconds : float
    run_id : str
        The run that trained it; "" for the present one.
    """

    scores: list[Any]
    fit_seconds: float
    score_seconds: float
    run_id: str = ""

    def to_text(self) -> str:
        """Return it as JSON, every number to its last bit."""
        return json.dumps([self.scores, self.fit_seconds, self.score_seconds])

    @classmethod
    def from_text(cls, text: str, run_id: str) -> "FitResult":
        """Read what :meth:`to_text` wrote."""
        scores, fit_seconds, score_seconds = json.loads(text)
        return cls(scores, fit_seconds, score_seconds, run_id)


@dataclass
class UnscoredFit:
    """A fit whose scores are still to come.

    Attributes
    ----------
    channel, key
        Where its scores go.
    seconds : float
        How long the fit took.
    n_scores : int
        How many scores a search asks for; 0 outside one, where a score is no result
        to keep.
    known : FitResult or None
        The scores themselves, where the fit was not trained again.
    """

    channel: Channel
    key: RunKey
    seconds: float = 0.0
    n_scores: int = 0
    known: FitResult | None = None
    scores: list[Any] = field(default_factory=list)
    score_seconds: float = 0.0

    def add(self, score: Any, seconds: float) -> bool:
        """Take the next score, and send what is known now; say if it was the last."""
        self.scores.append(score)
        if len(self.scores) == 1:
            self.score_seconds = seconds
            metrics = _metrics(score)
            if metrics:
                self.channel.send(RunUpdate(self.key, now(), metrics))
        if len(self.scores) < self.n_scores:
            return False
        if self.n_scores and all(map(_is_finite, self.scores)):
            result = self.known or FitResult(
                [_numbers(one) for one in self.scores], self.seconds, self.score_seconds
            )
            tags = {RESULT_TAG: result.to_text()}
            self.channel.send(RunUpdate(self.key, now(), tags=tags))
        return True


#: Estimators fitted in this process and not scored yet. By identity: an estimator
#: need not be hashable.
_fitted: dict[int, tuple[weakref.ref, UnscoredFit]] = {}


def expect_scores(estimator: Any, fitted: UnscoredFit) -> None:
    """Note which run an estimator was fitted in, until its last score."""
    identity = id(estimator)
    try:
        reference = weakref.ref(estimator, lambda _: _fitted.pop(identity, None))
    except TypeError:
        return
    _fitted[identity] = (reference, fitted)


def _fit_of(estimator: Any) -> UnscoredFit | None:
    entry = _fitted.get(id(estimator))
    if entry is None or entry[0]() is not estimator:
        return None
    return entry[1]


class TrackedScorer:
    """Calls the real scorer, and sends a fit's first score: its validation score.

    Parameters
    ----------
    scoring : str, callable, list, tuple or dict
        As scikit-learn takes it.
    """

    def __init__(self, scoring: Any) -> None:
        from sklearn.metrics import check_scoring

        self.scoring = scoring
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
        fitted = _fit_of(estimator)
        start = time.perf_counter()
        if fitted is not None and fitted.known is not None:
            score = fitted.known.scores[len(fitted.scores)]
        else:
            arguments = (X,) if y is None else (X, y)
            score = self._scorer(estimator, *arguments, **params)
        if fitted is not None and fitted.add(score, time.perf_counter() - start):
            _fitted.pop(id(estimator), None)
        return score

    def __repr__(self) -> str:
        return self.scoring if isinstance(self.scoring, str) else repr(self.scoring)


def _named(score: Any) -> dict[str, Any]:
    return score if isinstance(score, dict) else {"score": score}


def _metrics(score: Any) -> dict[str, float]:
    return {
        score_name("validation", name): float(value)
        for name, value in _named(score).items()
        if isinstance(value, (int, float, np.number)) and np.isfinite(value)
    }


def _is_finite(score: Any) -> bool:
    return len(_metrics(score)) == len(_named(score))


def _numbers(score: Any) -> Any:
    if isinstance(score, dict):
        return {name: float(value) for name, value in score.items()}
    return float(score)
