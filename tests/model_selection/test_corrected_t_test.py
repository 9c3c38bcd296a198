"""Nadeau and Bengio's corrected resampled t-test, worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from kerasweep.model_selection import comparison_table, corrected_t_test


def test_worked_out_by_hand():
    # differences 0.1, 0.2, 0.3: mean 0.2, variance 0.01; of the mean
    # (1/3 + 10/90) * 0.01 = 0.04/9, whose root is 0.2/3; t = 3 with 2 degrees of
    # freedom, whose distribution function is 1/2 + t / (2 sqrt(2 + t**2)), and whose
    # 97.5 % quantile is 4.302653
    found = corrected_t_test([0.9, 0.8, 0.7], [0.8, 0.6, 0.4], n_train=90, n_test=10)
    assert found.difference == pytest.approx(0.2)
    assert found.t == pytest.approx(3)
    assert found.p_value == pytest.approx(1 - 3 / np.sqrt(11))
    assert found.low == pytest.approx(0.2 - 4.302653 * 0.2 / 3)
    assert found.high == pytest.approx(0.2 + 4.302653 * 0.2 / 3)
    assert not found.separates and found.n == 3


def test_without_test_rows_to_speak_of_it_is_students():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 12))
    found = corrected_t_test(a, b, n_train=10**12, n_test=1)
    theirs = stats.ttest_rel(a, b)
    assert found.t == pytest.approx(theirs.statistic)
    assert found.p_value == pytest.approx(theirs.pvalue)
    interval = theirs.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_it_finds_less_than_students_where_splits_share_rows():
    """5 x 2 splits of data without any difference: the plain test errs too often."""
    rng = np.random.default_rng(0)
    wrong = {"corrected": 0, "plain": 0}
    for _ in range(300):
        rows = rng.normal(size=100)  # each row's difference of two equal models
        splits = [rng.permutation(100)[:20] for _ in range(10)]
        scores = np.array([rows[split].mean() for split in splits])
        found = corrected_t_test(scores, np.zeros(10), n_train=80, n_test=20)
        wrong["corrected"] += found.p_value < 0.05
        wrong["plain"] += stats.ttest_1samp(scores, 0).pvalue < 0.05
    assert wrong["corrected"] < 0.11 * 300 < wrong["plain"]


def test_equal_scores_and_a_difference_without_spread():
    same = corrected_t_test([0.5, 0.6], [0.5, 0.6], n_train=9, n_test=1)
    assert (same.difference, same.p_value, same.low, same.high) == (0, 1, 0, 0)
    other = corrected_t_test([0.5, 0.75], [0.25, 0.5], n_train=9, n_test=1)
    assert other.p_value == 0 and np.isnan(other.low) and not other.separates


def test_the_table_ranks_and_compares_with_the_best():
    scores = {"a": [0.8, 0.6, 0.4], "b": [0.9, 0.8, 0.7], "c": [0.1, 0.2, 0.0]}
    table = comparison_table(scores, n_train=90, n_test=10)
    assert table["model"].tolist() == ["b", "a", "c"]
    assert table["sd"][0] == pytest.approx(0.1)
    assert table["p_value"].isna().tolist() == [True, False, False]
    found = corrected_t_test(scores["b"], scores["a"], n_train=90, n_test=10)
    assert table["low"][1] == found.low and table["difference"][1] == found.difference


@pytest.mark.parametrize(
    ("scores", "sizes", "words"),
    [
        (([0.5], [0.4]), (9, 1), "at least 2 splits. Got 1 splits"),
        (([0.5, np.nan], [0.4, 0.3]), (9, 1), "1 of them with scores that are not"),
        (([0.5, 0.4], [0.4, 0.3]), (0, 1), "must be at least 1. Got 0 and 1"),
        (([0.5, 0.4], [0.4]), (9, 1), "inconsistent numbers of samples"),
    ],
)
def test_bad_scores_are_refused(scores, sizes, words):
    with pytest.raises(ValueError, match=words):
        corrected_t_test(*scores, n_train=sizes[0], n_test=sizes[1])
