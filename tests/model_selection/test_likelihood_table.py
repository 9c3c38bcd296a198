"""Means of ratings, and their intervals."""

import numpy as np
import pytest

from kerasweep.model_selection import likelihood_table, normal_interval


class Rater:
    """Rates row i by i; a mixture saves a nat."""

    def __init__(self, mixture):
        if mixture:
            self.priors_ = []

    def transform(self, X):
        return np.asarray(X) * [1.0, 0.0]

    def elbo_terms(self, X, y=None, *, prior, random_state):
        kl = np.full(len(X), 2.0 if prior == "normal" else 1.0)
        return np.arange(len(X), dtype=float), kl

    def log_likelihood(self, X, y=None, *, n_importance_samples, prior, random_state):
        return -np.arange(len(X), dtype=float)


def test_each_prior_is_rated():
    X = np.random.default_rng(0).normal(size=(5, 2))
    table = likelihood_table({"a": Rater(True), "b": Rater(False)}, X)
    assert table["model"].tolist() == ["a", "a", "b"]
    assert table["prior"].tolist() == ["normal", "mixture", "normal"]
    assert table["elbo"].tolist() == [-4, -3, -4]
    assert table["kl"].tolist() == [2, 1, 2]
    assert table["log_likelihood"].tolist() == [-2] * 3
    assert table["active_units"].tolist() == [1] * 3
    low, high = normal_interval(-np.arange(5.0) - 2)
    assert table["elbo_low"][0] == pytest.approx(low)
    assert table["elbo_high"][0] == pytest.approx(high)


def test_the_interval_is_the_standard_error_times_the_quantile():
    low, high = normal_interval([0.0, 4.0], confidence=0.95)
    error = np.sqrt(8.0) / np.sqrt(2)
    assert (low, high) == pytest.approx((2 - 1.959964 * error, 2 + 1.959964 * error))
    assert np.isnan(normal_interval([1.0])).all()
    assert np.isnan(normal_interval([1.0, np.inf])).all()
    with pytest.raises(ValueError, match="confidence of normal_interval"):
        normal_interval([1.0, 2.0], confidence=1)
