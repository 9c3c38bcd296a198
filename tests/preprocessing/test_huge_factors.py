"""Factors that single precision, or memory, could not hold."""

import numpy as np
import pytest

from kerasweep.preprocessing import (
    GaussianNoise,
    MedianFilter,
    PixelScaler,
    SaltAndPepper,
)

X = np.random.default_rng(0).random((20, 9))


@pytest.mark.parametrize(
    ("kind", "parameter"),
    [
        (GaussianNoise, "std"),
        (GaussianNoise, "high"),
        (SaltAndPepper, "high"),
        (PixelScaler, "max_value"),
    ],
)
@pytest.mark.parametrize("value", [1e39, 1e300, 10**400])
def test_factors_past_single_precision(kind, parameter, value):
    transformer = kind(**{parameter: value})
    with pytest.raises(ValueError, match=f"{parameter} of {kind.__name__} must be at"):
        transformer.fit(X)
    with pytest.raises(ValueError, match=f"{parameter} of {kind.__name__} must be at"):
        transformer.fit_transform(X)


def test_a_filter_larger_than_its_images():
    with pytest.raises(ValueError, match="size of MedianFilter must be at most 7"):
        MedianFilter(10**9).fit(X)
    assert MedianFilter(7).fit_transform(X).shape == X.shape
