"""What denoisers leave of the noise in images."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.model_selection._image_quality import psnr, ssim
from kerasweep.model_selection._noise_levels import (
    as_floats,
    check_request,
    noisy_rows,
)
from kerasweep.model_selection._normal_interval import normal_interval
from kerasweep.model_selection._wilson import check_confidence

if TYPE_CHECKING:
    import pandas as pd


def denoising_quality(
    denoisers: Mapping[str, Any],
    X: Any,
    amounts: Sequence[float],
    *,
    noise: Any = "salt_and_pepper",
    n_repeats: int = 1,
    random_state: Any = 0,
    confidence: float = 0.95,
    image_shape: Any = None,
    data_range: float = 1.0,
) -> "pd.DataFrame":
    """Measure how much denoised images look like the clean ones.

    With the same arguments the noise is that of
    :func:`~kerasweep.model_selection.noise_robustness`.

    Parameters
    ----------
    denoisers : dict of str to fitted transformer or None
        None stands for the noisy images themselves.
    X : array-like of shape (n_samples, n_features) or (n_samples, height, width, ...)
        Clean images.
    amounts : sequence of float
        Levels: shares of salt and pepper in [0, 1], or standard deviations.
    noise : {"salt_and_pepper", "gaussian"}, SaltAndPepper or GaussianNoise, \
default="salt_and_pepper"
    n_repeats : int, default=1
        How often each level is drawn.
    random_state : int, RandomState instance or None, default=0
        Draws the noise.
    confidence : float, default=0.95
        Of the intervals, in (0, 1).
    image_shape : (height, width[, channels]), default=None
        What a row stands for; see :func:`~kerasweep.model_selection.ssim`.
    data_range : float, default=1.0
        Highest value that a pixel can take minus the lowest.

    Returns
    -------
    quality : DataFrame
        One row per method, level and repeat: `method`, `amount`, `repeat`, `seed`, `n`
        images, and the means over images of `psnr` (in dB) and `ssim`, each with the
        normal interval of a mean, as `psnr_low` and so on. The ratio is infinite, and
        its interval NaN, where an image is restored exactly.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from kerasweep.model_selection import denoising_quality
    >>> from kerasweep.preprocessing import MedianFilter
    >>> X = load_digits().data / 16
    >>> methods = {"none": None, "median": MedianFilter().fit(X)}
    >>> frame = denoising_quality(methods, X, [0.3])
    >>> bool(frame["psnr"][1] > frame["psnr"][0])
    True
    """
    import pandas as pd

    owner = "denoising_quality"
    methods, levels = check_request(owner, denoisers, amounts, n_repeats)
    check_confidence(owner, confidence)
    X = as_floats(X)
    rows = []
    for noisy in noisy_rows(owner, X, levels, noise, n_repeats, random_state):
        for name, denoiser in methods.items():
            images = noisy.X if denoiser is None else denoiser.transform(noisy.X)
            row = {
                "method": name,
                "amount": noisy.amount,
                "repeat": noisy.repeat,
                "seed": noisy.seed,
                "n": len(X),
            }
            ratios = psnr(X, images, data_range=data_range)
            similarities = ssim(
                X, images, image_shape=image_shape, data_range=data_range
            )
            for metric, values in (("psnr", ratios), ("ssim", similarities)):
                low, high = normal_interval(values, confidence=confidence)
                row |= {
                    metric: float(np.mean(values)),
                    f"{metric}_low": low,
                    f"{metric}_high": high,
                }
            rows.append(row)
    return pd.DataFrame(rows)
