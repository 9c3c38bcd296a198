"""Shares and scores of generated rows, with numbers counted by hand."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from kerasweep.model_selection import (
    classification_accuracy_score,
    share_as_asked,
    share_recognized,
    wilson_interval,
)

X, y = load_digits(return_X_y=True)


@pytest.fixture(scope="module")
def reader():
    """Whose probabilities are votes of ten: 0.0, 0.1, and so on to 1.0."""
    return KNeighborsClassifier(10).fit(X[:1000], y[:1000])


def test_a_row_counts_if_its_best_class_is_over_the_threshold(reader):
    surest = reader.predict_proba(X[1000:]).max(axis=1)
    found = share_recognized(reader, X[1000:])
    assert found.n_hits == (surest == 1.0).sum()  # 0.9 itself is not over it
    assert share_recognized(reader, X[1000:], threshold=0.85).n_hits == (
        (surest > 0.85).sum()
    )
    assert found.n == 797 and found.share == found.n_hits / 797
    assert (found.low, found.high) == wilson_interval(found.n_hits, 797)


def test_asked_and_read_labels_are_compared_row_by_row(reader):
    read = reader.predict(X[1000:])
    assert share_as_asked(reader, X[1000:], read).share == 1.0
    asked = read.copy()
    asked[:200] = (asked[:200] + 1) % 10
    found = share_as_asked(reader, X[1000:], asked, confidence=0.9)
    assert (found.n_hits, found.n) == (597, 797)
    assert str(found).startswith("0.7491 (90 % Wilson interval ")


def test_accuracy_score_trains_a_clone_on_the_samples():
    model = LogisticRegression(max_iter=200)
    good = classification_accuracy_score(
        model, X[:1000] / 16, y[:1000], X[1000:] / 16, y[1000:]
    )
    expected = model.fit(X[:1000] / 16, y[:1000]).score(X[1000:] / 16, y[1000:])
    assert good.accuracy == expected
    # Good samples of three digits alone teach no others.
    three = y[:1000] < 3
    poor = classification_accuracy_score(
        model, X[:1000][three] / 16, y[:1000][three], X[1000:] / 16, y[1000:]
    )
    assert poor.accuracy < 0.35
    fresh = LogisticRegression(max_iter=200)
    classification_accuracy_score(fresh, X[:50], y[:50], X[50:90], y[50:90])
    assert not hasattr(fresh, "classes_")


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda r: share_recognized(r, X, threshold=1.0), r"number in \[0, 1\)"),
        (lambda r: share_as_asked(r, X, y[:-1]), "equally many rows"),
        (lambda r: share_recognized(r, X, confidence=2), "confidence of"),
    ],
)
def test_mistakes_are_told_in_one_sentence(act, sentence, reader):
    with pytest.raises(ValueError, match=sentence):
        act(reader)


def test_labels_may_be_texts(reader):
    names = np.array([f"digit {i}" for i in range(10)])
    named = KNeighborsClassifier(3).fit(X[:1000], names[y[:1000]])
    found = share_as_asked(named, X[1000:], names[y[1000:]])
    assert found.share == named.score(X[1000:], names[y[1000:]])
