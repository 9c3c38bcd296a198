"""Targets that are learnt standardized and answered in their units."""

import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV

from kerasweep import DenseRegressor, export_keras, fleet, load, save
from kerasweep.training import programs

X, y = load_diabetes(return_X_y=True)
X, y = X[:200] / X.std(axis=0), y[:200]
FAST = {"hidden_layer_sizes": (8,), "epochs": 12, "batch_size": 32}
FAST |= {"learning_rate": 0.02, "random_state": 0}


@pytest.fixture
def net():
    return DenseRegressor(**FAST)


def test_it_learns_a_price_from_the_start(net):
    assert net.fit(X, 1000 * y).score(X, 1000 * y) > 0.4
    net.set_params(standardize_target=False)
    assert net.fit(X, 1000 * y).score(X, 1000 * y) < 0


@pytest.mark.parametrize("unit", [1e8, 1e-8])
def test_the_unit_does_not_matter(net, unit):
    expected, history = net.fit(X, y).predict(X), net.history_
    np.testing.assert_allclose(net.fit(X, unit * y).predict(X), unit * expected, 1e-5)
    np.testing.assert_allclose(net.history_["loss"], history["loss"], 1e-5)


def test_an_offset_costs_no_digits(net):
    expected = net.fit(X, y).predict(X)
    # single precision would leave steps of 8
    np.testing.assert_allclose(net.fit(X, y + 1e8).predict(X) - 1e8, expected, 1e-4)


def test_the_statistics_are_weighted_ones_of_the_training_rows(net):
    Y = np.c_[y, 1e6 * y + 3, np.full(len(y), 5.0)]
    weight = np.r_[np.zeros(50), np.full(75, 3.0), np.ones(75)]
    net.fit(X, Y, weight, X_val=X, y_val=Y)
    mean = np.average(Y, axis=0, weights=weight)
    variance = np.average((Y - mean) ** 2, axis=0, weights=weight)
    np.testing.assert_allclose(net.target_mean_, mean)
    np.testing.assert_allclose(net.target_scale_, [*np.sqrt(variance[:2]), 1])
    np.testing.assert_allclose(net.predict(X)[:, 2], 5, atol=0.5)
    # Rows that are held out, too, are no part of them.
    net.set_params(validation_fraction=0.5).fit(X, y)
    assert net.target_mean_ != pytest.approx([y.mean()], rel=1e-12)


def test_the_loss_is_that_of_the_standardized_target(net):
    net.fit(X, 1e6 * y, X_val=X, y_val=1e6 * y)
    r2 = net.score(X, 1e6 * y)
    assert net.history_["val_loss"][-1] == pytest.approx(1 - r2, abs=1e-4)


@pytest.mark.parametrize("several", [False, True])
def test_the_plain_model_answers_in_units(net, several, tmp_path):
    target = np.c_[1e5 * y, 1e-5 * y] if several else 1e5 * y
    expected = net.fit(X, target).predict(X)
    plain = net.model_
    for model in (plain, net.model_, copy.copy(net).model_):
        shown = model.predict(X, verbose=0).reshape(expected.shape)
        np.testing.assert_allclose(shown, expected, rtol=1e-5)
    np.testing.assert_array_equal(net.predict(X), expected)
    plain.save(tmp_path / "model.keras")
    export_keras(net, tmp_path / "graph.keras")
    for name in ("model", "graph"):
        model = keras.saving.load_model(tmp_path / f"{name}.keras")
        shown = model.predict(X, verbose=0).reshape(expected.shape)
        np.testing.assert_allclose(shown, expected, rtol=1e-5)
    assert plain.evaluate(X, target, verbose=0) == pytest.approx(
        np.mean((expected - target) ** 2), rel=1e-3
    )


@pytest.mark.parametrize("looks", [False, True])
def test_copies_and_files_answer_alike(net, looks, tmp_path):
    expected = net.fit(X, 1e5 * y).predict(X)
    if looks:
        assert net.model_.built
    save(net, tmp_path / "net")
    others = [pickle.loads(pickle.dumps(net)), copy.deepcopy(net)]
    for other in (*others, load(tmp_path / "net")):
        np.testing.assert_allclose(other.predict(X), expected, rtol=1e-6)
        np.testing.assert_array_equal(other.target_mean_, net.target_mean_)
        shown = other.model_.predict(X, verbose=0).ravel()
        np.testing.assert_allclose(shown, expected, rtol=1e-5)
    np.testing.assert_array_equal(clone(net).fit(X, 1e5 * y).predict(X), expected)


@pytest.mark.parametrize("looks", [False, True])
def test_training_on_keeps_the_statistics_of_the_first_call(net, looks):
    net.partial_fit(X[:100], 1e5 * y[:100])
    mean = net.target_mean_
    if looks:
        assert net.model_.built
    for _ in range(30):
        net.partial_fit(X, 1e5 * y)
    assert net.engine_ == "compiled"
    np.testing.assert_array_equal(net.target_mean_, mean)
    np.testing.assert_allclose(mean, 1e5 * y[:100].mean())
    assert net.score(X, 1e5 * y) > 0.3
    shown = net.model_.predict(X, verbose=0).ravel()
    np.testing.assert_allclose(shown, net.predict(X), rtol=1e-5)
    net.set_params(standardize_target=False)
    with pytest.raises(ValueError, match=r"standardize_target of .* must stay True"):
        net.partial_fit(X, y)


def test_a_fit_that_fails_leaves_the_answers_as_they_were(net):
    expected = net.fit(X, 1e5 * y).predict(X)
    net.set_params(learning_rate=1e30, optimizer="sgd")
    with pytest.raises(ValueError, match="loss"):
        net.fit(X, y)
    np.testing.assert_array_equal(net.predict(X), expected)


def test_both_engines_agree(net):
    compiled = net.fit(X, 1e5 * y).predict(X)
    alone = net.set_params(engine="keras").fit(X, 1e5 * y).predict(X)
    np.testing.assert_allclose(alone, compiled, rtol=1e-4)


def test_units_are_no_part_of_a_program(net):
    net.fit(X, y)
    before = programs.compilations
    for unit in (1e5, 1e-5):
        net.fit(X, unit * y + 7).predict(X)
    assert programs.compilations == before
    search = GridSearchCV(net, {"l2": [0.0, 1e-3]}, cv=3)
    alone = clone(search).fit(X, 1e5 * y)
    with fleet():
        search.fit(X, 1e5 * y)
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"],
        alone.cv_results_["mean_test_score"],
        rtol=1e-5,
    )


def test_early_stopping_measures_in_standard_deviations(net):
    net.set_params(early_stopping=True, patience=1, min_delta=0.5, epochs=50)
    epochs = [net.fit(X, unit * y).n_epochs_ for unit in (1e-6, 1e6)]
    assert epochs[0] == epochs[1] < 50
