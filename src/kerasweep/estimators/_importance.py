"""Bounds on a row's log-likelihood, from draws of its code."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasweep import training

# Codes decoded at once: wide enough to keep the cores busy, narrow enough that their
# images stay a few dozen megabytes.
_CODES_AT_ONCE = 8192
_MOST_A_ROW = 50

NetworkOf = Callable[[int], Any]
LogPrior = Callable[[np.ndarray], np.ndarray]


def elbo_terms(
    network: NetworkOf,
    rows: np.ndarray,
    codes: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
    log_prior: LogPrior | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Average ``-log p(x | z)`` over draws, and compute the divergence.

    Parameters
    ----------
    network : callable
        From a number n to the Keras model that rates n codes of each row.
    rows : ndarray of shape (n_samples, n_columns)
        Features, and the class columns of a conditional network.
    codes : ndarray of shape (n_samples, 2 * latent_dim)
        Means and log variances of ``q(z | x)``.
    n_draws : int
    rng : Generator
    log_prior : callable, default=None
        From codes of shape (n_samples, n, latent_dim) to the logarithm of their
        density; the divergence is then averaged over draws, too. None stands for
        N(0, I), with the divergence in closed form.

    Returns
    -------
    reconstruction, kl : ndarray of shape (n_samples,), float64
        In nats; minus their sum is the ELBO.
    """
    total, divergence = np.zeros(len(rows)), np.zeros(len(rows))
    mean, log_variance = np.split(codes.astype(np.float64), 2, axis=1)
    for ratings, noise, z in _draws(network, rows, codes, n_draws, rng):
        total += ratings.sum(axis=1)
        if log_prior is not None:
            log_ratio = _log_posterior(noise, log_variance) - log_prior(z)
            divergence += log_ratio.sum(axis=1)
    if log_prior is not None:
        return -total / n_draws, divergence / n_draws
    terms = mean**2 + np.exp(log_variance) - 1 - log_variance
    return -total / n_draws, 0.5 * terms.sum(axis=1)


def importance_weighted(
    network: NetworkOf,
    rows: np.ndarray,
    codes: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
    log_prior: LogPrior,
) -> np.ndarray:
    """Estimate ``log p(x)`` by the mean of importance weights.

    Parameters
    ----------
    network, rows, codes, n_draws, rng, log_prior
        As for :func:`elbo_terms`.

    Returns
    -------
    log_likelihood : ndarray of shape (n_samples,), float64
        In nats.
    """
    log_variance = codes[:, codes.shape[1] // 2 :].astype(np.float64)
    total = np.full(len(rows), -np.inf)
    for ratings, noise, z in _draws(network, rows, codes, n_draws, rng):
        weights = ratings + log_prior(z) - _log_posterior(noise, log_variance)
        total = np.logaddexp(total, np.logaddexp.reduce(weights, axis=1))
    return total - math.log(n_draws)


def _log_posterior(noise: np.ndarray, log_variance: np.ndarray) -> np.ndarray:
    """Return ``log q(z | x)`` of codes that were made of this noise."""
    squares = np.square(noise, dtype=np.float64).sum(axis=2)
    volume = log_variance.sum(axis=1)[:, None]
    return -0.5 * (squares + volume + noise.shape[2] * math.log(2 * math.pi))


def _draws(
    network: NetworkOf,
    rows: np.ndarray,
    codes: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Draw codes of every row, some at a time.

    Yields
    ------
    ratings : ndarray of shape (n_samples, n), float64
        ``log p(x | z)``.
    noise, z : ndarray of shape (n_samples, n, latent_dim)
    """
    mean, log_variance = np.split(codes, 2, axis=1)
    std = np.exp(0.5 * log_variance)[:, None, :]
    for start in range(0, n_draws, _MOST_A_ROW):
        n = min(_MOST_A_ROW, n_draws - start)
        noise = rng.standard_normal((len(rows), n, mean.shape[1]), dtype=np.float32)
        z = mean[:, None, :] + std * noise
        ratings = training.predict(
            network(n),
            np.hstack([rows, z.reshape(len(rows), -1)]),
            batch_size=max(1, _CODES_AT_ONCE // n),
        )
        yield ratings.astype(np.float64), noise, z
