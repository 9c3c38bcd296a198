"""Fits that differ in their seed alone."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from kerasweep import DenseClassifier, SaltAndPepper, fit_replicates, fleet

X, y = load_iris(return_X_y=True)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_each_is_the_fit_with_its_seed(n_jobs):
    tree = DecisionTreeClassifier(max_features=1, max_depth=2)
    found = fit_replicates(tree, X, y, random_states=[5, 0], n_jobs=n_jobs)
    assert not hasattr(tree, "tree_")
    for one, seed in zip(found, [5, 0], strict=True):
        alone = DecisionTreeClassifier(max_features=1, max_depth=2, random_state=seed)
        expected = alone.fit(X, y).predict_proba(X)
        np.testing.assert_array_equal(one.predict_proba(X), expected)


def test_seeds_of_a_pipeline():
    pipe = make_pipeline(SaltAndPepper(0.1), MLPClassifier((2,), max_iter=1))

    def seeds(**settings):
        with pytest.warns(Warning):  # one iteration, and a step without callbacks
            (one,) = fit_replicates(pipe, X, y, random_states=[7], **settings)
        return one[0].random_state, one[1].random_state

    assert seeds() == (7, 7)
    assert seeds(over="mlpclassifier__random_state") == (None, 7)
    with pytest.raises(ValueError, match=r"over of fit_replicates .* 'net__seed'"):
        fit_replicates(pipe, X, y, over="net__seed")


def test_fit_parameters_reach_every_fit_of_a_fleet():
    net = DenseClassifier((4,), epochs=2)
    with fleet():
        nets = fit_replicates(net, X, y, X_val=X[:30], y_val=y[:30])
    assert [len(one.history_["val_loss"]) for one in nets] == [2, 2, 2]
    assert len({one.history_["loss"][-1] for one in nets}) == 3


def test_nothing_to_replicate():
    with pytest.raises(ValueError, match="must hold at least one seed"):
        fit_replicates(DecisionTreeClassifier(), X, y, random_states=[])
    with pytest.raises(ValueError, match="must have a parameter random_state"):
        fit_replicates(LinearRegression(), X, y)


class Failing(BaseEstimator):
    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None):
        raise ArithmeticError("no")


def test_a_failing_fit_is_not_passed_over():
    with pytest.raises(ArithmeticError):
        fit_replicates(Failing(), X)
