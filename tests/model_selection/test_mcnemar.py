"""The paired comparison of two classifiers."""

import numpy as np
import pytest
from scipy.stats import binom

from kerasweep.model_selection import mcnemar


def outcome(n_both, n_first, n_second, n_neither):
    y = np.ones(n_both + n_first + n_second + n_neither, dtype=int)
    first = np.repeat([1, 1, 0, 0], [n_both, n_first, n_second, n_neither])
    second = np.repeat([1, 0, 1, 0], [n_both, n_first, n_second, n_neither])
    return mcnemar(y, first, second)


def test_it_counts_the_rows_that_tell():
    result = outcome(90, 7, 2, 1)
    assert (result.n_only_first, result.n_only_second, result.n) == (7, 2, 100)
    assert result.accuracy == pytest.approx(0.97)
    assert result.other_accuracy == pytest.approx(0.92)
    assert result.difference == pytest.approx(0.05)
    assert result.p_value == pytest.approx(2 * binom.cdf(2, 9, 0.5))
    assert result.low < result.difference < result.high


def test_equal_predictions_are_no_evidence():
    result = outcome(90, 0, 0, 10)
    assert result.p_value == 1
    assert result.low < 0 < result.high


def test_test_and_interval_agree_where_there_is_much_data():
    clear, unclear = outcome(9700, 150, 90, 60), outcome(9700, 125, 115, 60)
    assert clear.p_value < 0.05 and clear.low > 0
    assert unclear.p_value > 0.05 and unclear.low < 0 < unclear.high


def test_the_interval_holds_the_difference_as_often_as_it_says():
    draw = np.random.default_rng(0)
    held = 0
    for counts in draw.multinomial(500, [0.88, 0.06, 0.03, 0.03], size=1000):
        result = outcome(*counts)
        held += result.low <= 0.03 <= result.high
    assert 0.93 < held / 1000 < 0.97


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([], [], []), "at least one row"),
        (([1, 0], [1, 0], [1]), "inconsistent numbers of samples"),
    ],
)
def test_bad_input(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        mcnemar(*arguments)
