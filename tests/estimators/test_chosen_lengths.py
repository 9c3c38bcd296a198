"""How long the dense estimators train by default, and what they show of it."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerasweep import DenseClassifier, DenseRegressor, fleet
from kerasweep.estimators._auto import resolve_auto
from kerasweep.experiments.progress import SearchProgress

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


def resolved(n_rows, *, validates=False, **settings):
    net = DenseClassifier(**settings)
    resolve_auto(net, n_rows, one_epoch=False, validates=validates)
    return net.batch_size_, net.epochs_, net.early_stopping_


@pytest.mark.parametrize(
    ("n_rows", "settings", "expected"),
    [
        (20, {}, (32, 200, False)),
        (99, {}, (32, 125, False)),
        (99, {"validates": True}, (32, 200, True)),
        (100, {}, (32, 200, True)),
        (4096, {}, (32, 200, True)),
        (4097, {}, (64, 200, True)),
        (8193, {}, (128, 200, True)),
        (60_000, {"early_stopping": False}, (128, 20, False)),
        (1000, {"early_stopping": False}, (32, 20, False)),
        (500, {"early_stopping": False}, (32, 32, False)),
        (500, {"epochs": 7}, (32, 7, False)),
        (500, {"epochs": 7, "early_stopping": True}, (32, 7, True)),
        (500, {"batch_size": 5}, (5, 200, True)),
        (500, {"learning_rate_schedule": "cosine"}, (32, 32, False)),
    ],
)
def test_what_rows_decide(n_rows, settings, expected):
    assert resolved(n_rows, **settings) == expected


def test_small_data_are_learnt_without_a_setting():
    pipeline = make_pipeline(StandardScaler(), DenseClassifier(random_state=0))
    assert cross_val_score(pipeline, *load_iris(return_X_y=True)).mean() > 0.92
    pipeline = make_pipeline(StandardScaler(), DenseRegressor(random_state=0))
    assert cross_val_score(pipeline, *load_diabetes(return_X_y=True)).mean() > 0.4


def test_a_fit_shows_what_it_chose():
    net = DenseClassifier(random_state=0).fit(X, y)
    assert (net.batch_size_, net.epochs_, net.early_stopping_) == (32, 200, True)
    assert net.best_epoch_ < net.n_epochs_ <= 200
    assert net.get_params()["epochs"] == clone(net).epochs == "auto"
    net.set_params(epochs=3).fit(X, y)
    assert (net.epochs_, net.early_stopping_, net.n_epochs_) == (3, False, 3)
    assert "val_loss" not in net.history_


def test_auto_is_what_it_says():
    net = DenseClassifier(random_state=0).fit(X, y)
    same = DenseClassifier(
        batch_size=32, epochs=200, early_stopping=True, random_state=0
    ).fit(X, y)
    np.testing.assert_array_equal(net.predict_proba(X), same.predict_proba(X))


def test_a_part_is_one_epoch():
    net = DenseClassifier(random_state=0)
    for n_epochs in (1, 2):
        net.partial_fit(X, y, classes=[0, 1, 2])
        assert (net.n_epochs_, net.epochs_, net.early_stopping_) == (n_epochs, 1, False)
    net = DenseRegressor(warm_start=True, random_state=0).fit(X, y)
    before = net.n_epochs_
    assert before < net.fit(X, y).n_epochs_ <= before + net.epochs_


def test_a_class_too_rare_to_be_held_out_is_no_error_unless_asked_for():
    labels = y.copy()
    labels[0] = 7
    net = DenseClassifier(random_state=0).fit(X, labels)
    assert net.early_stopping_
    with pytest.raises(ValueError, match="leave rows of every class on both sides"):
        net.set_params(early_stopping=True).fit(X, labels)


def test_rows_of_weight_zero_are_neither_counted_nor_held_out():
    weight = np.zeros(150)
    weight[:99] = 1
    net = DenseClassifier(random_state=0).fit(X, y, sample_weight=weight)
    assert not net.early_stopping_
    weight[99] = 1e-3
    assert net.fit(X, y, sample_weight=weight).early_stopping_
    # of 150 rows, ten would be validated on, seldom one that counts
    weight[1:] = 0
    assert not net.fit(X, y, sample_weight=weight).early_stopping_


def test_a_schedule_ends_where_it_was_to_end():
    net = DenseClassifier(learning_rate_schedule="cosine", random_state=0).fit(X, y)
    assert net.n_epochs_ == net.epochs_ == 100
    rate = net.model_.optimizer.learning_rate
    assert float(rate) == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
def test_a_search_takes_numbers_and_auto_alike():
    grid = {"epochs": [3, "auto"], "batch_size": [16, "auto"]}
    search = GridSearchCV(DenseClassifier(patience=1, random_state=0), grid, cv=2)
    search.set_callbacks(SearchProgress(9, 200))
    with fleet():
        search.fit(X, y)
    assert search.best_params_["epochs"] == "auto"
    with pytest.raises(ValueError, match="epochs of SearchProgress must be a number"):
        SearchProgress(9, "auto")


@pytest.mark.parametrize(
    "settings", [{"epochs": 0}, {"epochs": "many"}, {"batch_size": None}]
)
def test_what_is_neither_a_count_nor_auto_is_refused(settings):
    (name,) = settings
    with pytest.raises(ValueError, match=f"The '{name}' parameter of DenseClassifier"):
        DenseClassifier(**settings).fit(X, y)
