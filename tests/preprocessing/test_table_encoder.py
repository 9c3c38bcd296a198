"""Tables as the columns that a network takes."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from kerasweep.preprocessing._table_encoder import TableEncoder


def test_quantities_are_scaled_by_median_and_range_and_clipped_smoothly():
    X = np.array([[0.0], [1.0], [2.0], [3.0], [1e9]])
    encoded = TableEncoder().fit(X).transform(X)
    z = (X - 2) / 2  # the quartiles are 1 and 3
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(encoded, z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-6)
    assert encoded[-1] == pytest.approx(3)


def test_what_is_missing_is_the_median_and_has_a_column_of_its_own():
    X = np.array([[1.0, 5.0], [np.nan, 6.0], [3.0, 7.0]])
    encoder = TableEncoder().fit(X)
    assert (encoder.n_numeric_, encoder.n_flags_) == (2, 1)
    np.testing.assert_array_equal(encoder.transform(X)[:, 2], [0, 1, 0])
    assert encoder.transform(X)[1, 0] == 0
    # Never missing in fit: the median, and no column.
    assert encoder.transform([[1.0, np.nan]])[0, 1] == 0


def test_categories_are_columns_or_codes_by_their_number():
    X = pd.DataFrame({"few": list("abcab"), "many": list("vwxyz")})
    encoder = TableEncoder(max_one_hot=3).fit(X)
    assert (encoder.n_numeric_, encoder.n_flags_, encoder.code_sizes_) == (0, 3, [7])
    expected = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(encoder.transform(X)[:, :3], expected)
    assert encoder.transform(X)[:, 3].tolist() == [1, 2, 3, 4, 5]


def test_unseen_categories_are_no_known_one():
    X = pd.DataFrame({"few": list("abcab"), "many": list("vwxyz")})
    encoder = TableEncoder(max_one_hot=3).fit(X)
    new = pd.DataFrame({"few": ["q", None], "many": ["a", None]})
    np.testing.assert_array_equal(encoder.transform(new), [[0, 0, 0, 0], [0, 0, 0, 6]])


def test_rare_categories_share_one_beyond_the_most():
    X = pd.DataFrame({"kind": ["a"] * 3 + ["b"] * 2 + ["c"]})
    encoder = TableEncoder(max_categories=2).fit(X)
    new = pd.DataFrame({"kind": ["a", "b", "c", "new"]})
    expected = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
    np.testing.assert_array_equal(encoder.transform(new), expected)


FRAME = pd.DataFrame(
    {
        "size": [1.0, 2.0, None, 4.0],
        "rooms": [1, 2, 3, 4],
        "kind": ["a", "b", None, "a"],
        "new": [True, False, True, True],
    }
)


@pytest.mark.parametrize(
    "other",
    [
        FRAME.astype({"kind": "category"}),
        FRAME.convert_dtypes(),
        pl.from_pandas(FRAME),
        FRAME.astype(object),
        pl.from_pandas(FRAME).to_arrow(),
    ],
    ids=["categories", "nullable", "polars", "objects", "arrow"],
)
def test_a_table_is_encoded_alike_whatever_holds_it(other):
    expected = TableEncoder().fit(FRAME).transform(FRAME)
    np.testing.assert_array_equal(TableEncoder().fit(other).transform(other), expected)
    # And an array of the same values.
    array = FRAME.astype(object).to_numpy()
    np.testing.assert_array_equal(TableEncoder().fit_transform(array), expected)


@pytest.mark.parametrize("marks", [["b"], [1], [False, True]])
def test_numbers_become_categories_by_name_index_or_mask(marks):
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [10, 20, 30]})
    encoder = TableEncoder(marks).fit(X)
    assert (encoder.n_numeric_, encoder.n_flags_) == (1, 3)
    as_floats = X.astype({"b": float})
    np.testing.assert_array_equal(encoder.transform(as_floats), encoder.transform(X))


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        (["c"], "must name columns of X. Got 'c' too"),
        ([2], "must be from 0 to 1"),
        ([True], "one value per column, 2"),
        ("yes", "must be"),
    ],
)
def test_marks_that_fit_no_column_are_refused(marks, message):
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [1, 2]})
    with pytest.raises(ValueError, match=message):
        TableEncoder(marks).fit(X)


@pytest.mark.parametrize(
    "dates",
    [
        pd.to_datetime(["2020-01-01", "2020-01-02"]),
        pd.to_timedelta([1, 2], "D"),
        [datetime.date(2020, 1, 1), None],
        pd.period_range("2020", periods=2),
    ],
)
def test_dates_are_refused_with_the_remedy(dates):
    X = pd.DataFrame({"day": dates, "size": [1.0, 2.0]})
    with pytest.raises(TypeError, match=r"'day' of X of TableEncoder .* TableVectoriz"):
        TableEncoder().fit(X)
    if not isinstance(dates, pd.PeriodIndex):
        with pytest.raises(TypeError, match="TableVectorizer"):
            TableEncoder().fit(pl.from_pandas(X))


def test_text_where_numbers_were_is_refused():
    encoder = TableEncoder().fit(pd.DataFrame({"size": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="'size' of X of TableEncoder must hold num"):
        encoder.transform(pd.DataFrame({"size": ["large"]}))
    with pytest.raises(ValueError, match="infinity"):
        encoder.transform(pd.DataFrame({"size": [np.inf]}))


def test_other_columns_than_in_fit_are_refused():
    encoder = TableEncoder().fit(FRAME)
    with pytest.raises(ValueError, match="feature names"):
        encoder.transform(FRAME.rename(columns={"kind": "type"}))
