"""Which images are shown, in what order, and under which names."""

import itertools

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.naive_bayes import GaussianNB

from kerasweep.plotting import MisclassifiedDisplay

plt = pytest.importorskip("matplotlib.pyplot")
X, Y = load_digits(return_X_y=True)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def titles(drawn):
    return [ax.get_title() for ax in drawn.axes_]


def test_the_surest_mistakes_come_first():
    drawn = MisclassifiedDisplay.from_predictions(
        X[:5], [0, 1, 2, 3, 4], [0, 7, 8, 9, 4], confidence=[1, 0.5, 0.9, 0.99996, 1]
    ).plot()
    assert titles(drawn) == ["3 → 9\n100 %", "2 → 8\n90.0 %", "1 → 7\n50.0 %"]
    image = drawn.ax_.images[0]
    assert np.array_equal(image.get_array(), X[3].reshape(8, 8))
    assert image.get_clim() == (0, X[:5].max())
    assert drawn.to_frame()["row"].tolist() == [3, 2, 1]
    heading = drawn.figure_.get_suptitle()
    assert heading == "true → predicted, confidence: 3 of 5 rows misclassified"


def test_without_confidences_rows_keep_their_order():
    drawn = MisclassifiedDisplay.from_predictions(X[:4], list("aaaa"), list("abba"))
    drawn.plot()
    assert titles(drawn) == ["a → b", "a → b"]
    assert list(drawn.to_frame()) == ["row", "true", "predicted"]


def test_from_estimator_shows_the_probability_of_the_prediction():
    net = GaussianNB().fit(X[:900], Y[:900])
    display = MisclassifiedDisplay.from_estimator(net, X[900:], Y[900:], n=12)
    frame = display.to_frame()
    rows = 900 + frame["row"].to_numpy()
    assert len(frame) == 12 and display.n_wrong == (net.predict(X) != Y)[900:].sum()
    assert frame["predicted"].tolist() == net.predict(X[rows]).tolist()
    best = net.predict_proba(X[rows]).max(axis=1)
    np.testing.assert_allclose(frame["confidence"], best)
    assert (np.diff(best) <= 0).all()
    assert "12 surest of them shown" in display.plot().figure_.get_suptitle()


def test_a_classifier_without_probabilities_serves():
    net = RidgeClassifier().fit(X[:900], Y[:900])
    display = MisclassifiedDisplay.from_estimator(net, X[900:], Y[900:], n=5)
    assert display.confidences is None and len(display.plot().axes_) == 5


def test_colour_images_of_any_shape_and_62_classes():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (70, 6, 9, 3), dtype=np.uint8)
    names = np.array([f"a class with name {i}" for i in range(70)])
    for given in (images, images.reshape(70, -1)):
        drawn = MisclassifiedDisplay.from_predictions(
            given, names, names[::-1], image_shape=(6, 9, 3), n=70
        ).plot()
        shown = drawn.ax_.images[0].get_array()
        low, high = images.min(), images.max()
        np.testing.assert_allclose(shown, (images[0] - low) / (high - low))
        assert len(drawn.axes_) == 70
        drawn.figure_.canvas.draw()
        boxes = [ax.title.get_window_extent() for ax in drawn.axes_[:6]]
        assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))


def test_no_mistake_is_said():
    drawn = MisclassifiedDisplay.from_predictions(X[:4], Y[:4], Y[:4]).plot()
    assert drawn.figure_.get_suptitle() == "None of 4 rows misclassified"
    assert len(drawn.to_frame()) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_shape": (28, 28)}, r"needs 784 features, but X has 64. Pass image_"),
        ({"n": 0}, "must be at least 1. Got 0"),
        ({"X": np.zeros((3, 4, 4, 2))}, "1, 3 or 4 channels"),
        ({"y_true": [1, 2]}, "inconsistent numbers"),
    ],
)
def test_mistakes_are_named(change, message):
    given = {"X": X[:3], "y_true": [1, 2, 3], "y_pred": [1, 2, 4], **change}
    with pytest.raises(ValueError, match=message):
        MisclassifiedDisplay.from_predictions(**given)
