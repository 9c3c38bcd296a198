import io
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kerasweep.datasets import _size, load_dataset

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 3, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2], dtype=np.uint8)


@pytest.fixture
def save(tmp_path):
    """Save arrays to a file of one name, and return its path."""

    def save(**arrays):
        path = tmp_path / "images.npz"
        np.savez_compressed(path, **arrays)
        return path

    return save


def keras_arrays(**changed):
    arrays = {
        "x_train": IMAGES, "y_train": LABELS,
        "x_test": IMAGES[:3], "y_test": LABELS[:3],
    }  # fmt: skip
    return {**arrays, **changed}


def test_keras_archive(save):
    path = save(**keras_arrays())
    dataset = load_dataset(path)
    np.testing.assert_array_equal(dataset.data, IMAGES.reshape(6, 12))
    np.testing.assert_array_equal(dataset.target, LABELS)
    np.testing.assert_array_equal(dataset.data_test, IMAGES[:3].reshape(3, 12))
    np.testing.assert_array_equal(dataset.target_test, LABELS[:3])
    assert dataset.data.dtype == np.uint8
    assert dataset.image_shape == (3, 4)
    assert dataset.max_value == 255
    assert dataset.feature_names[-1] == "pixel_2_3"
    assert (dataset.name, dataset.source) == ("images", str(path))


def test_colour_images_string_labels_and_labels_in_a_column(save):
    colour = RNG.integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)
    labels = np.array([["cat"], ["dog"], ["cat"], ["bird"]])
    dataset = load_dataset(save(X=colour, y=labels))
    assert dataset.image_shape == (5, 6, 3)
    assert dataset.data.shape == (4, 90)
    assert dataset.data_test is None
    assert dataset.target.tolist() == ["cat", "dog", "cat", "bird"]
    assert dataset.target_names.tolist() == ["bird", "cat", "dog"]


def test_byte_strings_become_strings(save):
    dataset = load_dataset(save(X=IMAGES[:2], y=np.array([b"a", b"b"])))
    assert dataset.target.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("images", "max_value"),
    [
        (np.array([0, 0.25, 0.5, 1.0]), 1),
        (np.array([0, 0.25, 0.5, 0.5]), 1),
        (np.array([0, 100.0, 255.0, 1.0]), 255),
        (np.array([-1.0, 1.0, 0.0, 0.5]), None),
        (np.array([0, 3, 16, 2]), 16),
        (np.array([0, 3, 254, 2]), 255),
        (np.array([0, 4095, 7, 2], dtype=np.uint16), 4095),
        (np.array([0, 1, 1, 0], dtype=np.uint8), 255),
        (np.zeros(4), 1),
    ],
)
def test_max_value_of_images(save, images, max_value):
    path = save(X=images.reshape(2, 1, 2), y=LABELS[:2])
    assert load_dataset(path).max_value == max_value


def test_tables_in_archives(save):
    X = np.array([[1, -2], [3, 400]])
    dataset = load_dataset(save(X=X, y=np.array([0.5, 1.5])))
    assert dataset.data.dtype == np.float64
    assert dataset.image_shape is None and dataset.max_value is None
    assert dataset.target.tolist() == [0.5, 1.5]
    assert dataset.target_names is None
    assert dataset.feature_names == ["x0", "x1"]


@pytest.mark.parametrize("dtype", [np.uint8, ">i4", np.int64, np.float64])
def test_whole_numbers_are_class_labels_of_one_type(save, dtype):
    dataset = load_dataset(save(X=IMAGES[:2], y=np.array([1, 2], dtype=dtype)))
    assert dataset.target.dtype == np.int64
    assert dataset.target.tolist() == dataset.target_names.tolist() == [1, 2]


def test_digest_follows_the_content_only(save, tmp_path):
    path = save(**keras_arrays())
    first = load_dataset(path).sha256
    moved = path.rename(tmp_path / "elsewhere.npz")
    assert load_dataset(moved).sha256 == first
    other = IMAGES.copy()
    other[0, 0, 0] ^= 1
    assert load_dataset(save(**keras_arrays(x_train=other))).sha256 != first


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": IMAGES, "y": LABELS}, "or X and y. Got a, y instead"),
        ({"X": IMAGES, "y": LABELS[:5]}, "equal lengths. Got 6 and 5"),
        ({"X": IMAGES[:0], "y": LABELS[:0]}, r"at least one row.*\(0, 3, 4\)"),
        ({"X": IMAGES[:, :0], "y": LABELS}, "at least one row and one feature"),
        ({"X": IMAGES, "y": LABELS * 0 + 7}, "Got one class only, 7, instead"),
        ({"X": LABELS, "y": LABELS}, r"must have 2 axes.*Got shape \(6,\)"),
        ({"X": IMAGES, "y": np.eye(6)}, r"not one-hot rows. Got shape \(6, 6\)"),
        ({"X": IMAGES.astype(str), "y": LABELS}, "'X' .*real numbers. Got type <U"),
        ({"X": IMAGES * 1j, "y": LABELS}, "real numbers. Got type complex"),
        ({"X": IMAGES, "y": LABELS * 1j}, "'y' .*numbers or strings. Got type comp"),
        ({"X": IMAGES, "y": LABELS + np.nan}, "'y' .* finite. Got nan in row 0"),
        (
            {"X": np.zeros((2, 3, 32, 32)), "y": LABELS[:2]},
            r"channels last. Got image shape \(3, 32, 32\)",
        ),
        (
            keras_arrays(x_test=IMAGES[:3, :, :3]),
            r"one shape. Got x_train \(3, 4\) and x_test \(3, 3\)",
        ),
        (
            keras_arrays(y_test=LABELS[:3] + 1),
            "Labels of 'y_test' .* must also be in 'y_train'. Got 3 instead",
        ),
        (
            keras_arrays(y_test=np.array(["0", "1", "2"])),
            "must also be in 'y_train'. Got '0' instead",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused(save, arrays, words):
    path = save(**arrays)
    with pytest.raises(ValueError, match=words) as caught:
        load_dataset(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_placed(save, value):
    X = IMAGES.astype(np.float32)
    X[4, 2, 1] = value
    with pytest.raises(ValueError, match=rf"{value} in row 4, feature \(2, 1\)"):
        load_dataset(save(X=X, y=LABELS))
    with pytest.raises(ValueError, match=rf"{value} in row 4, feature 9 "):
        load_dataset(save(X=X.reshape(6, 12), y=LABELS))


def test_large_finite_values_are_not_taken_for_infinity(save):
    X = np.full((2, 2), 1.5e308)
    np.testing.assert_array_equal(load_dataset(save(X=X, y=[0, 1])).data, X)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was run",))


def test_pickles_are_refused_unread(save):
    path = save(X=np.array([Bomb(), Bomb()], dtype=object), y=LABELS[:2])
    with pytest.raises(ValueError, match=r"'X' .*Python objects \(a pickle"):
        load_dataset(path)


def test_images_of_unequal_size_are_refused(save):
    ragged = np.empty(2, dtype=object)
    ragged[:] = [IMAGES[0], IMAGES[1, :2]]
    with pytest.raises(ValueError, match=r"one shape.*images of unequal size"):
        load_dataset(save(X=ragged, y=LABELS[:2]))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04", b"\x93NUMPY"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "fake.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"fake.npz' must be a complete NPZ archive"):
        load_dataset(path)


def test_archive_that_unpacks_to_more_than_memory_is_refused(save, monkeypatch):
    path = save(X=np.zeros((2, 1 << 20), dtype=np.uint8), y=LABELS[:2])
    assert path.stat().st_size < 1 << 13
    load_dataset(path)
    monkeypatch.setattr(_size, "_SIZE_LIMIT", 1 << 20)
    with pytest.raises(ValueError, match=r"at most 0.0 GiB of memory. Got 0.0 GiB"):
        load_dataset(path)


def test_header_that_claims_an_impossible_shape_is_refused(tmp_path):
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        member, {"descr": "|u1", "fortran_order": False, "shape": (1 << 62,)}
    )
    path = tmp_path / "huge.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", member.getvalue() + b"123")
        archive.writestr("y.npy", b"")
    with pytest.raises(ValueError, match=r"'X' of file .* is damaged"):
        load_dataset(path)


def archive_bytes(compress):
    buffer = io.BytesIO()
    saver = np.savez_compressed if compress else np.savez
    saver(buffer, X=IMAGES, y=LABELS)
    return buffer.getvalue()


SOUND = [archive_bytes(False), archive_bytes(True)]


def load_or_refuse(path, content):
    """Refuse in a sentence, or else return what was saved: nothing in between."""
    path.write_bytes(content)
    try:
        dataset = load_dataset(path)
    except ValueError as error:
        message = str(error)
        assert str(path) in message and "\n" not in message
        return False
    np.testing.assert_array_equal(dataset.data, IMAGES.reshape(6, 12))
    np.testing.assert_array_equal(dataset.target, LABELS)
    return True


# The file is rewritten for each example, so sharing its folder is harmless.
many = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@many
@given(sound=st.sampled_from(SOUND), share=st.floats(0, 1, exclude_max=True))
def test_truncated_archives_are_refused(tmp_path, sound, share):
    assert not load_or_refuse(tmp_path / "cut.npz", sound[: int(share * len(sound))])


@many
@given(data=st.data(), sound=st.sampled_from(SOUND))
def test_flipped_bits_never_change_the_data(tmp_path, data, sound):
    content = bytearray(sound)
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    content[bit // 8] ^= 1 << bit % 8
    load_or_refuse(tmp_path / "flipped.npz", bytes(content))
