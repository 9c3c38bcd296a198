"""The first step of a served model: images to the rows that it was fitted on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags


class ImagesToRows(TransformerMixin, BaseEstimator):
    """Reshape images to rows of pixels; rows pass unchanged.

    It learns nothing, so it can stand before an already fitted model.

    Parameters
    ----------
    image_shape : tuple of int
        Height and width, or height, width and channels.

    Examples
    --------
    >>> import numpy as np
    >>> ImagesToRows((28, 28)).transform(np.zeros((3, 28, 28))).shape
    (3, 784)
    """

    def __init__(self, image_shape: Sequence[int] = (28, 28)) -> None:
        self.image_shape = image_shape

    def fit(self, X: Any, y: Any = None) -> "ImagesToRows":
        """Do nothing.

        Parameters
        ----------
        X : array-like
            Ignored.
        y : None
            Ignored.

        Returns
        -------
        self : ImagesToRows
            The same object.
        """
        return self

    def transform(self, X: Any) -> Any:
        """Reshape images to rows.

        Parameters
        ----------
        X : array-like of shape ``(n_samples, *image_shape)`` or (n_samples, n_pixels)
            Images, or rows already.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_pixels)
            One image per row.

        Raises
        ------
        ValueError
            If X holds images of another shape.
        """
        n_pixels = int(np.prod(self.image_shape))
        if not hasattr(X, "shape"):
            X = np.asarray(X)
        if X.shape[1:] == (n_pixels,):
            return X
        if np.prod(X.shape[1:]) != n_pixels or X.ndim < 3:
            raise ValueError(
                f"X must hold images of `image_shape` (={tuple(self.image_shape)}) or "
                f"rows of {n_pixels} pixels, but X has shape {X.shape}."
            )
        return np.asarray(X).reshape(len(X), n_pixels)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Reshape rows of pixels to images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels)
            One image per row.

        Returns
        -------
        images : ndarray of shape ``(n_samples, *image_shape)``
            The same pixels.
        """
        return np.asarray(X).reshape(-1, *self.image_shape)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.three_d_array = True
        return tags


def taking_images(model: Any, image_shape: Sequence[int]) -> Pipeline:
    """Return the same fitted model behind a first step that takes images too.

    A pipeline keeps its steps, and so the names of all its parameters.
    """
    steps = list(model.steps) if isinstance(model, Pipeline) else [("model", model)]
    return Pipeline([("images_to_rows", ImagesToRows(image_shape)), *steps])
