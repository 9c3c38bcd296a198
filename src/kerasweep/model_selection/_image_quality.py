"""How much one image looks like another."""

from typing import Any

import numpy as np

# Wang et al. 2004, section III.B.
_WINDOW, _SIGMA = 11, 1.5
_K1, _K2 = 0.01, 0.03


def psnr(X_true: Any, X: Any, *, data_range: float = 1.0) -> np.ndarray:
    """Compute the peak signal-to-noise ratio of each image.

    ``10 * log10(data_range**2 / mse)`` with the mean squared error over the pixels of
    the image.

    Parameters
    ----------
    X_true, X : array-like of shape (n_samples, ...)
        Clean images, and those to compare with them.
    data_range : float, default=1.0
        Highest value that a pixel can take minus the lowest.

    Returns
    -------
    ratios : ndarray of shape (n_samples,)
        In decibels; infinite for images that are equal.

    Examples
    --------
    >>> import numpy as np
    >>> from kerasweep.model_selection import psnr
    >>> psnr(np.zeros((1, 64)), np.full((1, 64), 0.1)).round(6)
    array([20.])
    """
    true, other = _pair("psnr", X_true, X)
    n_samples = len(true)
    error = np.square(true - other).reshape(n_samples, -1).mean(axis=1)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(float(data_range) ** 2 / error)


def ssim(
    X_true: Any,
    X: Any,
    *,
    image_shape: Any = None,
    data_range: float = 1.0,
) -> np.ndarray:
    r"""Compute the structural similarity of each image.

    The mean, over all places where the window fits into the image, of

    .. math:: \frac{(2 \mu_x \mu_y + c_1) (2 \sigma_{xy} + c_2)}
              {(\mu_x^2 + \mu_y^2 + c_1) (\sigma_x^2 + \sigma_y^2 + c_2)}

    with local means, variances and covariance under a Gaussian window of 11 x 11
    pixels and standard deviation 1.5, :math:`c_1 = (0.01 L)^2`,
    :math:`c_2 = (0.03 L)^2` and :math:`L` the `data_range`. Channels are averaged. In
    an image with a side under 11 pixels the window is the largest of odd side that
    fits.

    Parameters
    ----------
    X_true, X : array-like of shape (n_samples, n_features) or of images
        Clean images, and those to compare with them; images have the shape
        (n_samples, height, width[, channels]).
    image_shape : (height, width[, channels]), default=None
        What a row stands for. None takes the shape of the images, or a square grey
        image.
    data_range : float, default=1.0
        Highest value that a pixel can take minus the lowest.

    Returns
    -------
    similarities : ndarray of shape (n_samples,)
        At most 1, which equal images have.

    References
    ----------
    Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli, "Image quality assessment:
    from error visibility to structural similarity", IEEE Transactions on Image
    Processing 13 (2004) 600-612.

    Examples
    --------
    >>> import numpy as np
    >>> from kerasweep.model_selection import ssim
    >>> image = np.eye(11)[np.newaxis]
    >>> ssim(image, image)
    array([1.])
    """
    from kerasweep.preprocessing._image_shape import resolve_image_shape

    true, other = _pair("ssim", X_true, X)
    shape = resolve_image_shape("ssim", true.shape[1:], image_shape)
    window = _window(min(shape[:2]))
    similarities = np.empty(len(true))
    for start in range(0, len(true), 1000):  # bounds the memory
        rows = slice(start, start + 1000)
        similarities[rows] = _similarity(
            true[rows].reshape(-1, *shape),
            other[rows].reshape(-1, *shape),
            window,
            float(data_range),
        )
    return similarities


def _pair(owner: str, X_true: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    true, other = (np.asarray(a, dtype=np.float64) for a in (X_true, X))
    if true.shape != other.shape or true.ndim < 2:
        raise ValueError(
            f"X_true and X of {owner} must have the same shape (n_samples, ...). Got "
            f"{true.shape} and {other.shape} instead."
        )
    return true, other


def _window(side: int) -> np.ndarray:
    """Return the weights of the window along one axis."""
    width = min(_WINDOW, side if side % 2 else max(1, side - 1))
    at = np.arange(width) - (width - 1) / 2
    weights = np.exp(-0.5 * (at / _SIGMA) ** 2)
    return weights / weights.sum()


def _similarity(
    x: np.ndarray, y: np.ndarray, window: np.ndarray, data_range: float
) -> np.ndarray:
    from scipy.ndimage import correlate1d

    margin = len(window) // 2
    inside = slice(margin, -margin or None)

    def local_mean(values: np.ndarray) -> np.ndarray:
        for axis in (1, 2):
            values = correlate1d(values, window, axis=axis)
        return values[:, inside, inside]

    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    mean_x, mean_y = local_mean(x), local_mean(y)
    product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance = local_mean(x * y) - product
    variances = local_mean(x**2 + y**2) - squares
    similarity = ((2 * product + c1) * (2 * covariance + c2)) / (
        (squares + c1) * (variances + c2)
    )
    return similarity.mean(axis=(1, 2, 3))
