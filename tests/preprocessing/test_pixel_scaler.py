import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.preprocessing import MinMaxScaler

from kerasweep.preprocessing import PixelScaler

BYTES = np.arange(256, dtype=np.uint8).reshape(1, -1)


def test_pixel_scaler_basics():
    scaler = clone(PixelScaler(max_value=16))
    X = np.array([[0, 8], [16, 4]])
    scaled = scaler.fit_transform(X)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, [[0, 0.5], [1, 0.25]])
    again = pickle.loads(pickle.dumps(scaler))
    np.testing.assert_array_equal(again.transform(X), scaled)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_pixel_scaler_correctness(dtype):
    X = BYTES.T.astype(dtype)
    expected = MinMaxScaler().fit_transform(X.astype(float))
    scaled = PixelScaler().fit_transform(X)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, expected.astype(np.float32))


def test_bytes_survive_the_round_trip():
    scaler = PixelScaler().fit(BYTES)
    back = scaler.inverse_transform(scaler.transform(BYTES))
    assert back.dtype == np.float32
    np.testing.assert_array_equal(np.rint(back).astype(np.uint8), BYTES)


def test_inverse_transform_takes_what_a_network_gives():
    scaler = PixelScaler(max_value=10).fit([[0, 10]])
    np.testing.assert_array_equal(scaler.inverse_transform([[-0.5, 1.5]]), [[-5, 15]])
    with pytest.raises(ValueError, match="expecting 2 features"):
        scaler.inverse_transform([[1.0]])


def test_names_of_features_are_kept():
    X = pd.DataFrame({"left": [0, 255], "right": [51, 0]})
    scaler = PixelScaler().set_output(transform="pandas")
    scaled = scaler.fit_transform(X)
    assert list(scaled.columns) == ["left", "right"]
    assert scaled["right"].iloc[0] == np.float32(0.2)
    assert list(scaler.get_feature_names_out()) == ["left", "right"]


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_values_outside_the_range_are_refused(method):
    scaler = PixelScaler(max_value=16).fit([[0.0, 16.0]])
    with pytest.raises(ValueError, match=r"\[0, 16\]\), but X holds 17.*max_value=255"):
        getattr(scaler, method)([[0.0, 17.0]])
    with pytest.raises(ValueError, match=r"holds 4095. Pass max_value=4095"):
        getattr(scaler, method)([[0.0, 4095.0]])
    with pytest.raises(ValueError, match=r"Negative values .* holds -0.25"):
        getattr(scaler, method)([[0.0, -0.25]])


def test_8_bit_values_above_a_small_max_value_are_refused():
    with pytest.raises(ValueError, match="holds 17"):
        PixelScaler(max_value=16).fit(np.array([[17]], dtype=np.uint8))


@pytest.mark.parametrize("max_value", [0, -1, np.inf, "255", None])
def test_bad_max_value_is_refused_in_fit(max_value):
    with pytest.raises(ValueError, match="'max_value' parameter of PixelScaler"):
        PixelScaler(max_value=max_value).fit([[0.0]])


def test_sparse_input_is_refused():
    with pytest.raises(TypeError, match="Sparse data was passed"):
        PixelScaler().fit(csr_array([[0.0, 1.0]]))


@given(
    arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=6)),
)
def test_scaling_keeps_range_order_and_input(X):
    before = X.copy()
    scaled = PixelScaler().fit_transform(X)
    assert scaled.min() >= 0 and scaled.max() <= 1
    np.testing.assert_array_equal(np.sign(np.diff(scaled)), np.sign(np.diff(X / 255)))
    np.testing.assert_array_equal(X, before)


@given(st.floats(min_value=1e-3, max_value=1e6))
def test_the_largest_value_becomes_one(max_value):
    assert PixelScaler(max_value=max_value).fit_transform([[max_value]]) == 1
