"""What the variational autoencoder learns, against other ways to compute it."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from kerasweep import VariationalAutoencoder

X = load_digits().data / 16
y = load_digits().target


@pytest.fixture(scope="module")
def digits():
    return VariationalAutoencoder(
        8, (128,), epochs=60, learning_rate=3e-3, batch_size=64, random_state=0
    ).fit(X[:1500])


def test_the_posterior_has_not_collapsed(digits):
    codes = digits.encoder_.predict(X[1500:], verbose=0).astype("f8")
    mean, log_variance = np.split(codes, 2, axis=1)
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1)
    assert kl.mean() > 3  # nats
    active = mean.var(axis=0) > 0.01  # Burda et al. 2015, section 5.2
    assert active.sum() >= 3
    rebuilt = digits.inverse_transform(digits.transform(X[1500:]))
    error = ((rebuilt - X[1500:]) ** 2).mean()
    error_of_the_mean_image = ((X[:1500].mean(axis=0) - X[1500:]) ** 2).mean()
    assert error < 0.6 * error_of_the_mean_image


def test_a_decoder_that_is_given_no_code_is_caught():
    """Where beta is huge the posterior does collapse, and the numbers say so."""
    collapsed = VariationalAutoencoder(
        8, (32,), beta=100.0, epochs=15, learning_rate=3e-3, random_state=0
    ).fit(X)
    assert collapsed.history_["kl"][-1] < 0.2
    assert (collapsed.transform(X).var(axis=0) > 0.01).sum() == 0


def test_held_out_bounds_agree_with_training_and_with_each_other(digits):
    held_out = X[1500:]
    one = digits.score_samples(held_out, random_state=0)
    many = digits.score_samples(held_out, n_draws=60, random_state=1)
    single = digits.log_likelihood(held_out, n_importance_samples=1, random_state=2)
    tight = digits.log_likelihood(held_out, n_importance_samples=200, random_state=3)
    assert digits.score(held_out) == pytest.approx(one.mean())
    assert one.mean() == pytest.approx(many.mean(), abs=0.25)
    assert single.mean() == pytest.approx(many.mean(), abs=0.4)
    assert tight.mean() > many.mean() + 0.2
    assert -digits.history_["loss"][-1] == pytest.approx(
        digits.score_samples(X[:1500], random_state=0).mean(), abs=0.5
    )


def test_importance_weights_find_the_integral_over_one_latent_unit():
    net = VariationalAutoencoder(
        1, (16,), epochs=5, learning_rate=3e-3, random_state=0
    ).fit(X)
    rows = np.round(X[:20])
    grid = np.linspace(-6, 6, 2001)
    p = np.clip(net.inverse_transform(grid[:, None]), 1e-9, 1 - 1e-9)
    log_p = rows @ np.log(p).T + (1 - rows) @ np.log(1 - p).T
    log_p += norm.logpdf(grid) + np.log(grid[1] - grid[0])
    exact = logsumexp(log_p, axis=1)
    found = net.log_likelihood(rows, n_importance_samples=4000, random_state=0)
    # A row's estimate has a long tail; their mean has not.
    np.testing.assert_allclose(found, exact, atol=0.4)
    assert found.mean() == pytest.approx(exact.mean(), abs=0.04)


def test_a_linear_gaussian_network_reaches_probabilistic_pca():
    """Lucas et al. 2019: its ELBO has probabilistic PCA's likelihood as maximum."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(2000, 2)) * [2.0, 1.0]
    rows = latent @ rng.normal(size=(2, 6)) + 0.3 * rng.normal(size=(2000, 6)) + 1.0
    net = VariationalAutoencoder(
        2,
        (),
        likelihood="gaussian",
        epochs=150,
        learning_rate=0.01,
        batch_size=100,
        random_state=0,
    ).fit(rows)
    best = PCA(2).fit(rows).score(rows)
    assert net.score_samples(rows, n_draws=20).mean() == pytest.approx(best, abs=0.1)
    # Its own density is a normal one, so that log p(x) is known exactly.
    kernel, bias = net.decoder_.get_layer("output").get_weights()
    std = np.exp(float(net.model_.get_layer("log_likelihood").log_std))
    assert std == pytest.approx(0.3, abs=0.05)
    density = multivariate_normal(bias, kernel.T @ kernel + std**2 * np.eye(6))
    found = net.log_likelihood(rows[:200], n_importance_samples=2000)
    np.testing.assert_allclose(found, density.logpdf(rows[:200]), atol=0.1)


def test_beta_trades_divergence_for_reconstruction():
    kl, rest = zip(
        *(
            (net.history_["kl"][-1], net.history_["reconstruction"][-1])
            for net in (
                VariationalAutoencoder(
                    4, (32,), beta=beta, epochs=15, learning_rate=3e-3, random_state=0
                ).fit(X)
                for beta in (0.2, 1.0, 5.0)
            )
        ),
        strict=True,
    )
    assert kl[0] > kl[1] > kl[2]
    assert rest[0] < rest[1] < rest[2]


def test_conditional_samples_look_like_the_digit_asked_for():
    net = VariationalAutoencoder(
        4,
        (64,),
        conditional=True,
        epochs=40,
        learning_rate=3e-3,
        batch_size=64,
        random_state=0,
    ).fit(X, y)
    rows = net.sample(y=np.repeat(np.arange(10), 30), random_state=0)
    means = np.stack([X[y == c].mean(axis=0) for c in range(10)])
    nearest = ((rows[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == np.repeat(np.arange(10), 30)).mean() > 0.9


def test_labels_are_drawn_as_often_as_they_were_in_fit():
    dark = np.arange(200) < 180
    rows = np.where(dark[:, None], 0.0, 1.0) * np.ones(8)
    net = VariationalAutoencoder(
        1, (8,), conditional=True, epochs=60, learning_rate=0.01, random_state=0
    ).fit(rows, np.where(dark, "dark", "light"))
    share = (net.sample(2000, random_state=1).mean(axis=1) < 0.5).mean()
    assert share == pytest.approx(0.9, abs=0.03)
