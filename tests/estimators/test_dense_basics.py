"""Shapes, clones and calls of the dense estimators."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from kerasweep import DenseClassifier, DenseRegressor

X, y = load_iris(return_X_y=True)
FAST = {"hidden_layer_sizes": (8,), "epochs": 2, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    return DenseClassifier(**FAST).fit(X, y)


def test_shapes_and_types(fitted):
    probabilities = fitted.predict_proba(X)
    assert probabilities.shape == (150, 3)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert fitted.predict(X).dtype == y.dtype
    assert fitted.n_epochs_ == 2
    assert set(fitted.history_) == {"loss", "accuracy"}
    assert not hasattr(fitted, "best_epoch_")


def test_one_row_gives_one_row(fitted):
    assert fitted.predict_proba(X[:1]).shape == (1, 3)
    np.testing.assert_allclose(
        fitted.predict_proba(X[:1])[0], fitted.predict_proba(X)[0], rtol=1e-5
    )


def test_estimator_types():
    assert is_classifier(DenseClassifier())
    assert is_regressor(DenseRegressor())


def test_clone_keeps_parameters_and_drops_the_fit(fitted):
    other = clone(fitted)
    assert other.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        other.predict(X)


def test_string_labels_come_back_as_they_came():
    labels = np.array(["setosa", "versicolor", "virginica"])[y]
    net = DenseClassifier(**FAST).fit(X, labels)
    assert set(net.predict(X)) <= set(labels)
    assert net.classes_.tolist() == ["setosa", "versicolor", "virginica"]


def test_one_output_keeps_the_shape_of_y():
    net = DenseRegressor(**FAST)
    assert net.fit(X, X[:, 0]).predict(X).shape == (150,)
    assert net.fit(X, X[:, :1]).predict(X).shape == (150, 1)
    assert net.fit(X, X[:, :2]).predict(X).shape == (150, 2)
    assert net.n_outputs_ == 2


def test_reordered_columns_are_refused():
    frame = pd.DataFrame(X, columns=list("abcd"))
    net = DenseClassifier(**FAST).fit(frame, y)
    assert net.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        net.predict(frame[list("dcba")])


def test_partial_fit_goes_on_and_fit_starts_afresh():
    net = DenseClassifier(**FAST)
    net.partial_fit(X[:50], y[:50], classes=[0, 1, 2])
    net.partial_fit(X, y)
    assert net.n_epochs_ == 2
    assert net.fit(X, y).n_epochs_ == 2
    np.testing.assert_array_equal(
        net.predict_proba(X), DenseClassifier(**FAST).fit(X, y).predict_proba(X)
    )


def test_warm_start_goes_on_where_one_long_fit_would():
    short = DenseClassifier(**FAST, warm_start=True)
    short.fit(X, y).fit(X, y)
    assert short.n_epochs_ == 4
    assert len(short.history_["loss"]) == 4
    long = DenseClassifier(**{**FAST, "epochs": 4}).fit(X, y)
    np.testing.assert_allclose(short.predict_proba(X), long.predict_proba(X), rtol=1e-5)


def test_history_keeps_one_value_an_epoch_when_validation_ends():
    net = DenseClassifier(**FAST, validation_fraction=0.2).fit(X, y)
    net.partial_fit(X, y)
    assert {name: len(values) for name, values in net.history_.items()} == {
        "loss": 3,
        "accuracy": 3,
        "val_loss": 3,
        "val_accuracy": 3,
    }
    assert np.isnan(net.history_["val_loss"]).tolist() == [False, False, True]


def test_best_epoch_of_an_earlier_fit_does_not_stay():
    net = DenseClassifier(**FAST, early_stopping=True).fit(X, y)
    assert net.best_epoch_ in (0, 1)
    net.set_params(early_stopping=False).fit(X, y)
    assert not hasattr(net, "best_epoch_")


def test_own_validation_rows():
    net = DenseClassifier(**FAST).fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    assert "val_accuracy" in net.history_
    assert len(net.history_["val_loss"]) == 2


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "lion"])
def test_optimizers_by_name(optimizer):
    net = DenseClassifier(**{**FAST, "epochs": 1}, optimizer=optimizer).fit(X, y)
    assert type(net.model_.optimizer).__name__.lower() == optimizer


def test_a_schedule_as_learning_rate():
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    net = DenseClassifier(**{**FAST, "epochs": 1}, learning_rate=schedule).fit(X, y)
    assert clone(net).fit(X, y).score(X, y) == net.score(X, y)


def test_numpy_hyperparameters():
    net = DenseClassifier(
        np.array([4, 4]),
        l1=np.float32(1e-4),
        l2=np.float64(1e-4),
        max_norm=np.float32(2),
        dropout=np.array([0.1, 0.2], dtype="f4"),
        learning_rate=np.float32(0.01),
        batch_size=np.int64(32),
        epochs=np.int32(1),
        random_state=np.int64(3),
    )
    assert net.fit(X, y).predict(X).shape == (150,)


def test_reprs():
    net = DenseClassifier((8,), l2=1e-4)
    assert repr(net) == "DenseClassifier(hidden_layer_sizes=(8,), l2=0.0001)"
    assert "hidden_layer_sizes" in net._repr_html_()


def test_no_warning_from_a_plain_fit():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DenseClassifier(**FAST).fit(X, y).score(X, y)
