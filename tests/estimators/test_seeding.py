"""Seeds decide everything, and nothing global changes."""

import random

import keras
import numpy as np
import pytest
from own_models import softmax_network
from sklearn.datasets import load_iris
from tensorflow.python.framework import config as tensorflow_config

from kerasweep import DenseClassifier, DenseRegressor, KerasClassifier

X, y = load_iris(return_X_y=True)
FAST = {"epochs": 2, "batch_size": 64}
DROPPING = {"hidden_layer_sizes": (8,), "dropout": 0.3, "input_dropout": 0.1}


def make(kind, random_state, **settings):
    if kind == "dense":
        return DenseClassifier(
            **DROPPING, validation_fraction=0.2, random_state=random_state, **FAST
        )
    return KerasClassifier(
        settings.get("model", softmax_network),
        model__rate=0.3,
        random_state=random_state,
        **FAST,
    )


def keras_draw():
    return keras.random.uniform((3,)).numpy().tolist()


@pytest.mark.parametrize("kind", ["dense", "own"])
def test_same_seed_same_predictions(kind):
    once = make(kind, 3).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(make(kind, 3).fit(X, y).predict_proba(X), once)
    assert not np.allclose(make(kind, 4).fit(X, y).predict_proba(X), once)
    assert not np.allclose(make(kind, None).fit(X, y).predict_proba(X), once)


def test_a_random_state_instance_moves_on():
    stream = np.random.RandomState(0)
    first = make("dense", stream).fit(X, y).predict_proba(X)
    second = make("dense", stream).fit(X, y).predict_proba(X)
    assert not np.allclose(first, second)
    again = make("dense", np.random.RandomState(0)).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(first, again)


def fails(meta, rate):
    keras.random.uniform((2,))
    random.random()
    np.random.rand()
    raise RuntimeError("in the middle of a fit")


@pytest.mark.parametrize("random_state", [0, None])
@pytest.mark.parametrize("kind", ["dense", "own", "failing"])
def test_global_random_state_is_left_as_found(kind, random_state):
    random.seed(5)
    np.random.seed(5)
    keras.utils.set_random_seed(5)
    keras_draw()
    keras_expected = None
    python_state, numpy_state = random.getstate(), np.random.get_state()
    if kind == "failing":
        with pytest.raises(RuntimeError):
            make("own", random_state, model=fails).fit(X, y)
    else:
        make(kind, random_state).fit(X, y).predict(X)
    assert random.getstate() == python_state
    assert np.random.get_state()[2] == numpy_state[2]
    assert np.array_equal(np.random.get_state()[1], numpy_state[1])
    keras_after = keras_draw()
    keras.utils.set_random_seed(5)
    keras_draw()
    keras_expected = keras_draw()
    assert keras_after == keras_expected


def test_a_diverging_fit_leaves_the_global_state_too():
    python_state, numpy_state = random.getstate(), np.random.get_state()
    with pytest.raises(ValueError, match="Lower the learning rate"):
        DenseRegressor(
            optimizer="sgd", learning_rate=1e6, epochs=20, random_state=0
        ).fit(X, y)
    assert random.getstate() == python_state
    assert np.array_equal(np.random.get_state()[1], numpy_state[1])


@pytest.mark.parametrize("kind", ["dense", "own"])
def test_determinism_is_never_switched_on(kind):
    assert not tensorflow_config.is_op_determinism_enabled()
    make(kind, 0).fit(X, y)
    assert not tensorflow_config.is_op_determinism_enabled()
    make(kind, None).fit(X, y)


def test_an_unseeded_initializer_of_the_user_follows_random_state():
    def unseeded(meta):
        return keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(3, activation="softmax")]
        )

    def kernel(seed):
        net = KerasClassifier(unseeded, epochs=1, random_state=seed).fit(X, y)
        return net.model_.get_weights()[0]

    np.testing.assert_array_equal(kernel(1), kernel(1))
    assert not np.allclose(kernel(1), kernel(2))


def test_loading_a_pickle_leaves_the_global_state():
    import pickle

    # Layers without a seed draw from Python's generator when they are made again.
    data = pickle.dumps(make("own", 0).fit(X, y))
    python_state = random.getstate()
    pickle.loads(data)
    assert random.getstate() == python_state
