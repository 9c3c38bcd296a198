import importlib.resources
import shutil

import numpy as np
import pytest

from kerasweep.datasets import _mnist, load_dataset, load_mnist


@pytest.fixture(scope="module")
def everything():
    return load_mnist(subset="all")


def test_mnist_basics(everything):
    assert everything.data.shape == (70_000, 784)
    assert everything.data.dtype == np.uint8
    assert everything.target.shape == (70_000,)
    assert everything.images.shape == (70_000, 28, 28)
    assert np.shares_memory(everything.images, everything.data)
    assert everything.image_shape == (28, 28)
    assert everything.feature_names[29] == "pixel_1_1"
    assert len(everything.feature_names) == 784
    assert list(everything.target_names) == list(range(10))
    for words in ("CC BY-SA 3.0", "LeCun", "Cortes", "60,000"):
        assert words in everything.DESCR


def test_mnist_correctness(everything):
    # The counts and the mean training pixel that are published for MNIST.
    train, test = everything.target[:60_000], everything.target[60_000:]
    assert np.bincount(train).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert np.bincount(test).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert everything.data[:60_000].mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert train[:5].tolist() == [5, 0, 4, 1, 9]


def test_default_subset_is_the_training_part(everything):
    X, y = load_mnist(return_X_y=True)
    np.testing.assert_array_equal(X, everything.data[:60_000])
    np.testing.assert_array_equal(y, everything.target[:60_000])


def test_load_dataset_keeps_the_test_part_apart(everything):
    mnist = load_dataset("mnist")
    np.testing.assert_array_equal(mnist.data, everything.data[:60_000])
    np.testing.assert_array_equal(mnist.data_test, everything.data[60_000:])
    np.testing.assert_array_equal(mnist.target_test, everything.target[60_000:])
    assert (mnist.name, mnist.max_value, mnist.image_shape) == ("MNIST", 255, (28, 28))
    assert mnist.DESCR == everything.DESCR


def test_bad_subset_is_refused():
    with pytest.raises(ValueError, match="'subset' parameter of load_mnist"):
        load_mnist(subset="training")


@pytest.fixture
def copied_file(tmp_path, monkeypatch):
    """Put a copy in the place of the bundled file, so that it can be spoilt."""
    bundled = importlib.resources.files("kerasweep.datasets") / "data" / "mnist.npz"
    (tmp_path / "data").mkdir()
    copy = tmp_path / "data" / "mnist.npz"
    shutil.copy(str(bundled), copy)
    monkeypatch.setattr(_mnist, "files", lambda package: tmp_path)
    return copy


def test_flipped_bit_in_the_bundled_file_is_found(copied_file):
    content = bytearray(copied_file.read_bytes())
    content[len(content) // 2] ^= 1
    copied_file.write_bytes(content)
    with pytest.raises(OSError, match=r"SHA-256 must be 06af5dfe.* but is ") as caught:
        load_mnist()
    assert str(copied_file) in str(caught.value)
    assert str(caught.value).endswith("Reinstall kerasweep.")


def test_truncated_bundled_file_is_found(copied_file):
    copied_file.write_bytes(copied_file.read_bytes()[:1000])
    with pytest.raises(OSError, match="corrupt"):
        load_dataset("mnist")


def test_missing_bundled_file_is_named(copied_file):
    copied_file.unlink()
    with pytest.raises(FileNotFoundError, match=r"does not exist. Reinstall"):
        load_mnist()
