import numpy as np
import pytest
from scipy.stats import kstest, norm

from kerasweep.preprocessing import GaussianNoise

GREY = np.full((300, 200), 0.5, dtype=np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gaussian_noise_correctness(dtype):
    noise = GaussianNoise(2.0, low=None, high=None, random_state=0)
    X = np.linspace(-3, 3, 60_000).reshape(300, 200).astype(dtype)
    added = (noise.fit_transform(X) - X).ravel()
    assert kstest(added / 2, "norm").pvalue > 0.001
    assert abs(np.corrcoef(added, X.ravel())[0, 1]) < 5 / np.sqrt(X.size)


def test_clipping_gathers_the_tails_at_the_bounds():
    noisy = GaussianNoise(0.5, random_state=0).fit_transform(GREY)
    tail = norm.cdf(-1)  # (0 - 0.5) / 0.5
    tolerance = 5 * np.sqrt(tail * (1 - tail) / GREY.size)
    assert np.mean(noisy == 0) == pytest.approx(tail, abs=tolerance)
    assert np.mean(noisy == 1) == pytest.approx(tail, abs=tolerance)


def test_one_bound_may_be_absent():
    above = GaussianNoise(1.0, low=None, random_state=0).fit_transform(GREY)
    assert above.max() == 1 and above.min() < -1
    below = GaussianNoise(1.0, high=None, random_state=0).fit_transform(GREY)
    assert below.min() == 0 and below.max() > 2


def test_data_that_clipping_would_change_are_warned_of():
    noise = GaussianNoise(0.1, apply="always", random_state=0)
    X = np.array([[-2.0, 0.5]])
    with pytest.warns(UserWarning, match=r"lies in \[-2, 0.5\], outside .*=\[0.0, 1.0"):
        noise.fit_transform(X)
    with pytest.warns(UserWarning, match="clipping changes clean values"):
        noise.transform(X)
    noise.set_params(low=None).fit_transform(X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_of_a_scaler_is_not_warned_of(dtype):
    step = np.finfo(dtype).eps
    scaled = np.array([[-step], [0.2], [1 + 2 * step]], dtype)
    GaussianNoise(0.1, random_state=0).fit_transform(scaled)


@pytest.mark.parametrize("std", [-0.1, "0.1", None, np.inf])
def test_bad_std_is_refused(std):
    with pytest.raises(ValueError, match="'std' parameter of GaussianNoise"):
        GaussianNoise(std).fit(GREY)
