"""The one validation split."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    cross_validate,
)
from sklearn.tree import DecisionTreeClassifier

from kerasweep.model_selection import HoldoutSplit, holdout

X = np.arange(200.0).reshape(100, 2)
y = np.repeat([0, 1, 2], [50, 30, 20])


def _rows(cv):
    ((train, validation),) = cv.split(X, y)
    return train, validation


@pytest.mark.parametrize(("test_size", "n_rows"), [(10, 10), (0.2, 20), (0.07, 7)])
def test_parts_are_complete_disjoint_and_of_the_asked_size(test_size, n_rows):
    train, validation = _rows(holdout(X, y, test_size=test_size))
    assert len(validation) == n_rows
    assert sorted([*train, *validation]) == list(range(100))
    assert np.all(np.diff(train) > 0)


def test_classes_keep_their_shares():
    train, validation = _rows(holdout(X, y, test_size=10))
    assert np.bincount(y[validation]).tolist() == [5, 3, 2]
    assert np.bincount(y[train]).tolist() == [45, 27, 18]


@pytest.mark.parametrize("labels", [y.astype(str), y[:, None], y.tolist()])
def test_labels_of_any_kind_are_stratified_alike(labels):
    assert _rows(holdout(X, labels))[1].tolist() == _rows(holdout(X, y))[1].tolist()


@pytest.mark.parametrize("target", [np.linspace(0, 1, 100), None, np.ones((100, 2))])
def test_targets_that_are_no_labels_are_not_stratified(target):
    assert not holdout(X, target).stratified


def test_float_labels_are_stratified_on_request():
    assert not holdout(X, y.astype(float)).stratified
    cv = holdout(X, y.astype(float), test_size=10, stratify=True)
    assert np.bincount(y[_rows(cv)[1]]).tolist() == [5, 3, 2]


def test_random_state_draws_the_rows():
    first, again, other = (holdout(X, y, random_state=s) for s in (3, 3, 4))
    assert _rows(first)[1].tolist() == _rows(again)[1].tolist()
    assert _rows(first)[1].tolist() != _rows(other)[1].tolist()


def test_searches_validate_on_exactly_these_rows():
    cv = holdout(X, y, test_size=20)
    train, validation = _rows(cv)
    tree = DecisionTreeClassifier(max_depth=1, random_state=0)
    by_hand = tree.fit(X[train], y[train]).score(X[validation], y[validation])
    search = GridSearchCV(tree, {"max_depth": [1, 3]}, cv=cv)
    search = clone(search).fit(X, y)
    assert search.n_splits_ == 1
    assert search.cv_results_["mean_test_score"][0] == by_hand
    assert cross_validate(tree, X, y, cv=cv)["test_score"].tolist() == [by_hand]


def test_a_halving_search_takes_the_split():
    tree = DecisionTreeClassifier(random_state=0)
    search = HalvingGridSearchCV(
        tree, {"max_depth": [1, 2, 3]}, cv=holdout(X, y, test_size=20), random_state=0
    )
    assert search.fit(X, y).n_splits_ == 1


def test_pickle_and_repr():
    cv = holdout(X, y, test_size=10)
    copy = pickle.loads(pickle.dumps(cv))
    assert repr(copy) == "HoldoutSplit(n_train=90, n_validation=10, stratified=True)"
    assert _rows(copy)[1].tolist() == _rows(cv)[1].tolist()
    assert isinstance(copy, HoldoutSplit)


def test_split_refuses_other_data():
    with pytest.raises(ValueError, match="drawn for 100 rows, but X has 99"):
        list(holdout(X, y).split(X[:99]))


@pytest.mark.parametrize("test_size", [0, 100, -1, 0.0, 1.0, 0.999, True, "10", None])
def test_impossible_sizes_are_refused(test_size):
    with pytest.raises(ValueError, match="test_size of holdout must be a number of"):
        holdout(X, y, test_size=test_size)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"stratify": "yes"}, "stratify of holdout must be"),
        ({"y": y[:50]}, "equally many rows. Got 100 and 50"),
        ({"y": None, "stratify": True}, "Got None instead. Pass stratify=False"),
        ({"y": np.ones((100, 2)), "stratify": True}, r"shape \(100, 2\)"),
        ({"y": np.r_[y[:-1], 7]}, "Got 1 row of class 7 instead"),
        ({"y": np.array(["a"] * 99 + ["b"], object)}, "Got 1 row of class 'b'"),
        ({"y": np.array(["a", 1] * 50, object)}, "labels of one type"),
        ({"test_size": 2}, "at least 3 rows, one per class, in both"),
    ],
)
def test_mistakes_are_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        holdout(X, **{"y": y, **kwargs})
