"""Manners of the estimators for tables."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor

from kerasweep import TabularClassifier, TabularRegressor

QUICK = {"hidden_layer_sizes": (16,), "n_members": 2, "epochs": 6, "random_state": 0}


def mixed_table(n=160):
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "size": random.normal(size=n),
            "rooms": random.integers(1, 6, n).astype(float),
            "kind": random.choice(["flat", "house", "loft"], n),
            "street": random.choice([f"street {i}" for i in range(90)], n),
            "garden": random.random(n) > 0.5,
        }
    )
    X.loc[::7, "rooms"] = np.nan
    X.loc[::9, "kind"] = None
    price = 2e5 + 5e4 * X["size"] + 3e4 * (X["kind"] == "house")
    return X, price.to_numpy()


@pytest.fixture(scope="module")
def table():
    return mixed_table()


@pytest.fixture(scope="module")
def classifier(table):
    X, y = table
    return TabularClassifier(**QUICK).fit(X, np.where(y > 2e5, "dear", "cheap"))


@pytest.fixture(scope="module")
def regressor(table):
    return TabularRegressor(**QUICK).fit(*table)


def test_shapes(table, classifier, regressor):
    X, y = table
    assert is_classifier(classifier)
    assert is_regressor(regressor)
    assert classifier.predict_proba(X).shape == (len(X), 2)
    np.testing.assert_allclose(classifier.predict_proba(X).sum(axis=1), 1)
    assert set(classifier.predict(X)) <= {"cheap", "dear"}
    mean, spread = regressor.predict(X, return_std=True)
    assert mean.shape == spread.shape == y.shape
    assert (spread > 0).all()
    assert classifier.n_features_in_ == 5
    assert list(classifier.feature_names_in_) == list(X.columns)
    assert len(classifier.best_epochs_) == 2


def test_the_same_seed_gives_the_same_ensemble(table, regressor):
    again = clone(regressor).fit(*table)
    np.testing.assert_array_equal(again.predict(table[0]), regressor.predict(table[0]))


def test_pickled(table, classifier):
    copy = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(
        copy.predict_proba(table[0]), classifier.predict_proba(table[0])
    )


def test_unseen_categories_and_columns_that_were_never_missing(table, classifier):
    X = table[0].head(5).copy()
    X["kind"] = "castle"
    X["size"] = np.nan
    assert np.isfinite(classifier.predict_proba(X)).all()
