"""The classic remedy against salt-and-pepper noise."""

from collections.abc import Sequence
from numbers import Integral
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
from sklearn.utils.validation import check_is_fitted

from kerasweep.preprocessing._image_shape import resolve_image_shape
from kerasweep.preprocessing._numbers import validate_numbers


class MedianFilter(
    CallbackSupportMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator
):
    """Replace each pixel by the median of the square around it.

    Beyond the border an image is continued by its mirror image. Colour channels are
    filtered one by one. With an even `size` the square reaches one pixel further up
    and left, and its median is the upper one of the two in the middle, so that no new
    values come up.

    Parameters
    ----------
    size : int, default=3
        Side of the square, in pixels, at least 1; 1 changes nothing.
    image_shape : (height, width[, channels]), default=None
        What a row stands for. None takes the shape of the images in X, or a square
        grey image, or else one of a single line.

    Attributes
    ----------
    image_shape_ : (height, width, channels)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen in `fit`, where these are all strings.

    See Also
    --------
    SaltAndPepper : The noise that it removes.
    kerasweep.estimators.DenoisingAutoencoder : Learns what clean images look like.

    Examples
    --------
    >>> import numpy as np
    >>> from kerasweep.preprocessing import MedianFilter
    >>> image = np.zeros((1, 5, 5))
    >>> image[0, 2, 2] = 1.0
    >>> float(MedianFilter().fit_transform(image).max())
    0.0
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "size": [Interval(Integral, 1, None, closed="left")],
        "image_shape": ["array-like", None],
    }

    def __init__(self, size: int = 3, *, image_shape: Sequence[int] | None = None):
        self.size = size
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the shape of the images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, height, width, \
...)
        y : None
            Ignored.

        Returns
        -------
        self : MedianFilter

        Raises
        ------
        ValueError
            If X does not hold images of `image_shape`.
        """
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        pixels = self._validate(X, reset=True)
        self.image_shape_ = resolve_image_shape(
            type(self).__name__, pixels.shape[1:], self.image_shape
        )
        self._row_shape = pixels.shape[1:]
        most = 2 * max(self.image_shape_[:2]) + 1
        if self.size > most:
            raise ValueError(
                f"size of {type(self).__name__} must be at most {most}, which is as "
                f"far as the mirror images of {self.image_shape_} reach. Got "
                f"{str(self.size)[:40]} instead."
            )
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def transform(self, X: ArrayLike) -> Any:
        """Filter images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, height, width, \
...)
            In the form seen in `fit`. It is never modified.

        Returns
        -------
        X_filtered : ndarray of the shape of X
            In single precision unless X is in double precision.
        """
        from scipy.ndimage import median_filter

        check_is_fitted(self)
        pixels = self._validate(X, reset=False)
        if pixels.shape[1:] != self._row_shape:
            raise ValueError(
                f"X of {type(self).__name__} must have rows of shape "
                f"{self._row_shape}, as in fit. Got {pixels.shape[1:]} instead."
            )
        images = pixels.reshape(-1, *self.image_shape_)
        size = int(self.size)
        filtered = median_filter(images, size=(1, size, size, 1), mode="reflect")
        return np.ascontiguousarray(filtered).reshape(pixels.shape)

    def _validate(self, X: Any, *, reset: bool) -> np.ndarray:
        return validate_numbers(
            self, X, reset=reset, dtype=[np.float32, np.float64], allow_nd=True
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
