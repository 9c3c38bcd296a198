"""MedianFilter against medians worked out by hand."""

import numpy as np
import pytest

from kerasweep.preprocessing import MedianFilter


def test_by_hand():
    # The square around the middle holds 1..9; that of a corner is mirrored:
    # 1 1 2 / 1 1 2 / 4 4 5 -> 1 1 1 1 2 2 4 4 5
    image = np.arange(1.0, 10.0).reshape(1, 3, 3)
    out = MedianFilter().fit_transform(image)[0]
    assert out[1, 1] == 5
    assert out[0, 0] == 2
    assert out[2, 2] == 8


def test_rows_and_images_are_the_same():
    X = np.random.default_rng(0).random((5, 36), dtype=np.float32)
    rows = MedianFilter().fit_transform(X)
    assert rows.dtype == np.float32
    images = MedianFilter().fit_transform(X.reshape(5, 6, 6))
    np.testing.assert_array_equal(images.reshape(5, 36), rows)
    wide = MedianFilter(image_shape=(3, 12)).fit_transform(X)
    assert (wide != rows).any()


def test_images_and_channels_do_not_mix():
    X = np.zeros((2, 4, 4, 3))
    X[0, ..., 1] = 1.0
    np.testing.assert_array_equal(MedianFilter().fit_transform(X), X)


def test_size_one_changes_nothing():
    X = np.random.default_rng(0).random((2, 9))
    np.testing.assert_array_equal(MedianFilter(1).fit_transform(X), X)


def test_an_even_size_brings_no_new_values():
    X = np.random.default_rng(0).random((2, 25))
    assert np.isin(MedianFilter(2).fit_transform(X), X).all()


def test_shapes_that_do_not_fit():
    X = np.zeros((2, 16))
    with pytest.raises(ValueError, match=r"needs 9 features.*image_shape=\(4, 4\)"):
        MedianFilter(image_shape=(3, 3)).fit(X)
    with pytest.raises(ValueError, match=r"\(height, width\)"):
        MedianFilter(image_shape=(16,)).fit(X)
    with pytest.raises(ValueError, match="must be the shape of the images in X"):
        MedianFilter(image_shape=(2, 8)).fit(X.reshape(2, 4, 4))
    with pytest.raises(ValueError, match="as in fit"):
        MedianFilter().fit(X.reshape(2, 4, 4)).transform(X.reshape(2, 4, 2, 2))
    with pytest.warns(UserWarning, match="no square number"):
        assert MedianFilter().fit(X[:, :15]).image_shape_ == (1, 15, 1)
