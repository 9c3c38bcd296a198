"""What `load_dataset` takes by name, and what it says of other names."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from kerasweep.datasets import load_dataset

FIELDS = {
    "data", "target", "data_test", "target_test", "image_shape", "max_value",
    "feature_names", "target_names", "name", "source", "sha256", "DESCR",
    "kinds", "column_table", "notes",
}  # fmt: skip


def test_digits():
    digits = load_dataset("digits")
    assert set(digits) == FIELDS
    theirs = load_digits()
    np.testing.assert_array_equal(digits.data, theirs.data)
    np.testing.assert_array_equal(digits.target, theirs.target)
    assert digits.data.dtype == np.uint8
    assert digits.image_shape == (8, 8)
    assert digits.max_value == 16
    assert digits.data_test is None and digits.target_test is None
    assert digits.feature_names == theirs.feature_names
    assert digits.target_names.tolist() == list(range(10))
    assert "Optical recognition" in digits.DESCR
    assert len(digits.sha256) == 64


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("mnst", r"Got 'mnst' instead. Did you mean 'mnist'\?"),
        ("Digits", r"Did you mean 'digits'\?"),
        ("openml:", r"openml:NAME_OR_ID.*Got 'openml:' instead"),
        ("quite different", "'mnist', 'digits', .*'quite different' instead.$"),
        ("", "Got '' instead"),
    ],
)
def test_unknown_names_are_refused(spec, words):
    with pytest.raises(ValueError, match=words):
        load_dataset(spec)


def test_what_is_no_name_is_refused():
    with pytest.raises(TypeError, match="`spec` of load_dataset must be 'mnist'"):
        load_dataset(None)
    with pytest.raises(TypeError, match=r"name of a column or None. Got 3"):
        load_dataset("digits", target=3)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
@pytest.mark.parametrize("kind", [str, Path])
def test_missing_files_are_named(tmp_path, suffix, kind):
    path = tmp_path / f"absent{suffix}"
    with pytest.raises(FileNotFoundError, match=f"absent{suffix}' does not exist"):
        load_dataset(kind(path))


def test_other_suffixes_and_directories_are_refused(tmp_path):
    (tmp_path / "table.xlsx").write_bytes(b"")
    with pytest.raises(ValueError, match=r"\.npz file. Got suffix '.xlsx' instead"):
        load_dataset(tmp_path / "table.xlsx")
    with pytest.raises(ValueError, match="Got a directory instead"):
        load_dataset(tmp_path)


def test_target_is_refused_where_there_are_no_columns():
    with pytest.raises(ValueError, match="must be None for 'digits'"):
        load_dataset("digits", target="label")
    with pytest.raises(ValueError, match="`kinds` must be None for 'digits'"):
        load_dataset("digits", kinds={"label": "drop"})
    with pytest.raises(TypeError, match="must map columns to kinds, or be None"):
        load_dataset("digits", kinds="label=drop")
