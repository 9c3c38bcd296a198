"""The rows of a fit: checked, encoded, and some of them held out."""

from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import _check_sample_weight, _num_samples

from kerasweep.estimators._auto import in_force
from kerasweep.estimators._fold import Fold
from kerasweep.preprocessing._numbers import (
    clear_overflow,
    refuse_disguised,
    validate_numbers,
)


class NetworkRows:
    """What a network does with X, y and weights before it is trained."""

    _allow_nd: bool
    _row_shape: tuple[int, ...]
    early_stopping: bool | None
    validation_fraction: float | None
    _encode_target: Any
    _loss_input: Any
    _loss_target: Any
    _loss_weight: Any
    _needs_y: Any
    _strata: Any

    def _check_rows(self, X: Any, y: Any, sample_weight: Any, *, first: bool) -> Fold:
        X = self._check_features(X, first=first)
        if y is not None and _num_samples(y) != len(X):
            raise ValueError(
                f"X and y of {type(self).__name__} must have equally many rows. "
                f"Got {len(X)} and {_num_samples(y)} instead."
            )
        target = self._encode_target(X, y, first=first)
        if sample_weight is not None:
            name = f"sample_weight of {type(self).__name__}"
            refuse_disguised(name, sample_weight)
            with clear_overflow(name):
                sample_weight = _check_sample_weight(
                    sample_weight, X, dtype=np.float64, ensure_non_negative=True
                )
        return Fold(X, target, sample_weight)

    def _check_features(self, X: Any, *, first: bool) -> np.ndarray:
        X = validate_numbers(
            self,
            X,
            dtype=np.float32,
            allow_nd=self._allow_nd,
            reset=first,
            order="C",
        )
        if first:
            self._row_shape = X.shape[1:]
        elif (
            X.shape[1:] != self._row_shape
        ):  # of images; scikit-learn looks at one axis
            raise ValueError(
                f"X of {type(self).__name__} must have rows of shape "
                f"{self._row_shape}, as in fit. Got {X.shape[1:]} instead."
            )
        return X

    def _for_loss(self, network: Any, fold: Fold, rows: str) -> Fold:
        """Bring encoded targets and weights into the form that the loss takes.

        `rows` says which these are, for the message where none of them counts.
        """
        weight = self._loss_weight(fold.target, fold.sample_weight)
        if weight is not None and not weight.max() > 0:
            given = fold.sample_weight
            names = [] if given is None else ["sample_weight"]
            if given is None or given.max() > 0:
                names.append("class_weight")
            raise ValueError(
                f"{' times '.join(names)} of {type(self).__name__} must have at least "
                f"one positive value among {rows}. Got only zeros instead."
            )
        fold = fold._replace(
            X=self._loss_input(fold.X, fold.target),
            target=self._loss_target(network, fold.target),
            sample_weight=weight,
        )
        return fold.with_mean_weight_one()

    def _hold_out(
        self, rows: Fold, given: tuple[Any, Any], seed: int
    ) -> tuple[Fold, Fold | None]:
        """Split off, or check, the rows that each epoch is validated on."""
        X_val, y_val = given
        if (X_val is None) != (y_val is None) and (self._needs_y() or X_val is None):
            raise ValueError(
                f"X_val and y_val of {type(self).__name__} must be given together. "
                f"Got only {'y_val' if X_val is None else 'X_val'} instead."
            )
        if X_val is not None:
            try:
                return rows, self._check_rows(X_val, y_val, None, first=False)
            except (ValueError, TypeError) as error:
                raise type(error)(
                    f"X_val and y_val of {type(self).__name__} must be like X and y, "
                    f"of which it is said: {error}"
                ) from None
        fraction = self.validation_fraction
        if fraction is None:
            if not in_force(self, "early_stopping"):
                return rows, None
            fraction = 0.1
        asked_for = self.early_stopping or self.validation_fraction is not None
        strata, candidates = self._strata(rows.target), np.arange(len(rows.X))
        if not asked_for and rows.sample_weight is not None:
            candidates = np.flatnonzero(rows.sample_weight > 0)
        try:
            held_out = _drawn(candidates, fraction, seed, strata)
        except ValueError as error:
            if strata is None or (asked_for and rows.target.ndim == 1):
                raise ValueError(
                    f"validation_fraction (={fraction}) of {type(self).__name__} must "
                    f"leave rows of every class on both sides of the split: {error} "
                    "Pass more rows, or X_val and y_val to fit."
                ) from None
            # Sets of labels may be too many for it, and nobody asked for validation
            # where a class is too rare.
            held_out = _drawn(candidates, fraction, seed, None)
        trained_on = np.setdiff1d(np.arange(len(rows.X)), held_out)
        return rows.take(trained_on), rows.take(held_out)


def _drawn(
    candidates: np.ndarray, fraction: float, seed: int, strata: np.ndarray | None
) -> np.ndarray:
    """Draw rows to hold out, and return their numbers in ascending order."""
    _, held_out = train_test_split(
        candidates,
        test_size=fraction,
        random_state=seed % 2**32,
        stratify=None if strata is None else strata[candidates],
    )
    return np.sort(held_out)
