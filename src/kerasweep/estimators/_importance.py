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


def elbo_terms(
    network: NetworkOf,
    rows: np.ndarray,
    codes: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Average ``-log p(x | z)`` over draws; compute the divergence in closed form.

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

    Returns
    -------
    reconstruction, kl : ndarray of shape (n_samples,), float64
        In nats; minus their sum is the ELBO.
    """
    total = np.zeros(len(rows))
    for ratings, _, _ in _draws(network, rows, codes, n_draws, rng):
        total += ratings.sum(axis=1)
    mean, log_variance = np.split(codes.astype(np.float64), 2, axis=1)
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1)
    return -total / n_draws, kl


def importance_weighted(
    network: NetworkOf,
    rows: np.ndarray,
    codes: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Estimate ``log p(x)`` by the mean of importance weights.

    Parameters
    ----------
    network, rows, codes, n_draws, rng
        As for :func:`elbo`.

    Returns
    -------
    log_likelihood : ndarray of shape (n_samples,), float64
        In nats.
    """
    log_variance = codes[:, codes.shape[1] // 2 :].astype(np.float64)
    total = np.full(len(rows), -np.inf)
    for ratings, noise, z in _draws(network, rows, codes, n_draws, rng):
        # The constants of the two normal densities cancel.
        log_ratio = 0.5 * ((noise**2).sum(axis=2) - (z**2).sum(axis=2))
        weights = ratings + log_ratio + 0.5 * log_variance.sum(axis=1)[:, None]
        total = np.logaddexp(total, np.logaddexp.reduce(weights, axis=1))
    return total - math.log(n_draws)


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
