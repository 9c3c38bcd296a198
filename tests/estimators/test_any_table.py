"""Whatever column comes into an estimator for tables: one clear error, or numbers."""

import datetime
import decimal
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from drawn_examples import few
from hypothesis import given, strategies as st
from sklearn.base import clone

from kerasweep import TabularClassifier, TabularRegressor

N = 24
DAYS = [datetime.date(2020, 1, 1 + i) for i in range(N)]
TINY = {"hidden_layer_sizes": (4,), "n_members": 2, "epochs": 1, "random_state": 0}
TINY |= {"n_frequencies": 2, "embedding_width": 2, "validation_fraction": None}
ESTIMATORS = {
    "TabularClassifier": TabularClassifier(**TINY),
    "TabularRegressor": TabularRegressor(**TINY),
}
_rng = np.random.default_rng(0)
_numbers = _rng.normal(size=N)

#: What a column may hold that a network can learn from.
LEARNT = {
    "float": pd.Series(_numbers),
    "float32": pd.Series(_numbers, dtype="float32"),
    "holes": pd.Series(np.where(_numbers > 0, _numbers, np.nan)),
    "all missing": pd.Series([np.nan] * N),
    "constant": pd.Series([7.0] * N),
    "large": pd.Series(_numbers * 1e37),
    "tiny": pd.Series(_numbers * 1e-300),
    "int": pd.Series(range(N)),
    "uint8": pd.Series(range(N), dtype="uint8"),
    "Int64": pd.Series([None, *range(1, N)], dtype="Int64"),
    "bool": pd.Series(_numbers > 0),
    "boolean": pd.Series([None, *(_numbers > 0)[1:]], dtype="boolean"),
    "texts": pd.Series(["a", "b", "c"] * (N // 3)),
    "texts and holes": pd.Series(["a", None, "c"] * (N // 3)),
    "objects": pd.Series(["a", np.nan, "c"] * (N // 3), dtype=object),
    "all different": pd.Series([f"name {i}" for i in range(N)]),
    "category": pd.Series(["x", "y"] * (N // 2), dtype="category"),
    "categories of numbers": pd.Series([3, 5] * (N // 2), dtype="category"),
    "unused category": pd.Series(pd.Categorical(["x"] * N, ["x", "y", "z"])),
    "arrow": pd.Series(["u", None, "v"] * (N // 3), dtype="string[pyarrow]"),
}
#: What is refused, with one sentence.
REFUSED = {
    "dates": pd.Series(pd.to_datetime(DAYS)),
    "objects of dates": pd.Series(DAYS, dtype=object),
    "durations": pd.Series(pd.to_timedelta(range(N), unit="h")),
    "periods": pd.Series(pd.period_range("2020", periods=N, freq="D")),
    "complex": pd.Series(_numbers + 1j),
    "infinite": pd.Series(np.where(_numbers > 1, np.inf, _numbers)),
    "huge": pd.Series(_numbers * 1e300),
    "lists": pd.Series([[1, 2]] * N),
    "dicts": pd.Series([{"a": 1}] * N),
    "intervals": pd.Series(pd.interval_range(0, N)),
}
by_name = pytest.mark.parametrize("name", ESTIMATORS)


def target(name):
    return _numbers if name == "TabularRegressor" else np.where(_numbers > 0, "u", "d")


def answers(estimator, X):
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(X)
    return estimator.predict(X)


@pytest.mark.slow
@by_name
@few(8)
@given(kinds=st.lists(st.sampled_from(sorted(LEARNT)), min_size=1, max_size=5))
def test_whatever_can_be_learnt_from(name, kinds):
    X = pd.DataFrame({f"{i} {kind}": LEARNT[kind] for i, kind in enumerate(kinds)})
    fitted = clone(ESTIMATORS[name]).fit(X, target(name))
    assert np.isfinite(answers(fitted, X)).all()
    # Rows of which nothing is known, and one alone.
    unknown = X.head(3).reindex([90, 91, 92]).astype(X.dtypes, errors="ignore")
    assert np.isfinite(answers(fitted, unknown)).all()
    np.testing.assert_allclose(
        answers(fitted, X.iloc[[5]]), answers(fitted, X)[[5]], rtol=1e-4, atol=1e-5
    )


@by_name
@pytest.mark.parametrize("kind", REFUSED)
def test_whatever_cannot(name, kind):
    X = pd.DataFrame({"good": LEARNT["float"], "bad": REFUSED[kind]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises((ValueError, TypeError), match=r"bad|finite|infinity") as no:
            clone(ESTIMATORS[name]).fit(X, target(name))
    assert "\n" not in str(no.value).strip() and name in str(no.value)


@by_name
@pytest.mark.slow
def test_numbers_beyond_float64_and_decimals(name):
    X = pd.DataFrame({"a": LEARNT["float"], "b": [*map(decimal.Decimal, range(N))]})
    fitted = clone(ESTIMATORS[name]).fit(X, target(name))
    assert np.isfinite(answers(fitted, X)).all()
    X["b"] = [10**400] * N
    with pytest.raises(ValueError, match="b"):
        clone(ESTIMATORS[name]).fit(X, target(name))


@by_name
def test_polars_answers_as_pandas_does(name):
    kinds = ["float", "int", "bool", "texts", "texts and holes"]
    X = pd.DataFrame({kind: LEARNT[kind] for kind in kinds})
    ours = clone(ESTIMATORS[name]).fit(X, target(name))
    theirs = clone(ESTIMATORS[name]).fit(pl.from_pandas(X), target(name))
    np.testing.assert_allclose(
        answers(theirs, pl.from_pandas(X)), answers(ours, X), rtol=1e-5
    )


@pytest.fixture(scope="module")
def fitted():
    X = pd.DataFrame({"a": LEARNT["float"], "b": LEARNT["texts"]})
    return {n: (clone(e).fit(X, target(n)), X) for n, e in ESTIMATORS.items()}


@by_name
@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (lambda X: X.drop(columns="b"), "feature names|b"),
        (lambda X: X[["b", "a"]], "order|names"),
        (lambda X: X.assign(c=1), "c|names"),
        (lambda X: X.rename(columns={"b": "B"}), "names"),
        (lambda X: X.head(0), "0 sample"),
    ],
    ids=["one less", "other order", "one more", "another name", "no row"],
)
def test_other_columns_than_in_fit(name, rows, match, fitted):
    estimator, X = fitted[name]
    with pytest.raises(ValueError, match=match):
        estimator.predict(rows(X))
