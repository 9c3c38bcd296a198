"""What codes are drawn from, and how likely they are."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

#: Rows that a mixture is learnt from at most: enough for some hundred normals.
_MOST_ROWS = 20_000


def learn_mixtures(
    codes: np.ndarray,
    numbers: np.ndarray,
    n_components: int,
    *,
    sample_weight: np.ndarray | None,
    rng: np.random.Generator,
) -> list[Any]:
    """Fit a Gaussian mixture to draws of the codes of each class.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, 2 * latent_dim)
        Means and log variances of ``q(z | x)``.
    numbers : ndarray of shape (n_samples,)
        Each row's class, from 0; all 0 for one mixture.
    n_components : int
        Normals in all mixtures together; at least one each.
    sample_weight : ndarray of shape (n_samples,) or None
        How often rows are drawn.
    rng : Generator

    Returns
    -------
    mixtures : list of GaussianMixture
        One per class.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    share = None if sample_weight is None else sample_weight / sample_weight.sum()
    n = min(len(codes), _MOST_ROWS)
    rows = rng.choice(len(codes), n, replace=share is not None, p=share)
    mean, log_variance = np.split(codes[rows].astype(np.float64), 2, axis=1)
    z = mean + np.exp(0.5 * log_variance) * rng.standard_normal(mean.shape)
    n_classes = int(numbers.max()) + 1
    mixtures = []
    for number in range(n_classes):
        of_class = z[numbers[rows] == number]
        if len(of_class) < 2:  # too few to tell from the normal that codes were held to
            of_class = rng.standard_normal((max(100, 2 * z.shape[1]), z.shape[1]))
        mixture = GaussianMixture(
            max(1, min(n_components // n_classes, len(of_class) // 2)),
            reg_covar=1e-3,  # codes have a variance of about 1
            random_state=int(rng.integers(2**31)),
        )
        with warnings.catch_warnings():  # the last gains of the fit do not matter
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixtures.append(mixture.fit(of_class))
    return mixtures


def draw_codes(
    mixtures: Sequence[Any], numbers: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw one code from the mixture of each number.

    Returns
    -------
    codes : ndarray of shape (n_samples, latent_dim), float32
    """
    noise = rng.standard_normal((len(numbers), mixtures[0].means_.shape[1]))
    codes = np.empty_like(noise)
    for number, mixture in enumerate(mixtures):
        rows = np.flatnonzero(numbers == number)
        drawn = rng.choice(len(mixture.weights_), len(rows), p=mixture.weights_)
        roots = np.linalg.cholesky(mixture.covariances_)[drawn]
        spread = np.einsum("nij,nj->ni", roots, noise[rows])
        codes[rows] = mixture.means_[drawn] + spread
    return codes.astype(np.float32)


def log_density(
    mixtures: Sequence[Any] | None, numbers: np.ndarray, z: np.ndarray
) -> np.ndarray:
    """Compute the logarithm of the prior's density.

    Parameters
    ----------
    mixtures : list of GaussianMixture or None
        None stands for N(0, I).
    numbers : ndarray of shape (n_samples,)
        Which mixture each row's codes belong to.
    z : ndarray of shape (n_samples, n_draws, latent_dim)

    Returns
    -------
    log_density : ndarray of shape (n_samples, n_draws), float64
        In nats.
    """
    if mixtures is None:
        squares = np.square(z, dtype=np.float64).sum(axis=2)
        return -0.5 * (squares + z.shape[2] * math.log(2 * math.pi))
    density = np.empty(z.shape[:2])
    for number, mixture in enumerate(mixtures):
        rows = np.flatnonzero(numbers == number)
        if len(rows):
            of_class = z[rows].reshape(-1, z.shape[2])
            density[rows] = mixture.score_samples(of_class).reshape(len(rows), -1)
    return density
