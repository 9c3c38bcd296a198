"""What the noise transformers share: when to corrupt, and with which stream."""

import warnings
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import (
    BaseEstimator,
    OneToOneFeatureMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import Tags, gen_batches
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from kerasweep.preprocessing._numbers import check_factor, validate_numbers

# Values worked on at once: the temporaries then stay in the processor's cache.
_CHUNK_SIZE = 1 << 17
# A scaler's, relative to the largest value: no cause to warn.
_ROUNDING = 1e-6


class BaseNoise(
    CallbackSupportMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator, ABC
):
    """Corrupt in `fit_transform` only, or in `transform` as well.

    A leaf has the parameters `low`, `high`, `apply` and `random_state` beside its
    own, and says how a chunk of rows is corrupted.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "apply": [StrOptions({"fit", "always"})],
        "random_state": ["random_state"],
    }

    # Whether a value outside [low, high] is moved to the nearer bound.
    _clips: ClassVar[bool]

    low: float | None
    high: float | None
    apply: str
    random_state: int | np.random.RandomState | None

    @abstractmethod
    def _changes_nothing(self) -> bool:
        """Tell whether the strength of the noise is zero."""

    @abstractmethod
    def _corrupt(
        self, X: np.ndarray, out: np.ndarray, generator: np.random.Generator
    ) -> None:
        """Write corrupted rows of `X` to the C-contiguous `out`.

        The stream must be read in the order of the values, so that the result does
        not depend on how the rows are cut into chunks.
        """

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Check the data and count its features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Clean data.
        y : None
            Ignored.

        Returns
        -------
        self : BaseNoise
            The fitted transformer.
        """
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self._check_bounds()
        self._validate(X, reset=True)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: ArrayLike, y: Any = None) -> Any:
        """Fit, and return corrupted data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Clean data. It is never modified.
        y : None
            Ignored.

        Returns
        -------
        X_noisy : ndarray of shape (n_samples, n_features)
            Corrupted data, in single precision unless `X` is in double precision.
            Where the strength of the noise is zero, `X` itself, if it was already
            an array of floats.
        """
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self._check_bounds()
        X_noisy = self._add_noise(self._validate(X, reset=True))
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return X_noisy

    def transform(self, X: ArrayLike) -> Any:
        """Return the data unchanged, or corrupted if ``apply="always"``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data. It is never modified.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features)
            In single precision unless `X` is in double precision. Unchanged data
            are not copied: an array of floats is itself returned.
        """
        check_is_fitted(self)
        X_valid = self._validate(X, reset=False)
        return self._add_noise(X_valid) if self.apply == "always" else X_valid

    def _add_noise(self, X: np.ndarray) -> np.ndarray:
        if self._changes_nothing():
            return X
        if self._clips:
            self._warn_of_clipping(X)
        generator = self._make_generator()
        X_noisy = np.empty(X.shape, dtype=X.dtype)
        for rows in gen_batches(len(X), max(1, _CHUNK_SIZE // X.shape[1])):
            self._corrupt(X[rows], X_noisy[rows], generator)
        return X_noisy

    def _make_generator(self) -> np.random.Generator:
        seed: Any = self.random_state
        if isinstance(seed, np.random.RandomState):
            seed = seed.randint(0, 1 << 32, size=4, dtype=np.uint32)
        return np.random.default_rng(seed)

    def _validate(self, X: Any, *, reset: bool) -> np.ndarray:
        if isinstance(X, np.ndarray) and X.dtype == np.uint8:
            self._check_8_bit(X)
        return validate_numbers(self, X, reset=reset, dtype=[np.float32, np.float64])

    def _check_8_bit(self, X: np.ndarray) -> None:
        most = X.max(initial=0)
        if self.high is not None and most > self.high:
            raise ValueError(
                f"`high` of {type(self).__name__} (={self.high:g}) is below the "
                f"8-bit value {most} in X. Put PixelScaler before it, or pass "
                "high=255."
            )

    def _warn_of_clipping(self, X: np.ndarray) -> None:
        least, most = X.min(), X.max()
        rounding = _ROUNDING * max(abs(least), abs(most))
        if (self.low is not None and least < self.low - rounding) or (
            self.high is not None and most > self.high + rounding
        ):
            warnings.warn(
                f"X of {type(self).__name__} lies in [{least:g}, {most:g}], outside "
                f"[`low`, `high`] (=[{self.low}, {self.high}]), so that clipping "
                "changes clean values too. Scale X first, or pass other bounds (None "
                "for no clipping).",
                UserWarning,
                stacklevel=2,
            )

    def _check_bounds(self) -> None:
        for name in ("low", "high", "std"):
            check_factor(type(self).__name__, name, getattr(self, name, None))
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(
                f"`low` of {type(self).__name__} must be at most `high` "
                f"(={self.high!r}). Got {self.low!r} instead."
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
