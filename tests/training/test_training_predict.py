"""Compiled prediction."""

import time

import keras
import numpy as np
import pytest
from training_cases import X, network

from kerasweep.training import predict, programs


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("n_rows", [1, 2, 5, 64, 65, 400])
def test_predict_is_that_of_keras(n_rows, batch_norm):
    model = network(dropout=0.5, batch_norm=batch_norm)
    expected = model.predict(X[:n_rows], verbose=0)
    actual = predict(model, X[:n_rows], batch_size=64)
    assert actual.shape == expected.shape == (n_rows, 3)
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_predict_uses_the_weights_of_the_model_at_hand():
    models = [network(seed=s) for s in (1, 2)]
    before = None
    for model in models:
        actual = predict(model, X)
        np.testing.assert_allclose(
            actual, model.predict(X, verbose=0), rtol=1e-5, atol=1e-6
        )
        if before is not None:
            assert programs.compilations == before
        before = programs.compilations


def test_predict_of_a_subclassed_model_goes_through_keras():
    class Mine(keras.Model):
        def call(self, x):
            return 2 * x

    np.testing.assert_allclose(predict(Mine(), X), 2 * X)


def test_predict_of_no_rows():
    assert predict(network(), X[:0]).shape == (0, 3)


def test_a_small_predict_is_quick():
    model = network()
    predict(model, X[:3])
    times = []
    for _ in range(20):
        start = time.perf_counter()
        predict(model, X[:3])
        times.append(time.perf_counter() - start)
    assert min(times) < 0.02
