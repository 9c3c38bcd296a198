"""Columns to numbers, by what they hold."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from kerasweep import DenseClassifier, MlflowTracking, load, save
from kerasweep.preprocessing import TablePreprocessor, table_preprocessor

KINDS = {"age": "numeric", "town": "categorical", "ok": "boolean", "words": "text"}


def table(n=40):
    rng = np.random.default_rng(0)
    words = np.array("red green soft loud cold warm fast slow".split())
    return pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.2, np.nan, rng.normal(40, 9, n)),
            "town": pd.Categorical(rng.choice(["Ulm", "Bonn", None], n)),
            "ok": rng.random(n) < 0.5,
            "words": [" ".join(rng.choice(words, 5)) for _ in range(n)],
        }
    )


def test_numbers_are_filled_in_marked_and_standardized():
    X = table()[["age", "ok"]]
    out = table_preprocessor({"age": "numeric", "ok": "boolean"}).fit_transform(X)
    assert out.dtype == np.float64
    age = X["age"].fillna(X["age"].median()).to_numpy()
    columns = [age, X["ok"].to_numpy(float), X["age"].isna().to_numpy(float)]
    expected = [(c - c.mean()) / c.std() for c in columns]
    np.testing.assert_allclose(out, np.transpose(expected), atol=1e-12)


def test_unknown_categories_are_ignored_and_missing_is_one():
    kinds = {"town": "categorical"}
    fitted = table_preprocessor(kinds).fit(
        pd.DataFrame({"town": ["Ulm", "Bonn", None]})
    )
    new = pd.DataFrame({"town": ["Rom", None, "Bonn"]})
    assert fitted.transform(new).tolist() == [[0, 0, 0], [0, 0, 1], [1, 0, 0]]


def test_rare_categories_share_a_column():
    towns = [f"t{i}" for i in range(200)] + ["t0", "t1"] * 3
    frame = pd.DataFrame({"town": towns})
    out = table_preprocessor({"town": "categorical"}).fit_transform(frame)
    assert out.shape[1] == 50


def test_texts_of_one_topic_lie_together():
    cats, dogs = "cat purrs and naps", "dog barks at all"
    frame = pd.DataFrame({"words": [cats, dogs] * 20 + ["", "zebra"]})
    pre = table_preprocessor({"words": "text"})
    out = pre.fit_transform(frame)
    assert out.shape[0] == 42
    np.testing.assert_allclose(out[0], out[2], atol=1e-9)
    assert np.abs(out[0] - out[1]).max() > 1
    assert np.isfinite(pre.transform(pd.DataFrame({"words": ["never seen"]}))).all()


def test_codes_for_trees_come_first_and_missing_numbers_stay():
    X = table()
    out = table_preprocessor(KINDS, encoding="ordinal").fit_transform(X)
    known = X["town"].notna().to_numpy()
    assert set(out[known, 0]) == {0, 1} and np.isnan(out[~known, 0]).all()
    assert (np.isnan(out[:, 1]) == X["age"].isna()).all()


def test_clone_and_a_column_of_nothing_in_one_fold():
    pre = clone(table_preprocessor({"age": "numeric"}))
    assert isinstance(pre, TablePreprocessor)
    out = pre.fit_transform(pd.DataFrame({"age": [np.nan, np.nan]}))
    assert np.isfinite(out).all()


def test_a_tracked_pipeline_warns_of_nothing_and_is_saved_as_data(tmp_path, store_uri):
    X, y = table(), np.arange(40) % 2
    model = Pipeline(
        [("table", table_preprocessor(KINDS)), ("net", DenseClassifier((4,), epochs=1))]
    )
    tracking = MlflowTracking("mixed", tracking_uri=store_uri)
    model.set_callbacks(tracking)
    model.fit(X, y)
    save(model, tmp_path / "model.kerasweep")
    again = load(tmp_path / "model.kerasweep")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match=r"kind of column 'a' must be .* Got 'date'"):
        table_preprocessor({"a": "date"})
    with pytest.raises(ValueError, match=r"must hold a column. Got none"):
        table_preprocessor({})
    with pytest.raises(ValueError, match=r"`encoding` .* Got 'one-hot' instead"):
        table_preprocessor({"a": "numeric"}, encoding="one-hot")
