"""The Wilson interval and the one reading of the test set."""

import dataclasses
import math
import pickle

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from kerasweep.model_selection import TestResult, test_once, wilson_interval


@pytest.mark.parametrize("n_correct", [0, 1, 9847, 10_000])
def test_interval_follows_wilsons_formula(n_correct):
    n, z = 10_000, 1.959963984540054
    p = n_correct / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    expected = max(0.0, centre - half), min(1.0, centre + half)
    assert wilson_interval(n_correct, n) == pytest.approx(expected, abs=1e-12)


def test_interval_widens_with_confidence():
    low, high = wilson_interval(80, 100, confidence=0.5)
    lower, higher = wilson_interval(80, 100, confidence=0.99)
    assert lower < low < 0.8 < high < higher


@pytest.mark.parametrize(
    ("arguments", "confidence", "message"),
    [
        ((3, 0), 0.95, "n of wilson_interval"),
        ((3, 4.0), 0.95, "n of wilson_interval"),
        ((5, 4), 0.95, "from 0 to `n` .=4.. Got 5"),
        ((-1, 4), 0.95, "n_correct of wilson_interval"),
        ((0.5, 4), 0.95, "n_correct of wilson_interval"),
        ((3, 4), 1.0, "confidence of wilson_interval"),
        ((3, 4), "95 %", "confidence of wilson_interval"),
    ],
)
def test_impossible_counts_are_refused(arguments, confidence, message):
    with pytest.raises(ValueError, match=message):
        wilson_interval(*arguments, confidence=confidence)


@pytest.fixture
def always_one():
    return DummyClassifier(strategy="constant", constant=1).fit([[0], [0]], [0, 1])


def test_result_counts_correct_rows(always_one):
    y = np.repeat([1, 0], [9832, 168])
    result = test_once(always_one, np.zeros((10_000, 1)), y)
    assert (result.n_correct, result.n, result.accuracy) == (9832, 10_000, 0.9832)
    assert (result.low, result.high) == wilson_interval(9832, 10_000)
    assert str(result) == "0.9832 (95 % Wilson interval 0.9805 to 0.9855, n = 10,000)"


def test_result_is_frozen_pickles_and_becomes_a_dict(always_one):
    result = test_once(always_one, np.zeros((4, 1)), [1, 1, 1, 0], confidence=0.9)
    assert pickle.loads(pickle.dumps(result)) == result
    assert dataclasses.asdict(result)["n_correct"] == 3
    assert "(90 % Wilson" in str(result)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.accuracy = 1.0


def test_a_fitted_search_is_tested_as_its_winner(always_one):
    search = GridSearchCV(always_one, {"constant": [0, 1]}, cv=2)
    search.fit(np.zeros((10, 1)), [1, 1, 1, 1, 0] * 2)
    assert test_once(search, np.zeros((5, 1)), [1, 1, 1, 0, 0]).n_correct == 3


def test_pytest_does_not_collect_the_public_names():
    assert test_once.__test__ is False
    assert TestResult.__test__ is False


def test_an_unfitted_estimator_is_refused():
    with pytest.raises(NotFittedError):
        test_once(DummyClassifier(), [[0]], [0])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([], "at least one row"),
        ([0.5, 0.7], "must hold class labels"),
        (["0", "1"], "labels of the kind that the estimator predicts"),
        ([0, 1, 1], r"predictions of shape \(2,\), but y has shape \(3,\)"),
    ],
)
def test_wrong_targets_are_refused(always_one, y, message):
    with pytest.raises(ValueError, match=message):
        test_once(always_one, np.zeros((2, 1)), y)
