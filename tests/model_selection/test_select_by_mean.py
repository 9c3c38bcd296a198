"""The setting with the best mean wins, not the luckiest seed."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from kerasweep.model_selection import (
    holdout,
    replicate_summary,
    select_by_mean,
    test_once,
)

RULE = select_by_mean(by="l2", over="seed")


def results(scores, l2=(1, 1, 1, 2, 2, 2)):
    return {
        "param_l2": np.ma.array(l2),
        "param_seed": np.ma.array([0, 1, 2] * (len(l2) // 3)),
        "mean_test_score": np.array(scores),
    }


def test_a_lucky_seed_does_not_win():
    # setting 1 has the best candidate, setting 2 the better mean
    assert RULE(results([0.90, 0.99, 0.90, 0.95, 0.96, 0.94])) == 3


def test_the_first_replicate_is_refitted_not_the_best():
    assert RULE(results([0.5, 0.5, 0.5, 0.6, 0.9, 0.7])) == 3


def test_a_tie_goes_to_the_first_setting_whatever_the_rounding():
    assert RULE(results([0.1, 0.2, 0.3, 0.3, 0.2, 0.1])) == 0
    assert RULE(results([0.3, 0.2, 0.1, 0.1, 0.2, 0.3])) == 0


def test_failed_replicates_are_left_out_and_never_refitted():
    assert RULE(results([0.9, 0.9, 0.9, np.nan, 0.95, 0.97])) == 4


def test_all_failed_is_an_error():
    with pytest.raises(ValueError, match="Got a failed fit for every one"):
        RULE(results([np.nan] * 6))


def test_negative_scores_are_compared():
    assert RULE(results([-3.0, -3.0, -3.0, -2.0, -2.0, -2.0])) == 3


def test_an_unknown_name_is_reported_for_the_rule():
    with pytest.raises(ValueError, match=r"over of select_by_mean .*Got 'sed'"):
        select_by_mean(over="sed")(results([0.0] * 6))


def test_pickle_clone_and_repr():
    rule = select_by_mean(by=["l2"], over="seed", score="test_f1")
    assert pickle.loads(pickle.dumps(rule)) == rule
    search = GridSearchCV(DecisionTreeClassifier(), {}, refit=rule)
    assert clone(search).refit == rule
    assert repr(rule) == "select_by_mean(by=('l2',), over='seed', score='test_f1')"


def test_the_whole_protocol_in_one_search():
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    X = rng.normal(size=(300, 8)) + y[:, None] * 0.8
    search = GridSearchCV(
        DecisionTreeClassifier(max_features=1),
        {"max_depth": [1, 4, 8], "random_state": [5, 6, 7]},
        cv=holdout(X[:200], y[:200], test_size=50),
        refit=select_by_mean(over="random_state"),
    ).fit(X[:200], y[:200])
    summary = replicate_summary(search.cv_results_, over="random_state")
    best = summary["max_depth"][summary["mean"].idxmax()]
    assert search.best_params_ == {"max_depth": best, "random_state": 5}
    result = test_once(search, X[200:], y[200:])
    assert result.accuracy == search.best_estimator_.score(X[200:], y[200:])
