"""Shares of each class, and their intervals."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from kerasweep.model_selection import wilson_interval
from kerasweep.plotting import ClassReportDisplay

plt = pytest.importorskip("matplotlib.pyplot")
RNG = np.random.default_rng(0)
NAMES = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def labels(n_classes, n=600):
    true = RNG.integers(0, n_classes, n)
    other = RNG.integers(0, n_classes, n)
    return NAMES[true], NAMES[np.where(RNG.random(n) < 0.8, true, other)]


def test_shares_are_scikit_learns():
    true, predicted = labels(10)
    table = ClassReportDisplay.from_predictions(true, predicted).table_
    expected = precision_recall_fscore_support(true, predicted)
    for name, column in zip(
        ("precision", "recall", "f1", "n_true"), expected, strict=True
    ):
        np.testing.assert_allclose(table[name], column)


def test_intervals_of_shares_are_wilsons():
    table = ClassReportDisplay(
        classes=["a"], n_correct=[90], n_true=[100], n_predicted=[120], confidence=0.9
    ).table_.iloc[0]
    low, high = wilson_interval(90, 120, confidence=0.9)
    assert (table["precision_low"], table["precision_high"]) == (low, high)
    low, high = wilson_interval(90, 100, confidence=0.9)
    assert (table["recall_low"], table["recall_high"]) == (low, high)
    # 90 of 130 rows that are of the class or called so are both
    low, high = wilson_interval(90, 130, confidence=0.9)
    assert table["f1"] == pytest.approx(2 * 90 / 220)
    assert table["f1_low"] == pytest.approx(2 * low / (1 + low))
    assert table["f1_high"] == pytest.approx(2 * high / (1 + high))


def test_the_interval_of_f1_covers_as_often_as_it_says():
    rng = np.random.default_rng(1)
    counts = rng.multinomial(300, [0.6, 0.15, 0.25], size=400)  # correct, extra, missed
    displays = ClassReportDisplay(
        classes=np.arange(400),
        n_correct=counts[:, 0],
        n_true=counts[:, 0] + counts[:, 2],
        n_predicted=counts[:, 0] + counts[:, 1],
    )
    f1 = 1.2 / (1.2 + 0.4)
    inside = displays.table_["f1_low"].lt(f1) & displays.table_["f1_high"].gt(f1)
    assert 0.92 < inside.mean() < 0.98


def test_a_class_that_is_never_predicted_has_no_precision():
    drawn = ClassReportDisplay.from_predictions([0, 0, 1], [0, 0, 0]).plot()
    row = drawn.table_.iloc[1]
    assert np.isnan(row["precision"]) and row["recall"] == 0 and row["f1"] == 0
    drawn.figure_.canvas.draw()


@pytest.mark.parametrize("n_classes", [2, 10, 62])
def test_every_class_has_a_legible_line(n_classes):
    drawn = ClassReportDisplay.from_predictions(*labels(n_classes, 3000)).plot()
    drawn.figure_.canvas.draw()
    texts = drawn.ax_.get_yticklabels()
    assert [text.get_text() for text in texts] == sorted(NAMES[:n_classes])
    boxes = [text.get_window_extent() for text in texts]
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))
    box = drawn.figure_.get_tightbbox().transformed(drawn.figure_.dpi_scale_trans)
    width, height = drawn.figure_.canvas.get_width_height()
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height


def test_the_points_are_the_table_and_the_worst_can_stand_on_top():
    display = ClassReportDisplay.from_predictions(*labels(10))
    drawn = display.plot(sort="f1")
    xs, ys = drawn.errorbars_["f1"].lines[0].get_data()
    assert xs == pytest.approx(sorted(100 * display.table_["f1"]))
    assert list(ys) == list(range(10)) and drawn.ax_.yaxis_inverted()
    worst = display.table_.loc[display.table_["f1"].idxmin(), "class"]
    assert drawn.ax_.get_yticklabels()[0].get_text() == worst


def test_from_estimator_predicts():
    from sklearn.datasets import load_iris
    from sklearn.neighbors import KNeighborsClassifier

    X, y = load_iris(return_X_y=True)
    net = KNeighborsClassifier(1).fit(X, y)
    assert (ClassReportDisplay.from_estimator(net, X, y).table_["f1"] == 1).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ClassReportDisplay.from_predictions([1], [1]).plot(sort="size"),
            'must be "class" or "f1"',
        ),
        (
            lambda: ClassReportDisplay.from_predictions([1], [1], confidence=95),
            "confidence of ClassReportDisplay",
        ),
        (
            lambda: ClassReportDisplay.from_predictions([1], [1]).plot(
                ax=plt.figure().subplots()
            ),
            "must be 3 axes",
        ),
        (lambda: ClassReportDisplay.from_predictions([1, 2], [1]), "inconsistent"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
