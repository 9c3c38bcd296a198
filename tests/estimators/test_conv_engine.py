"""The convolutional classifier in the compiled engine and in fleets."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from kerasweep import ConvClassifier, fleet

X, y = load_digits(return_X_y=True)
X, y = (X[:192] / 16).astype("f4"), y[:192]
# Six whole batches of 32: the engines draw the same noise for whole batches only.
FAST = {"dense": (8,), "batch_size": 32, "epochs": 2, "random_state": 0}
NOISY = {"max_shift": 0.2, "max_rotation": 20, "conv_dropout": 0.2, "dropout": 0.2}


@pytest.mark.xla
@pytest.mark.parametrize("settings", [NOISY, {**NOISY, "batch_normalization": True}])
def test_both_engines_train_the_same_network(settings):
    fitted = {
        engine: ConvClassifier((4,), engine=engine, **FAST, **settings).fit(X, y)
        for engine in ("compiled", "keras")
    }
    assert [net.engine_ for net in fitted.values()] == ["compiled", "keras"]
    np.testing.assert_allclose(
        fitted["compiled"].predict_proba(X), fitted["keras"].predict_proba(X), atol=1e-4
    )


@pytest.mark.parametrize("settings", [{}, NOISY])
def test_a_fleet_gives_what_lone_fits_give(settings):
    net = ConvClassifier((4,), **FAST, **settings)
    grid = {"random_state": [0, 1, 2], "l2": [0.0, 1e-2]}
    search = GridSearchCV(net, grid, cv=3, error_score="raise")
    alone = search.fit(X, y).cv_results_["mean_test_score"]
    with fleet():
        together = search.fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_allclose(together, alone, atol=0.02)
    assert len(set(alone)) > 1


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="this is that process")
def test_on_jax():
    pytest.importorskip("jax")
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            __file__,
        ],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
