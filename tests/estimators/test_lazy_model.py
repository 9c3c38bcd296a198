"""`model_`: made when somebody looks, and the truth from then on."""

import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from kerasweep import DenseClassifier, DenseRegressor, KerasClassifier
from kerasweep.training import Drawn

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
FAST = {"epochs": 3, "learning_rate": 0.01, "random_state": 0}


@pytest.fixture
def net():
    return DenseClassifier((8,), **FAST).fit(X, y)


@pytest.fixture
def no_models(monkeypatch):
    """Let nobody build a Keras model."""

    def refuse(*args, **kwargs):
        raise AssertionError("A Keras model was built.")

    def forbid():
        monkeypatch.setattr(keras, "Sequential", refuse)

    return forbid


def test_it_is_not_built_before_somebody_looks(net, no_models):
    no_models()
    net.predict(X), net.score(X, y), copy.copy(net).predict_proba(X[:2])
    pickle.loads(pickle.dumps(net)).predict(X)
    clone(net).fit(X, y)
    assert isinstance(net._network, Drawn)


def test_it_predicts_what_the_estimator_does(net):
    expected = net.predict_proba(X)
    np.testing.assert_allclose(net.model_.predict(X, verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(net.predict_proba(X), expected, atol=1e-6)
    assert net.model_ is net.model_


def test_an_estimator_that_is_not_fitted_has_none():
    assert not hasattr(DenseClassifier(), "model_")
    with pytest.raises(AttributeError, match="model_"):
        _ = DenseClassifier().model_


def test_weights_that_the_user_sets_count(net):
    net.model_.set_weights([0 * w for w in net.model_.get_weights()])
    for each in (net, pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        np.testing.assert_allclose(each.predict_proba(X[:3]), 1 / 3)


def test_copies_have_a_network_of_their_own(net):
    other = copy.copy(net)
    before = other.predict_proba(X)
    net.partial_fit(X, y)
    np.testing.assert_array_equal(other.predict_proba(X), before)
    looked_at = copy.copy(net)
    net.model_.set_weights([0 * w for w in net.model_.get_weights()])
    assert not np.allclose(looked_at.predict_proba(X), 1 / 3)


def test_it_is_compiled_with_the_true_numbers():
    net = DenseRegressor(
        (4,), l2=0.3, dropout=0.25, max_norm=2.0, optimizer="sgd", momentum=0.5, **FAST
    ).fit(X, X[:, 0])
    hidden = net.model_.layers[0]
    assert hidden.kernel_regularizer.l2 == pytest.approx(0.3)
    assert hidden.kernel_constraint.max_value == 2.0
    assert net.model_.layers[1].rate == 0.25
    assert net.model_.optimizer.momentum == 0.5
    assert float(net.model_.optimizer.learning_rate) == pytest.approx(0.01)


def test_a_plain_network_has_no_regularizers(net):
    assert net.model_.layers[0].kernel_regularizer is None


@pytest.mark.parametrize("looks", [False, True])
class TestTrainingOn:
    def fitted(self, looks, **settings):
        net = DenseClassifier((8,), warm_start=True, **{**FAST, **settings}).fit(X, y)
        if looks:
            assert net.model_.built
        return net

    def weights(self, net):
        return copy.deepcopy(net).model_.get_weights()

    def test_the_learning_rate_of_now_holds(self, looks):
        net = self.fitted(looks)
        before = self.weights(net)
        net.set_params(learning_rate=1e-9).fit(X, y)
        for a, b in zip(self.weights(net), before, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)

    def test_the_penalties_of_now_hold(self, looks):
        net = self.fitted(looks)
        before = np.abs(self.weights(net)[0]).mean()
        net.set_params(l2=100.0, epochs=30).fit(X, y)
        assert np.abs(self.weights(net)[0]).mean() < 0.7 * before

    def test_dropout_can_begin(self, looks):
        net = self.fitted(looks)
        net.set_params(dropout=0.9, learning_rate=1e-9).fit(X, y)
        assert net.history_["loss"][-1] > net.history_["loss"][2] + 0.05

    def test_another_architecture_is_refused(self, looks):
        net = self.fitted(looks)
        net.set_params(hidden_layer_sizes=(32, 32))
        with pytest.raises(ValueError, match=r"hidden_layer_sizes.*must stay \(8,\)"):
            net.fit(X, y)
        with pytest.raises(ValueError, match="activation"):
            net.set_params(hidden_layer_sizes=(8,), activation="tanh").partial_fit(X, y)

    def test_frozen_layers_stay_frozen(self, looks):
        net = self.fitted(looks)
        net.model_.layers[0].trainable = False
        before = net.model_.get_weights()[0].copy()
        net.set_params(learning_rate=0.1).fit(X, y)
        np.testing.assert_array_equal(net.model_.get_weights()[0], before)


def network(meta, units=8, l2=0.0):
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(
                units, "relu", kernel_regularizer=keras.regularizers.L2(l2)
            ),
            keras.layers.Dense(3, "softmax"),
        ]
    )


def test_routed_numbers_of_now_hold_for_own_models():
    net = KerasClassifier(network, warm_start=True, epochs=3, random_state=0).fit(X, y)
    before = [w.copy() for w in net.model_.get_weights()]
    net.set_params(optimizer__learning_rate=1e-9).fit(X, y)
    for a, b in zip(net.model_.get_weights(), before, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    net.set_params(model__l2=10.0, optimizer__learning_rate=0.01).fit(X, y)
    assert np.abs(net.model_.get_weights()[0]).mean() < np.abs(before[0]).mean()


def test_another_architecture_of_an_own_model_is_refused():
    net = KerasClassifier(network, warm_start=True, epochs=1, random_state=0).fit(X, y)
    net.set_params(model__units=16)
    with pytest.raises(ValueError, match="KerasClassifier's network must stay"):
        net.fit(X, y)


def test_a_row_is_predicted_alike_in_any_company():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(700, 4)).astype("float32")
    net = DenseClassifier((300, 200), epochs=1, random_state=0).fit(X, y)
    whole = net.predict_proba(rows)
    order = rng.permutation(len(rows))
    last_bit = {"rtol": 3e-7}  # on some processors a softmax depends on a row's place
    np.testing.assert_allclose(net.predict_proba(rows[order]), whole[order], **last_bit)
    for start, n in ((0, 1), (5, 2), (17, 300), (699, 1)):
        part = slice(start, start + n)
        np.testing.assert_allclose(
            net.predict_proba(rows[part]), whole[part], **last_bit
        )
