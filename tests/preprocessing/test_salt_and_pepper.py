import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from kerasweep.preprocessing import SaltAndPepper

GREY = np.full((500, 400), 0.5, dtype=np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("amount", [0.0, 0.1, 0.8, 1.0])
@pytest.mark.parametrize("salt_vs_pepper", [0.0, 0.3, 1.0])
def test_salt_and_pepper_correctness(amount, salt_vs_pepper, dtype):
    noise = SaltAndPepper(amount, salt_vs_pepper=salt_vs_pepper, random_state=0)
    X = GREY.astype(dtype)
    noisy = noise.fit_transform(X)
    for value, probability in [
        (1.0, amount * salt_vs_pepper),
        (0.0, amount * (1 - salt_vs_pepper)),
        (0.5, 1 - amount),
    ]:
        # Five standard deviations of the binomial distribution.
        tolerance = 5 * np.sqrt(probability * (1 - probability) / X.size)
        assert abs(np.mean(noisy == value) - probability) <= tolerance + 1e-12


def test_counts_in_rows_are_binomial():
    replaced = SaltAndPepper(0.25, random_state=1).fit_transform(GREY) != GREY
    counts = replaced.sum(axis=1)
    assert counts.mean() == pytest.approx(100, abs=5 * np.sqrt(75 / 500))
    assert counts.var(ddof=1) == pytest.approx(75, rel=0.3)


def test_replacements_are_independent_of_place():
    replaced = SaltAndPepper(0.5, random_state=2).fit_transform(GREY) != GREY
    centred = replaced - 0.5
    for a, b in [
        (centred[:, 1:], centred[:, :-1]),
        (centred[1:], centred[:-1]),
    ]:
        assert abs(4 * (a * b).mean()) < 5 / np.sqrt(a.size)


@settings(max_examples=30)
@given(low=st.floats(-100, 0, width=32), high=st.floats(1, 100, width=32))
def test_low_and_high_are_the_values_written(low, high):
    noise = SaltAndPepper(0.5, low=low, high=high, random_state=0)
    noisy = noise.fit_transform(GREY[:20, :20])
    assert set(np.unique(noisy)) == {np.float32(low), 0.5, np.float32(high)}


def test_values_outside_the_bounds_are_kept_where_not_replaced():
    X = np.full((10, 10), 7.0)
    noisy = SaltAndPepper(0.5, random_state=0).fit_transform(X)
    assert set(np.unique(noisy)) == {0.0, 1.0, 7.0}


@pytest.mark.parametrize("name", ["amount", "salt_vs_pepper"])
@pytest.mark.parametrize("value", [-0.1, 1.1, "half", None])
def test_bad_share_is_refused(name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter of SaltAndPepper"):
        SaltAndPepper(**{name: value}).fit(GREY)
