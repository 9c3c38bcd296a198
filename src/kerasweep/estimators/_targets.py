"""What targets mean: classes, labels, or numbers."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, _fit_context
from sklearn.utils import check_array

from kerasweep.estimators._fold import Fold
from kerasweep.estimators._labels import check_class_labels
from kerasweep.estimators._multilabel import (
    check_indicators,
    check_label_columns,
    has_label_columns,
    label_strata,
)
from kerasweep.estimators._target_units import Units, in_units
from kerasweep.preprocessing._numbers import clear_overflow, refuse_disguised

_FLOAT_MAX = float(np.finfo(np.float64).max)


class NetworkClassifierMixin(ClassifierMixin):
    """Classes as targets: encoding, weights, probabilities.

    Targets of several columns of zeros and ones are labels, any number of which may
    be a row's.
    """

    classes_: np.ndarray
    multilabel_: bool
    class_weight: Any

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self: Any, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Any:
        """Train for one epoch more on these rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like of shape (n_classes,), default=None
            All classes that any call will bring; needed in the first call, unless y
            has a column for each label.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : estimator
        """
        if self.class_weight == "balanced":
            raise ValueError(
                f"class_weight of {type(self).__name__} must be a dict or None for "
                "partial_fit, which sees only a part of the rows. Got 'balanced' "
                "instead."
            )
        if self.__sklearn_is_fitted__():
            if classes is not None and not np.array_equal(
                np.unique(classes), self.classes_
            ):
                raise ValueError(
                    f"`classes={classes!r}` is not the same as on the last call to "
                    f"partial_fit, was: {self.classes_!r}"
                )
        elif classes is None and not has_label_columns(y):
            raise ValueError(
                f"classes of {type(self).__name__} must be passed on the first call "
                "to partial_fit. Got None instead."
            )
        elif classes is not None:
            self._classes_to_come = np.unique(classes)
        try:
            return self._partial_fit(X, y, sample_weight)
        finally:
            self.__dict__.pop("_classes_to_come", None)

    def _encode_target(self, X: np.ndarray, y: Any, *, first: bool) -> np.ndarray:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        if not first:
            n_labels = len(self.classes_) if self._is_multilabel() else None
            check_label_columns(self, y, n_labels)
        if has_label_columns(y):
            return self._encode_labels(y)
        y = check_class_labels(self, y)
        if not first:
            known = self.classes_
        elif hasattr(self, "_classes_to_come"):
            known = self._classes_to_come
        else:
            known = np.unique(y)
        if len(known) < 2:
            raise ValueError(
                f"y of {type(self).__name__} must hold at least 2 classes. Got one "
                f"class, {known.tolist()[0]!r}, instead."
            )
        strangers = np.setdiff1d(y, known)
        if len(strangers):
            raise ValueError(
                f"y of {type(self).__name__} must hold only the classes "
                f"{known.tolist()}. Got {strangers.tolist()} too."
            )
        self.classes_, self.multilabel_ = known, False
        return np.searchsorted(known, y).astype(np.int32)

    def _encode_labels(self, y: Any) -> np.ndarray:
        owner, indicators = type(self).__name__, check_indicators(self, y)
        known = np.arange(indicators.shape[1])
        if self.class_weight is not None:
            raise ValueError(
                f"class_weight of {owner} must be None for {len(known)} columns of "
                f"labels, since no row has one class. Got {self.class_weight!r} "
                "instead. Pass sample_weight to fit."
            )
        asked = getattr(self, "_classes_to_come", known)
        if not np.array_equal(asked, known):
            raise ValueError(
                f"classes of {owner} must be None or range({len(known)}) for "
                f"{len(known)} columns of labels. Got {asked.tolist()} instead."
            )
        self.classes_, self.multilabel_ = known, True
        return indicators

    def _is_multilabel(self) -> bool:
        return bool(getattr(self, "multilabel_", False))

    def _head(self) -> dict[str, Any]:
        """Return the output layer, the loss and the metrics for these targets."""
        several = self._is_multilabel()
        return {
            "n_outputs": len(self.classes_),
            "output_activation": "sigmoid" if several else "softmax",
            "loss": "binary_crossentropy"
            if several
            else "sparse_categorical_crossentropy",
            "metrics": ("binary_accuracy" if several else "accuracy",),
        }

    def _loss_weight(
        self, target: np.ndarray, sample_weight: np.ndarray | None
    ) -> np.ndarray | None:
        if self.class_weight is None:
            return sample_weight
        # Over all classes, not over those among these rows: a part of the data, such
        # as a batch of partial_fit, need not have them all.
        known = {label: i for i, label in enumerate(self.classes_.tolist())}
        by_class = np.ones(len(known))
        if self.class_weight == "balanced":
            counts = np.bincount(target, minlength=len(known))
            by_class = len(target) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        else:
            for label, weight in self.class_weight.items():
                if label not in known:
                    raise ValueError(
                        f"class_weight of {type(self).__name__} must name classes of y "
                        f"alone, {list(known)}. Got {label!r} too."
                    )
                number: Any = weight
                if not (isinstance(weight, Real) and 0 <= number <= _FLOAT_MAX):
                    raise ValueError(
                        f"class_weight of {type(self).__name__} must map each class to "
                        f"a finite number >= 0. Got {weight!r} for {label!r} instead."
                    )
                by_class[known[label]] = weight
        by_row = by_class[target]
        if sample_weight is not None:
            by_row = by_row / by_class.max() * sample_weight
        return by_row

    def _strata(self, target: np.ndarray) -> np.ndarray:
        return target if target.ndim == 1 else label_strata(target)

    def predict_proba(self: Any, X: Any) -> np.ndarray:
        """Compute the probability of each class, or of each label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), float64
            Rows sum to 1, unless y had a column for each label; columns follow
            ``classes_``.
        """
        self._check_fitted()
        return self._probabilities(self._outputs(X))

    def _probabilities(self, outputs: np.ndarray) -> np.ndarray:
        if self._is_multilabel():
            return outputs
        return outputs / outputs.sum(axis=1, keepdims=True)

    def predict(self: Any, X: Any) -> np.ndarray:
        """Choose the most probable class, or all labels more probable than 0.5.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        labels : ndarray of shape (n_samples,) or (n_samples, n_labels)
            In the type of the labels seen in ``fit``; integers 0 and 1 where y had a
            column for each label.
        """
        self._check_fitted()
        probabilities = self.predict_proba(X)
        if self._is_multilabel():
            return (probabilities > 0.5).astype(int)
        return self.classes_[probabilities.argmax(axis=1)]

    def __sklearn_tags__(self: Any) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class NetworkRegressorMixin(RegressorMixin):
    """Numbers as targets, one or several per row.

    An estimator with a parameter `standardize_target` learns them standardized where
    that is True.
    """

    n_outputs_: int
    target_mean_: np.ndarray
    target_scale_: np.ndarray

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train for one epoch more on these rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : estimator
        """
        return self._partial_fit(X, y, sample_weight)

    def _encode_target(self, X: np.ndarray, y: Any, *, first: bool) -> np.ndarray:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        name = f"y of {type(self).__name__}"
        refuse_disguised(name, y)
        given = y
        with clear_overflow(name):
            y = check_array(
                given, dtype=np.float32, ensure_2d=False, input_name="y", estimator=self
            )
        if y.ndim > 2:
            raise ValueError(
                f"y of {type(self).__name__} must have one or two dimensions. Got "
                f"shape {y.shape} instead."
            )
        columns = 1 if y.ndim == 1 else y.shape[1]
        if first:
            self.n_outputs_, self._y_ndim = columns, y.ndim
        elif columns != self.n_outputs_:
            raise ValueError(
                f"y of {type(self).__name__} must have {self.n_outputs_} columns. Got "
                f"{columns} instead."
            )
        if getattr(self, "standardize_target", False):
            # A mean far from zero would cost single precision its digits.
            y = check_array(given, dtype=np.float64, ensure_2d=False)
        return y.reshape(len(y), columns)

    def _learn_target(self, rows: Fold, *, first: bool) -> None:
        standardizes = bool(getattr(self, "standardize_target", False))
        if first:
            for name in ("target_mean_", "target_scale_"):
                self.__dict__.pop(name, None)
            if standardizes:
                self.target_mean_, self.target_scale_ = Units.of(rows)
        elif standardizes != (self._units() is not None):
            raise ValueError(
                f"standardize_target of {type(self).__name__} must stay "
                f"{not standardizes} while training goes on, under warm_start=True or "
                f"in partial_fit. Got {standardizes} instead. Fit a clone to begin "
                "anew."
            )

    def _units(self) -> Units | None:
        """Return the units of a network that has learnt standardized targets."""
        if not hasattr(self, "target_scale_"):
            return None
        return Units(self.target_mean_, self.target_scale_)

    def _loss_target(self, network: Any, target: np.ndarray) -> np.ndarray:
        units = self._units()
        return target if units is None else units.standardized(target)

    def _answering(self, model: Any) -> Any:
        units = self._units()
        return model if units is None else in_units(model, units)

    def predict(self: Any, X: Any) -> np.ndarray:
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        targets : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
        """
        self._check_fitted()
        outputs, units = self._outputs(X).reshape(-1, self.n_outputs_), self._units()
        if units is not None:
            outputs = units.restored(outputs)
        return outputs.ravel() if self._y_ndim == 1 else outputs

    def __sklearn_tags__(self: Any) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        return tags
