"""Pickles, copies and files of fitted networks."""

import copy
import io
import pickle

import joblib
import numpy as np
import pytest
from own_models import custom_network, linear_network
from sklearn.datasets import load_iris
from tiers import fast_are, in_slow_tier

from kerasweep import (
    ConvClassifier,
    DenseClassifier,
    DenseRegressor,
    KerasClassifier,
    KerasRegressor,
)

X, y = load_iris(return_X_y=True)
FAST = {"epochs": 2, "batch_size": 64, "random_state": 0}


def make(kind, **settings):
    settings = {**FAST, **settings}
    if kind == "dense":
        return DenseClassifier(
            (8,), dropout=0.5, batch_normalization=True, max_norm=2.0, **settings
        )
    if kind == "dense regressor":
        return DenseRegressor((8,), l2=1e-4, **settings)
    if kind == "conv":
        return ConvClassifier(
            (4,), dense=(), max_shift=0.3, batch_normalization=True, **settings
        )
    if kind == "own regressor":
        return KerasRegressor(linear_network, **settings)
    return KerasClassifier(custom_network, optimizer__learning_rate=0.01, **settings)


KINDS = ["conv", "dense", "dense regressor", "own", "own regressor"]


def by_pickle(net):
    return pickle.loads(pickle.dumps(net))


def by_joblib(net):
    file = io.BytesIO()
    joblib.dump(net, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "again", [by_pickle, *in_slow_tier(by_joblib, copy.deepcopy, copy.copy)]
)
def test_predictions_survive(kind, again):
    net = make(kind).fit(X, y)
    other = again(net)
    assert other is not net and other.model_ is not net.model_
    np.testing.assert_array_equal(other.predict(X), net.predict(X))
    assert other.history_ == net.history_
    assert repr(other) == repr(net)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unfitted_network_pickles(kind):
    assert not hasattr(by_pickle(make(kind)), "model_")


@pytest.mark.parametrize("kind", ["dense", "own"])
def test_batch_normalization_statistics_survive(kind):
    net = make(kind).fit(X, y)
    old, new = (
        next(lay for lay in n.model_.layers if "normalization" in lay.name)
        for n in (net, by_pickle(net))
    )
    assert not np.allclose(old.moving_mean, 0)
    np.testing.assert_array_equal(old.moving_mean, new.moving_mean)
    np.testing.assert_array_equal(old.moving_variance, new.moving_variance)


def test_no_optimizer_state_without_warm_start():
    net = DenseClassifier((200, 200), **FAST).fit(X, y)
    lean = len(pickle.dumps(net))
    full = len(pickle.dumps(net.set_params(warm_start=True)))
    weights = 4 * net.model_.count_params()
    assert lean < weights + 20_000
    assert full > 3 * weights  # Adam keeps two moments a weight


@pytest.mark.parametrize("kind", ["dense", *in_slow_tier("own", "dense regressor")])
def test_warm_start_goes_on_from_the_pickle(kind):
    # Dropout's generator goes on too: it is part of what is pickled.
    net = make(kind, warm_start=True).fit(X, y)
    other = by_pickle(net)
    np.testing.assert_allclose(
        other.fit(X, y).model_(X.astype("f4")).numpy(),
        net.fit(X, y).model_(X.astype("f4")).numpy(),
        rtol=1e-4,
        atol=1e-6,
    )
    assert other.n_epochs_ == 4


@pytest.mark.parametrize("kind", fast_are(["dense", "own"], KINDS))
def test_partial_fit_goes_on_from_the_pickle(kind):
    net = by_pickle(make(kind).fit(X, y))
    before = net.model_.get_weights()[0].copy()
    net.partial_fit(X, y)
    assert net.n_epochs_ == 3
    assert not np.array_equal(net.model_.get_weights()[0], before)


def test_copies_of_parameters_that_are_keras_objects():
    import keras

    net = KerasClassifier(
        custom_network,
        optimizer=keras.optimizers.SGD(0.1),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        callbacks=[keras.callbacks.EarlyStopping(monitor="loss")],
        **FAST,
    )
    other = by_pickle(net.fit(X, y))
    np.testing.assert_array_equal(other.predict(X), net.predict(X))
    other.fit(X, y)


@pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)  # Keras 3.15 saving TensorFlow variables under NumPy 2
def test_the_model_is_plain_keras(tmp_path):
    import keras

    net = make("dense").fit(X, y)
    net.model_.save(tmp_path / "net.keras")
    model = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_allclose(
        model(X.astype("f4")).numpy(), net.predict_proba(X), rtol=1e-5, atol=1e-7
    )
