"""A user's own model gives what the same Keras calls give."""

import keras
import numpy as np
import pytest
from own_models import linear_network
from scipy.special import expit, softmax
from sklearn.datasets import load_breast_cancer, load_iris

from kerasweep import DenseClassifier, KerasClassifier, KerasRegressor
from kerasweep.networks import dense_network

X, y = load_iris(return_X_y=True)
FAST = {"epochs": 2, "batch_size": 32, "random_state": 0}


def logits(units):
    return keras.Sequential([keras.layers.Dense(units)])


def seeded_softmax(meta):
    return dense_network(4, 3, hidden_layer_sizes=(8,), output_activation="softmax")


def test_the_same_network_as_the_dense_estimator():
    own = KerasClassifier(seeded_softmax, **FAST)
    own.fit(X, y)
    # The dense estimator's weights are seeded by random_state: start it from ours.
    dense = DenseClassifier((8,), warm_start=True, **FAST).fit(X, y)
    dense.model_.set_weights(seeded_softmax(None).get_weights())
    dense.model_.compile("adam", "sparse_categorical_crossentropy")
    dense.n_epochs_ = 0
    dense.fit(X, y)
    np.testing.assert_allclose(
        own.predict_proba(X), dense.predict_proba(X), rtol=1e-3, atol=1e-5
    )


def test_logits_become_probabilities():
    net = KerasClassifier(
        logits, model__units=3, loss="SparseCategoricalCrossentropy",
        loss__from_logits=True, **FAST,
    ).fit(X, y)  # fmt: skip
    raw = net.model_(X.astype("f4")).numpy()
    np.testing.assert_allclose(
        net.predict_proba(X), softmax(raw.astype("f8"), axis=1), rtol=1e-5
    )


def test_one_logit_becomes_two_columns():
    features, target = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    net = KerasClassifier(
        logits, model__units=1, loss=keras.losses.BinaryCrossentropy(from_logits=True),
        optimizer__learning_rate=0.05, **FAST,
    ).fit(features, target)  # fmt: skip
    raw = net.model_(features.astype("f4")).numpy().astype("f8")
    np.testing.assert_allclose(
        net.predict_proba(features), np.hstack([expit(-raw), expit(raw)]), rtol=1e-4
    )
    assert net.score(features, target) > 0.5


def test_raw_outputs_are_not_passed_off_as_probabilities():
    net = KerasClassifier(
        logits, model__units=3, loss="mean_squared_error", **FAST
    ).fit(X, y)
    with pytest.raises(ValueError, match="must be probabilities"):
        net.predict_proba(X)


@pytest.mark.parametrize(
    "loss", ["categorical_crossentropy", "kl_divergence", "CategoricalHinge"]
)
def test_losses_on_one_hot_targets(loss):
    net = KerasClassifier(seeded_softmax, loss=loss, **FAST).fit(X, y)
    net.epochs = 30
    net.optimizer = keras.optimizers.Adam(0.03)
    assert net.fit(X, y).score(X, y) > 0.8


def test_regression_reaches_the_least_squares_line():
    def line(meta):
        return keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(meta["n_outputs_"])]
        )

    feature = np.linspace(-1, 1, 64)[:, None]
    target = 3 * feature + 1
    net = KerasRegressor(
        line, optimizer="sgd", optimizer__learning_rate=0.3, epochs=40, random_state=0
    ).fit(feature, target)
    kernel, bias = net.model_.get_weights()
    assert kernel.item() == pytest.approx(3, abs=1e-2)
    assert bias.item() == pytest.approx(1, abs=1e-2)


def test_a_sweeps_parameter_changes_the_network():
    narrow = KerasRegressor(linear_network, model__units=2, **FAST).fit(X, X[:, 0])
    wide = KerasRegressor(linear_network, **FAST).set_params(model__units=20)
    assert narrow.model_.count_params() == 5 * 2 + 3
    assert wide.fit(X, X[:, 0]).model_.count_params() == 5 * 20 + 21
