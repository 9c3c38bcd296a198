"""DenoisingAutoencoder against numbers known otherwise."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss

from kerasweep import DenoisingAutoencoder, SaltAndPepper
from kerasweep.estimators._corruption import corrupt

X = (load_digits().data / 16).astype(np.float32)


@pytest.mark.parametrize("architecture", ["dense", "conv"])
def test_the_best_guess_for_a_coin_is_its_mean(architecture):
    # Two clean images, equally likely; at amount 1 nothing of them is left.
    rng = np.random.default_rng(0)
    images = np.array([[0.2] * 16, [0.6] * 16], dtype=np.float32)
    clean = images[rng.integers(2, size=2000)]
    net = DenoisingAutoencoder(
        (8,),
        amount=1.0,
        architecture=architecture,
        filters=(4,),
        dense=4,
        learning_rate=0.01,
        epochs=6,
        random_state=0,
    ).fit(clean)
    noisy = SaltAndPepper(amount=1.0, random_state=1).fit_transform(clean)
    assert abs(net.transform(noisy).mean() - clean.mean()) < 0.03


def test_it_removes_most_of_the_noise():
    net = DenoisingAutoencoder(
        (128, 64, 128), amount=(0.0, 0.4), epochs=15, random_state=0
    ).fit(X[:1400])
    clean = X[1400:]
    noisy = SaltAndPepper(amount=0.3, random_state=0).fit_transform(clean)
    before = np.mean((noisy - clean) ** 2)
    assert np.mean((net.transform(noisy) - clean) ** 2) < 0.35 * before


def test_the_score_is_minus_the_cross_entropy():
    net = DenoisingAutoencoder((8,), epochs=1, amount=0.3, random_state=0).fit(X[:200])
    clean = (X[:50] > 0.5).astype(np.float32)
    noisy = corrupt(clean, "salt_and_pepper", (0.3, 0.3), seed=0)
    expected = -log_loss(clean.ravel(), net.transform(noisy).astype(float).ravel())
    assert net.score(clean) == pytest.approx(expected, rel=1e-6)


def test_the_score_of_the_other_loss_is_minus_the_squared_error():
    net = DenoisingAutoencoder(
        (8,), loss="mean_squared_error", epochs=1, amount=0.0, random_state=0
    ).fit(X[:200])
    expected = -np.mean((net.transform(X) - X) ** 2)
    assert net.score(X) == pytest.approx(expected, rel=1e-5)


def test_the_validation_loss_is_the_score():
    net = DenoisingAutoencoder((8,), epochs=1, amount=0.0, random_state=0)
    net.fit(X[:200], X_val=X[200:300])
    assert net.history_["val_loss"][0] == pytest.approx(
        -net.score(X[200:300]), rel=1e-5
    )


def test_corrupt_draws_a_level_a_row():
    clean = np.full((300, 1000), 0.5, dtype=np.float32)
    out = corrupt(clean, "salt_and_pepper", (0.0, 0.8), salt_vs_pepper=0.75, seed=1)
    level = (out != 0.5).mean(axis=1)
    assert level.min() < 0.05
    assert level.max() > 0.75
    assert (out == 1).sum() / (out != 0.5).sum() == pytest.approx(0.75, abs=0.01)
    out = corrupt(clean, "gaussian", (0.0, 0.4), low=None, high=None, seed=1)
    assert out.dtype == np.float32
    assert (out - 0.5).std(axis=1).max() == pytest.approx(0.4, abs=0.03)
