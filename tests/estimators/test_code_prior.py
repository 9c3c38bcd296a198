"""The mixture of normals that codes are drawn from."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm
from sklearn.datasets import load_digits

from kerasweep import VariationalAutoencoder
from kerasweep.estimators._code_prior import draw_codes, learn_mixtures, log_density

X, y = load_digits(return_X_y=True)
X = X / 16


def two_clouds(n=2000):
    """Rows of means and log variances: class 0 about (-3, 1), class 1 about (3, -1)."""
    numbers = np.arange(n) % 2
    means = np.where(numbers[:, None] == 0, [[-3.0, 1.0]], [[3.0, -1.0]])
    return np.hstack([means, np.full((n, 2), 2 * np.log(0.5))]), numbers


@pytest.fixture(scope="module")
def net():
    return VariationalAutoencoder(
        3, (32,), prior="mixture", n_components=6, epochs=15, random_state=0
    ).fit(X[:1200])


def test_draws_come_back_with_the_mean_and_spread_that_were_learnt():
    codes, numbers = two_clouds()
    rng = np.random.default_rng(0)
    mixtures = learn_mixtures(codes, numbers, 2, sample_weight=None, rng=rng)
    assert [m.n_components for m in mixtures] == [1, 1]
    drawn = draw_codes(mixtures, numbers, rng)
    of_class = drawn[numbers == 1]
    np.testing.assert_allclose(of_class.mean(axis=0), [3, -1], atol=0.08)
    np.testing.assert_allclose(of_class.std(axis=0), 0.5, atol=0.05)


def test_rows_of_weight_zero_are_not_learnt():
    codes, numbers = two_clouds()
    rng = np.random.default_rng(0)
    (mixture,) = learn_mixtures(
        codes, 0 * numbers, 1, sample_weight=1.0 - numbers, rng=rng
    )
    np.testing.assert_allclose(mixture.means_[0], [-3, 1], atol=0.08)


def test_densities_agree_with_scipy():
    codes, numbers = two_clouds(60)
    rng = np.random.default_rng(0)
    mixtures = learn_mixtures(codes, numbers, 4, sample_weight=None, rng=rng)
    z = rng.normal(size=(60, 5, 2))
    found = log_density(mixtures, numbers, z)
    mixture = mixtures[numbers[7]]
    expected = logsumexp(
        [
            np.log(weight) + multivariate_normal(mean, cov).logpdf(z[7])
            for weight, mean, cov in zip(
                mixture.weights_, mixture.means_, mixture.covariances_, strict=True
            )
        ],
        axis=0,
    )
    np.testing.assert_allclose(found[7], expected)
    np.testing.assert_allclose(
        log_density(None, numbers, z), norm.logpdf(z).sum(axis=2)
    )


def test_a_normal_given_as_a_mixture_is_rated_like_the_normal(net):
    class Standard:
        def score_samples(self, z):
            return norm.logpdf(z).sum(axis=1)

    many = {"n_draws": 200, "random_state": 0}
    reconstruction, kl = net.elbo_terms(X[1200:], prior="normal", **many)
    learnt = net.priors_
    try:
        net.priors_ = [Standard()]
        again, drawn_kl = net.elbo_terms(X[1200:], prior="mixture", **many)
        tight = net.log_likelihood(X[1200:], prior="mixture", random_state=0)
    finally:
        net.priors_ = learnt
    np.testing.assert_allclose(again, reconstruction)
    assert drawn_kl.mean() == pytest.approx(kl.mean(), abs=0.05)
    expected = net.log_likelihood(X[1200:], prior="normal", random_state=0)
    np.testing.assert_allclose(tight, expected)


def test_a_mixture_fits_the_codes_of_new_rows_better_than_the_normal(net):
    many = {"n_draws": 50, "random_state": 0}
    mixture = net.score_samples(X[1200:], **many).mean()
    assert mixture > net.score_samples(X[1200:], prior="normal", **many).mean() + 0.1
    assert not np.array_equal(
        net.sample(9, random_state=1), net.sample(9, prior="normal", random_state=1)
    )


def test_a_conditional_network_learns_one_a_class():
    net = VariationalAutoencoder(
        2, (16,), conditional=True, prior="mixture", n_components=20, epochs=2
    ).fit(X, y)
    assert [m.n_components for m in net.priors_] == [2] * 10
    assert net.sample(y=[3, 4, 4], random_state=0).shape == (3, 64)
    assert net.score_samples(X[:9], y[:9]).shape == (9,)


def test_a_prior_that_was_not_learnt_is_refused():
    net = VariationalAutoencoder(2, (16,), epochs=1).fit(X)
    with pytest.raises(ValueError, match=r"prior of VariationalAutoencoder must be"):
        net.sample(3, prior="mixture")
    with pytest.raises(ValueError, match=r"'normal'.* Got 'uniform' instead"):
        net.score_samples(X, prior="uniform")
    assert not hasattr(net, "priors_")
