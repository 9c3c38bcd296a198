"""Pixels from [0, max_value] to [0, 1]."""

from numbers import Real
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
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import (
    _check_n_features,
    check_array,
    check_is_fitted,
)

from kerasweep.preprocessing._numbers import check_factor, validate_numbers


class PixelScaler(
    CallbackSupportMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator
):
    """Scale pixels from [0, `max_value`] to [0, 1] in single precision.

    Each value is divided by `max_value`, a constant that is known beforehand, so
    nothing is learnt from the data, and training and test images are always scaled
    alike. Values outside [0, `max_value`] are refused rather than scaled.

    Parameters
    ----------
    max_value : float, default=255.0
        The largest value that a pixel can take, above 0: 255 for 8-bit images, 16
        for scikit-learn's digits.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen in `fit`, where these are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from kerasweep.preprocessing import PixelScaler
    >>> X = np.array([[0, 51, 255]], dtype=np.uint8)
    >>> PixelScaler().fit_transform(X)
    array([[0. , 0.2, 1. ]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "max_value": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, max_value: float = 255.0) -> None:
        self.max_value = max_value

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Check the range of the pixels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Pixels in [0, `max_value`].
        y : None
            Ignored.

        Returns
        -------
        self : PixelScaler
            The fitted scaler.

        Raises
        ------
        ValueError
            If a value lies outside [0, `max_value`].
        """
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        check_factor(type(self).__name__, "max_value", self.max_value)
        self._check_range(validate_numbers(self, X))
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def transform(self, X: ArrayLike) -> Any:
        """Divide the pixels by `max_value`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Pixels in [0, `max_value`].

        Returns
        -------
        X_scaled : ndarray of shape (n_samples, n_features), float32
            Values in [0, 1].

        Raises
        ------
        ValueError
            If a value lies outside [0, `max_value`].
        """
        check_is_fitted(self)
        pixels = validate_numbers(self, X, reset=False)
        self._check_range(pixels)
        scaled = np.empty(pixels.shape, dtype=np.float32)
        # Double precision only where the input has more than float32 can hold.
        precision = np.result_type(pixels.dtype, np.float32)
        return np.divide(
            pixels, self.max_value, out=scaled, dtype=precision, casting="same_kind"
        )

    def inverse_transform(self, X: ArrayLike) -> np.ndarray:
        """Multiply by `max_value`.

        The range is not checked: a network's reconstruction may leave [0, 1].

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled values.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features), float32
            Pixels, to single precision. ``np.rint`` restores 8-bit values exactly.
        """
        check_is_fitted(self)
        scaled = check_array(X, dtype=np.float32)
        _check_n_features(self, scaled, reset=False)
        return scaled * np.float32(self.max_value)

    def _check_range(self, pixels: np.ndarray) -> None:
        if pixels.dtype == np.uint8 and self.max_value >= 255:
            return
        least, most = pixels.min(), pixels.max()
        if least < 0:
            raise ValueError(
                f"Negative values in data passed to {type(self).__name__}: pixels "
                f"must be in [0, `max_value`] (=[0, {self.max_value:g}]), but X holds "
                f"{least:g}."
            )
        if most > self.max_value:
            raise ValueError(
                f"Values in data passed to {type(self).__name__} must be in "
                f"[0, `max_value`] (=[0, {self.max_value:g}]), but X holds {most:g}. "
                f"Pass max_value={255 if most <= 255 else most:g}, or the largest "
                "value that a pixel can take."
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
