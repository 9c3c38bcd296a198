"""The two displays of noise."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from kerasweep.plotting import DenoisingDisplay, NoiseRobustnessDisplay
from kerasweep.preprocessing import MedianFilter


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def frame(metric="accuracy", values=(0.9, 0.8, 0.2), method="a", width=0.05):
    values = np.array(values)
    return pd.DataFrame(
        {
            "method": method,
            "amount": [0.0, 0.4, 0.8],
            metric: values,
            f"{metric}_low": values - width,
            f"{metric}_high": values + width,
        }
    )


def test_curves_in_per_cent_with_their_bands():
    both = pd.concat([frame(), frame(values=(0.9, 0.5, 0.1), method="b")])
    display = NoiseRobustnessDisplay.from_frame(both).plot()
    line = display.lines_["b", "accuracy"]
    np.testing.assert_allclose(line.get_xdata(), [0, 40, 80])
    np.testing.assert_allclose(line.get_ydata(), [90, 50, 10])
    band = display.ax_.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(15)
    assert band[:, 1].max() == pytest.approx(95)
    assert display.ax_.get_xlabel() == "noise (% of pixels replaced)"
    texts = [text.get_text() for text in display.legend_.get_texts()]
    # 0.8 falls to 0.45 after 0.35/0.6 of the way from 0.4 to 0.8
    assert texts[0] == "a (half at 63.3 %)"
    assert "95 % interval" in texts


def test_repeats_are_averaged():
    both = pd.concat([frame(), frame(values=(0.7, 0.6, 0.0))])
    line = NoiseRobustnessDisplay.from_frame(both).plot().lines_["a", "accuracy"]
    np.testing.assert_allclose(line.get_ydata(), [80, 70, 10])


def test_a_panel_a_metric_and_quality_in_its_own_unit():
    quality = frame("psnr", (np.inf, 20, 10)).merge(
        frame("ssim", (1, 0.5, 0.1)), on=["method", "amount"]
    )
    display = NoiseRobustnessDisplay.from_frame(quality).plot()
    labels = [ax.get_ylabel() for ax in display.axes_]
    assert labels == ["PSNR (dB)", "SSIM"]
    np.testing.assert_array_equal(
        display.lines_["a", "psnr"].get_ydata(), [np.nan, 20, 10]
    )
    assert len(display.plot(metrics=["ssim"]).axes_) == 1
    with pytest.raises(ValueError, match="metrics of NoiseRobustnessDisplay"):
        display.plot(metrics=["accuracy"])


def test_it_draws_where_it_is_told():
    figure, ax = plt.subplots()
    display = NoiseRobustnessDisplay.from_frame(frame()).plot(
        ax=ax, x_label="SD", x_unit=1
    )
    assert display.figure_ is figure
    assert display.lines_["a", "accuracy"].get_xdata()[1] == 0.4
    with pytest.raises(ValueError, match="ax of NoiseRobustnessDisplay"):
        display.plot(ax=[ax, ax])


def test_a_frame_without_intervals_is_refused():
    with pytest.raises(ValueError, match="must have the columns"):
        NoiseRobustnessDisplay.from_frame(frame()[["method", "amount", "accuracy"]])


class Bright:
    def predict(self, X):
        return (X.mean(axis=1) > 0.5).astype(int)


def test_measured_from_estimators():
    X = np.repeat([[0.1], [0.9]], 50, axis=0) * np.ones((1, 16))
    display = NoiseRobustnessDisplay.from_estimators(
        {"bright": Bright()}, X, np.repeat([0, 1], 50), [0.0, 0.5], confidence=0.9
    ).plot()
    assert display.interval == "90 % interval"
    assert [ax.get_ylabel() for ax in display.axes_] == [
        "accuracy (%)",
        "macro true-positive rate (%)",
    ]


@pytest.mark.parametrize("shape", [(16,), (4, 4), (4, 4, 3)])
def test_the_gallery(shape):
    X = np.random.default_rng(0).random((2, *shape))
    display = DenoisingDisplay.from_denoisers(
        {"median": MedianFilter().fit(X)}, X, [0.0, 0.5, 1.0]
    ).plot()
    assert list(display.rows) == ["original", "noisy", "median"]
    assert display.axes_.shape == (3, 3)
    assert [ax.get_title() for ax in display.axes_[0]] == ["0", "50", "100"]
    flat = X.reshape(2, -1)
    # column by column another image, over again after the last
    np.testing.assert_allclose(
        display.rows["original"].reshape(3, -1), flat[[0, 1, 0]], rtol=1e-6
    )
    noisy = display.rows["noisy"].reshape(3, -1)
    np.testing.assert_allclose(noisy[0], flat[0], rtol=1e-6)
    assert np.isin(noisy[2], [0, 1]).all()


def test_readings_stand_below_and_wrong_ones_in_brackets():
    X = np.array([[0.1] * 4, [0.9] * 4])
    display = DenoisingDisplay.from_denoisers(
        {"same": MedianFilter(1).fit(X)},
        X,
        [0.0, 0.0001],
        classifier=Bright(),
        y=[0, 0],
    ).plot()
    labels = [ax.get_xlabel() for ax in display.axes_[0]]
    assert labels == ["0", "[1]"]
