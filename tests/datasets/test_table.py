import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kerasweep.datasets import load_dataset

FLOWERS = """petal,sepal,label
1.5,2,setosa
2.5,3,virginica
3.5,-4e2,setosa
"""


@pytest.fixture
def write(tmp_path):
    """Write a CSV file, and return its path."""

    def write(text, encoding="utf-8"):
        path = tmp_path / "flowers.csv"
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return path

    return write


def test_csv(write):
    path = write(FLOWERS)
    dataset = load_dataset(path)
    np.testing.assert_array_equal(dataset.data, [[1.5, 2], [2.5, 3], [3.5, -400]])
    assert dataset.data.dtype == np.float64
    assert dataset.target.tolist() == ["setosa", "virginica", "setosa"]
    assert dataset.target.dtype.kind == "U"
    assert dataset.feature_names == ["petal", "sepal"]
    assert dataset.target_names.tolist() == ["setosa", "virginica"]
    assert dataset.image_shape is None and dataset.max_value is None
    assert dataset.data_test is None
    assert (dataset.name, dataset.source) == ("flowers", str(path))


def test_csv_and_parquet_give_the_same(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.1, 0.2, 0.3], "y": ["p", "q", "p"]})
    frame.to_csv(tmp_path / "one.csv", index=False)
    frame.to_parquet(tmp_path / "two.parquet")
    one, two = (load_dataset(tmp_path / name) for name in ("one.csv", "two.parquet"))
    assert one.sha256 == two.sha256
    assert one.feature_names == two.feature_names


@pytest.mark.parametrize("column", ["target", "label", "class", "y"])
def test_usual_targets_are_found(save, column):
    frame = pd.DataFrame({"a": [1, 2], column: [0, 1], "b": [3, 4]})
    dataset = load_dataset(save(frame))
    assert dataset.feature_names == ["a", "b"]
    assert dataset.target.tolist() == [0, 1]


def test_named_target_and_kinds_of_target(save):
    frame = pd.DataFrame(
        {"y": [1, 2, 3], "real": [0.5, 1.5, 2.0], "yes": [True, False, True]}
    )
    path = save(frame)
    real = load_dataset(path, target="real")
    assert real.feature_names == ["y", "yes"]
    assert real.data[:, 1].tolist() == [1, 0, 1]
    assert real.target.tolist() == [0.5, 1.5, 2.0] and real.target_names is None
    assert load_dataset(path, target="yes").target_names.tolist() == [False, True]


def test_pixel_columns_make_an_image(save):
    X = np.arange(18).reshape(2, 9) * 15
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(9)])
    dataset = load_dataset(save(frame.assign(label=[4, 9])))
    assert dataset.data.dtype == np.uint8
    assert (dataset.image_shape, dataset.max_value) == ((3, 3), 255)
    np.testing.assert_array_equal(dataset.data, X)
    assert dataset.feature_names[0] == "pixel0"


@pytest.mark.parametrize(
    ("values", "width"), [([0.5, 255], 4), ([-1, 255], 4), ([0, 256], 4), ([0, 255], 5)]
)
def test_other_pixel_columns_stay_a_table(save, values, width):
    frame = pd.DataFrame({f"pixel{i}": values for i in range(width)})
    dataset = load_dataset(save(frame.assign(label=[4, 9])))
    assert dataset.image_shape is None and dataset.data.dtype == np.float64


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"a": [1, np.inf, 3]}, "column 'a' .* finite. Got inf in"),
        ({"a": [1, -np.inf, 3]}, "column 'a' .* finite. Got -inf in"),
        ({"a": ["1", "two", "3"]}, "column 'a' .* numeric. Got 'two' in"),
        ({"y": [0.5, np.inf, 1]}, "Array 'y' .* finite. Got inf in"),
    ],
)
def test_bad_values_are_placed(save, changes, words):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6], "y": ["p", "q", "p"]})
    path = save(frame.assign(**changes))
    place = "line 3" if path.suffix == ".csv" else "row 1"
    with pytest.raises(ValueError, match=f"{words} {place} instead") as caught:
        load_dataset(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"a": [1, 2], "y": ["p", "p"]}, "Got one class only, 'p', instead"),
        ({"a": [1, 2], "b": [0, 1]}, "Got columns 'a', 'b' instead"),
        ({"y": [1, 2], "class": [0, 1]}, "exactly one column .*'y', 'class' instead"),
        ({"y": [1, 2]}, "Got 2 rows and 0 feature columns instead"),
        ({"a": [], "y": []}, "Got 0 rows and 1 feature columns instead"),
    ],
)
def test_bad_tables_are_refused(save, frame, words):
    with pytest.raises(ValueError, match=words):
        load_dataset(save(pd.DataFrame(frame)))


def test_one_value_only_is_no_fault_in_a_quantity(save):
    dataset = load_dataset(save(pd.DataFrame({"a": [1, 2], "y": [0.5, 0.5]})))
    assert dataset.target.tolist() == [0.5, 0.5]


def test_missing_target_column_lists_the_columns(write):
    with pytest.raises(ValueError, match=r"'petal', 'sepal'.* Did you mean 'petal'\?"):
        load_dataset(write(FLOWERS), target="petals")
    wide = ",".join(f"c{i}" for i in range(30)) + "\n"
    with pytest.raises(ValueError, match="'c9' and 20 more"):
        load_dataset(write(wide))


def test_dates_are_not_read_as_numbers(tmp_path):
    frame = pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    path = tmp_path / "days.parquet"
    frame.assign(y=[0, 1]).to_parquet(path)
    with pytest.raises(ValueError, match=r"'day' .* Got dates \(Timestamp"):
        load_dataset(path)


def test_lines_are_counted_past_blank_ones_and_quoted_breaks(write):
    path = write('a,y\n1,"p\nq"\n\nx,r\n')
    with pytest.raises(ValueError, match="Got 'x' in line 5 instead"):
        load_dataset(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a,y\n1,0\n2,1,5\n",
        "a,y\n1,0,7\n2,1,5\n",
        'a,y\n"1,0\n',
        b"a,y\n1,\xff\n",
    ],
)
def test_malformed_csv_is_refused_in_one_line(write, text):
    path = write(text)
    with pytest.raises(ValueError, match="must be a comma-separated table") as caught:
        load_dataset(path)
    assert "\n" not in str(caught.value)


def test_short_line_is_no_missing_value(write):
    with pytest.raises(ValueError, match="Got 1 in line 3 instead"):
        load_dataset(write("a,y\n1,0\n2\n"))


def test_saved_row_index_is_not_a_feature(tmp_path):
    path = tmp_path / "indexed.csv"
    pd.DataFrame({"a": [1, 2], "y": [0, 1]}).to_csv(path)
    with pytest.raises(ValueError, match=r"Column 1 .* must have a name.*index=False"):
        load_dataset(path)


def test_byte_order_mark_is_no_part_of_a_name(write):
    dataset = load_dataset(write(FLOWERS, "utf-8-sig"))
    assert dataset.feature_names == ["petal", "sepal"]


def test_damaged_parquet_is_refused(tmp_path):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"a": [1, 2], "y": [0, 1]}).to_parquet(path)
    for content in (b"", b"PAR1", path.read_bytes()[:-20]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="must be a Parquet table") as caught:
            load_dataset(path)
        assert "\n" not in str(caught.value)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=False, allow_infinity=False),
            st.text(st.characters(codec="ascii", categories=["L"]), min_size=1),
        ),
        min_size=2,
        max_size=6,
        unique_by=lambda row: row[1],
    )
)
def test_what_was_written_is_read(tmp_path, rows):
    frame = pd.DataFrame(rows, columns=["a", "y"])
    # pandas reads these words as missing values, of which an error then tells.
    frame["y"] = "label-" + frame["y"]
    path = tmp_path / "written.csv"
    frame.to_csv(path, index=False)
    dataset = load_dataset(path)
    np.testing.assert_array_equal(dataset.data[:, 0], frame["a"])
    assert dataset.target.tolist() == frame["y"].tolist()
