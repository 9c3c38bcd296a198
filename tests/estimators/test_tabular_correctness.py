"""Numbers of the estimators for tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from kerasweep import TabularClassifier, TabularRegressor, load, save
from kerasweep.networks._tabular import _bins
from kerasweep.training.engine import _signature

QUICK = {"hidden_layer_sizes": (16,), "n_members": 2, "random_state": 0}
# Without dropout: what is learnt is to be exact.
QUICK |= {"learning_rate": 0.01, "epochs": 40, "dropout": 0.0}


@pytest.fixture(scope="module")
def steps():
    """Give a step that linear layers of one quantity cannot draw, and its units."""
    x = np.linspace(-1, 1, 400)[:, None]
    y = 3e5 + 1e5 * (np.abs(x[:, 0]) > 0.5)
    return x, y


@pytest.fixture(scope="module")
def regressor(steps):
    return TabularRegressor(**QUICK).fit(*steps)


def test_a_regressor_answers_in_the_units_of_its_target(steps, regressor):
    x, y = steps
    assert regressor.score(x, y) > 0.9
    assert regressor.target_mean_ == pytest.approx(y.mean(), rel=1e-6)
    assert regressor.target_scale_ == pytest.approx(y.std(), rel=1e-6)


def test_the_plain_model_answers_the_same_from_encoded_columns(steps, regressor):
    x, _ = steps
    encoded = regressor.encoder_.transform(x)
    plain = regressor.model_.predict(encoded, verbose=0)[:, 0]
    np.testing.assert_allclose(plain, regressor.predict(x), rtol=1e-6)


def test_the_spread_is_that_of_the_members(steps, regressor):
    import keras

    x, _ = steps
    model = regressor.model_
    members = keras.Model(model.inputs, model.get_layer("members").output)
    answers = members.predict(regressor.encoder_.transform(x), verbose=0)[:, :, 0]
    in_units = answers * regressor.target_scale_ + regressor.target_mean_
    mean, spread = regressor.predict(x, return_std=True)
    np.testing.assert_allclose(mean, in_units.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(spread, in_units.std(axis=1, ddof=1), rtol=1e-3)


def test_members_differ_and_are_validated_on_rows_of_their_own(regressor, steps):
    kernel = regressor.model_.get_layer("hidden_1").get_weights()[0]
    assert kernel.shape[0] == 2
    assert np.abs(kernel[0] - kernel[1]).max() > 0.1
    fold = regressor._check_rows(*steps, None, first=False)
    (_, first), (_, second) = regressor._member_folds(fold, (None, None), 0)
    assert len(first.X) == len(second.X) == 60
    assert not np.array_equal(first.X, second.X)


def test_a_constant_target_is_divided_by_one():
    x = np.arange(40.0)[:, None]
    net = TabularRegressor((4,), n_members=2, epochs=5, dropout=0, random_state=0)
    net.fit(x, np.full(40, 7000.0))
    assert net.target_scale_.tolist() == [1.0]
    np.testing.assert_allclose(net.predict(x), 7000.0, atol=1)


def test_several_targets_keep_their_units():
    x = np.linspace(-1, 1, 300)[:, None]
    y = np.c_[1e4 * x[:, 0], 5 + 1e-3 * np.abs(x[:, 0])]
    net = TabularRegressor(**QUICK).fit(x, y)
    mean, spread = net.predict(x, return_std=True)
    assert mean.shape == spread.shape == y.shape
    residual = (mean - y).std(axis=0) / y.std(axis=0)
    assert (residual < 0.3).all()


def test_bins_are_the_piecewise_linear_encoding():
    kernel, bias = _bins(np.array([[0.0], [1.0], [3.0]]), 2)
    x = np.array([-1.0, 0.5, 1.0, 2.0, 9.0])
    encoded = np.clip(x[:, None] * kernel[0, 0] + bias[0], 0, 1)
    expected = [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1]]
    np.testing.assert_allclose(encoded, expected)


def test_label_smoothing_is_for_training_rows_alone():
    net = TabularClassifier((4,), n_members=1, epochs=1, label_smoothing=0.3)
    x, y = np.arange(30.0)[:, None], np.arange(30) % 3
    net.fit(x, y)
    fold = net._check_rows(x, y, None, first=False)
    train, held_out = net._folds_for_loss(fold, fold)
    np.testing.assert_allclose(train.target[0], [0.8, 0.1, 0.1], rtol=1e-6)
    np.testing.assert_array_equal(held_out.target[0], [1, 0, 0])


def test_the_engines_train_the_same_members():
    x = StandardScaler().fit_transform(np.random.default_rng(0).normal(size=(90, 3)))
    y = (x[:, 0] > 0).astype(int)
    given = {**QUICK, "epochs": 2, "dropout": 0.0, "early_stopping": False}
    compiled = TabularClassifier(engine="compiled", **given).fit(x, y)
    keras = TabularClassifier(engine="keras", **given).fit(x, y)
    assert (compiled.engine_, keras.engine_) == ("compiled", "keras")
    np.testing.assert_allclose(
        compiled.predict_proba(x), keras.predict_proba(x), atol=1e-4
    )


def test_rows_of_weight_zero_might_as_well_not_be_there():
    random = np.random.default_rng(0)
    x, y = random.choice(["a", "b", "c"], (60, 2)), np.arange(60) % 2
    weight = np.ones(60)
    weight[40:] = 0
    given = {**QUICK, "epochs": 2}
    net = TabularClassifier(**given).fit(x, y, sample_weight=weight)
    without = TabularClassifier(**given).fit(x[:40], y[:40])
    np.testing.assert_array_equal(net.predict_proba(x), without.predict_proba(x))


def test_one_row_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"at least 2 rows\. Got n_samples=1"):
        TabularRegressor().fit([[1.0]], [2.0])


def test_mixed_columns_are_learnt_from():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"kind": random.choice(["a", "b", "c"], 500)})
    X["size"] = random.normal(size=500)
    X.loc[::3, "size"] = np.nan
    y = (X["kind"] == "b") ^ X["size"].isna()
    net = TabularClassifier(**QUICK).fit(X, y)
    assert log_loss(y, net.predict_proba(X)) < 0.1


def test_several_labels_per_row_are_told_apart(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 3))
    labels = (X > 0).astype(int)
    net = TabularClassifier(
        (32,), n_members=2, epochs=40, learning_rate=0.01, dropout=0, random_state=0
    ).fit(X, labels)
    probabilities = net.predict_proba(X)
    assert probabilities.shape == labels.shape
    np.testing.assert_array_equal(net.predict(X), probabilities > 0.5)
    assert (net.predict(X) == labels).mean() > 0.9
    plain = net.model_.predict(net.encoder_.transform(X), verbose=0)
    np.testing.assert_allclose(plain, probabilities, atol=1e-6)
    save(net, tmp_path / "labels")
    again = load(tmp_path / "labels").predict_proba(X)
    np.testing.assert_array_equal(again, probabilities)


def test_a_large_mean_costs_no_digits():
    """A model in single precision alone answered to the nearest 64."""
    x = np.linspace(-1, 1, 200).reshape(-1, 1)
    y = 1e9 + x.ravel()
    net = TabularRegressor(
        (32,), n_members=2, epochs=60, learning_rate=0.01, dropout=0, random_state=0
    )
    assert net.fit(x, y).score(x, y) > 0.9


@pytest.mark.parametrize("kind", [TabularClassifier, TabularRegressor])
def test_its_networks_are_known_without_a_trace(kind, monkeypatch):
    # To trace all members of an ensemble took most of the time of a fit.
    def traced_key(plan):
        raise AssertionError("traced")

    monkeypatch.setattr(_signature, "traced_key", traced_key)
    x = np.random.default_rng(0).normal(size=(40, 2))
    fitted = kind(**{**QUICK, "epochs": 1}, engine="compiled").fit(x, x[:, 0] > 0)
    assert fitted.engine_ == "compiled"
