"""Accuracy against noise, its intervals, and the level that halves it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score

from kerasweep.model_selection import (
    half_accuracy_amounts,
    noise_robustness,
    wilson_interval,
)
from kerasweep.preprocessing import SaltAndPepper


class FirstPixel:
    """Reads the class, 0 or 1, off the first value; keeps what it was shown."""

    def __init__(self):
        self.seen = []

    def predict(self, X):
        self.seen.append(X)
        return (X.reshape(len(X), -1)[:, 0] > 0.5).astype(int)


Y = np.arange(3000) % 3 // 2  # twice as many zeros
X = np.tile(np.where(Y, 0.9, 0.1)[:, None], (1, 4)).astype(np.float32)


def test_accuracy_by_hand():
    frame = noise_robustness({"a": FirstPixel()}, X, Y, [0.0, 0.5, 1.0])
    assert frame["accuracy"][0] == 1
    # Of the replaced half of the values, half are wrong: 1 - 0.25; SD 0.008
    assert frame["accuracy"][1] == pytest.approx(0.75, abs=0.03)
    assert frame["accuracy"][2] == pytest.approx(0.5, abs=0.03)
    for row in frame.itertuples():
        interval = wilson_interval(round(row.accuracy * row.n), row.n)
        assert (row.accuracy_low, row.accuracy_high) == pytest.approx(interval)


def test_macro_tpr_is_the_mean_recall():
    model = FirstPixel()
    frame = noise_robustness(
        {"a": model}, X, Y, [0.6], noise=SaltAndPepper(salt_vs_pepper=0.9)
    )
    predicted = model.predict(model.seen[0])
    assert frame["macro_tpr"][0] == pytest.approx(balanced_accuracy_score(Y, predicted))
    assert frame["macro_tpr"][0] != pytest.approx(frame["accuracy"][0], abs=0.01)


def test_the_interval_of_macro_tpr_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    from kerasweep.model_selection._noise_robustness import _macro_tpr

    shares = np.array([0.95, 0.6, 0.99])
    y = np.repeat(np.arange(3), [50, 200, 100])
    inside = 0
    for _ in range(600):
        _, low, high = _macro_tpr(rng.random(len(y)) < shares[y], y, 0.9)
        inside += low <= shares.mean() <= high
    assert 0.87 < inside / 600 < 0.96
    tpr, low, high = _macro_tpr(np.ones(len(y), dtype=bool), y, 0.9)
    assert low < tpr == high == 1


def test_every_method_sees_the_same_images():
    a, b = FirstPixel(), FirstPixel()
    frame = noise_robustness({"a": a, "b": b}, X, Y, [0.2, 0.4], n_repeats=2)
    assert len(frame) == 8
    assert frame["seed"].nunique() == 4
    for one, other in zip(a.seen, b.seen, strict=True):
        np.testing.assert_array_equal(one, other)
    assert all((x != z).any() for x, z in zip(a.seen, a.seen[1:], strict=False))
    row = frame.iloc[0]
    noise = SaltAndPepper(amount=row.amount, random_state=int(row.seed))
    np.testing.assert_array_equal(a.seen[0], noise.fit_transform(X))


def test_images_stay_images_and_gaussian_noise():
    model = FirstPixel()
    frame = noise_robustness(
        {"a": model}, X.reshape(-1, 2, 2, 1), Y, [0.0, 0.3], noise="gaussian"
    )
    assert model.seen[0].shape == (3000, 2, 2, 1)
    assert frame["accuracy"][1] < frame["accuracy"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"estimators": {}}, "at least one"),
        ({"amounts": []}, "amounts of noise_robustness"),
        ({"amounts": [0.1, 0.1]}, "must differ"),
        ({"amounts": [-0.1]}, "amounts of noise_robustness"),
        ({"amounts": 0.1}, "amounts of noise_robustness"),
        ({"amounts": [1.5]}, "amount"),
        ({"noise": "snow"}, "noise of noise_robustness"),
        ({"n_repeats": 0}, "n_repeats of noise_robustness"),
        ({"confidence": 1.0}, "confidence of noise_robustness"),
        ({"y": Y[:5]}, "equally many rows"),
    ],
)
def test_bad_arguments(change, message):
    arguments = {"estimators": {"a": FirstPixel()}, "X": X, "y": Y, "amounts": [0.1]}
    with pytest.raises(ValueError, match=message):
        noise_robustness(**{**arguments, **change})


def robustness(**curves):
    frames = [
        pd.DataFrame(
            {
                "method": name,
                "amount": [0.0, 0.5, 1.0],
                "accuracy": curve,
                "accuracy_low": np.array(curve) - 0.1,
                "accuracy_high": np.array(curve) + 0.1,
            }
        )
        for name, curve in curves.items()
    ]
    return pd.concat(frames, ignore_index=True)


def test_half_of_the_accuracy_by_hand():
    found = half_accuracy_amounts(robustness(b=[0.9, 0.8, 0.3], a=[0.8, 0.7, 0.6]))
    assert found["method"].tolist() == ["b", "a"]
    assert found["accuracy"].tolist() == [0.9, 0.8]
    # 0.8 falls to 0.45 after 0.35/0.5 of the second half
    assert found["amount"][0] == pytest.approx(0.5 + 0.5 * 0.7)
    assert found["amount_low"][0] == pytest.approx(0.5 + 0.5 * 0.5)
    assert found["amount_high"][0] == pytest.approx(0.5 + 0.5 * 0.9)
    assert np.isnan(found["amount"][1])


def test_the_first_fall_counts_and_repeats_are_averaged():
    once = robustness(a=[1.0, 0.4, 0.6])
    again = robustness(a=[1.0, 0.6, 0.6])
    found = half_accuracy_amounts(pd.concat([once, again]))
    assert found["amount"][0] == pytest.approx(0.5)
    assert half_accuracy_amounts(once)["amount"][0] == pytest.approx(0.5 * 5 / 6)
