"""Curves of training, read back from their axes."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from kerasweep.plotting import LearningCurvesDisplay

plt = pytest.importorskip("matplotlib.pyplot")

HISTORY = {
    "loss": [0.9, 0.5, 0.3],
    "accuracy": [0.7, 0.8, 0.9],
    "val_loss": [0.8, 0.6, 0.7],
    "val_accuracy": [0.75, 0.85, 0.8],
}


class Recorder(ClassifierMixin, BaseEstimator):
    """A classifier that learns nothing but has a history."""

    def __init__(self, history=HISTORY, best_epoch=None):
        self.history = history
        self.best_epoch = best_epoch

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.history_ = dict(HISTORY)
        if self.best_epoch is not None:
            self.best_epoch_ = self.best_epoch
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def texts(drawn):
    return [text.get_text() for text in drawn.legend_.get_texts()]


def test_curves_start_at_epoch_one_and_accuracies_are_in_per_cent():
    drawn = LearningCurvesDisplay.from_history(HISTORY).plot()
    assert [ax.get_ylabel() for ax in drawn.axes_] == ["loss", "accuracy (%)"]
    assert drawn.axes_[1].get_xlabel() == "epoch"
    assert drawn.lines_["", "loss"].get_xydata().tolist() == [
        [1, 0.9],
        [2, 0.5],
        [3, 0.3],
    ]
    assert drawn.lines_["", "val_accuracy"].get_ydata() == pytest.approx([75, 85, 80])
    assert drawn.ax_ is drawn.axes_[0]
    assert texts(drawn) == ["training", "validation"]


def test_a_regression_has_one_panel():
    drawn = LearningCurvesDisplay.from_history({"loss": [3.0, 2.0]}).plot()
    assert len(drawn.axes_) == 1
    assert texts(drawn) == ["training"]


def test_one_epoch_is_a_visible_point():
    drawn = LearningCurvesDisplay.from_history({"loss": [3.0]}).plot()
    assert drawn.lines_["", "loss"].get_marker() == "o"
    drawn.figure_.canvas.draw()


def test_metrics_can_be_chosen():
    history = HISTORY | {"mae": [1.0, 2.0, 3.0]}
    drawn = LearningCurvesDisplay.from_history(history).plot(metrics=["mae"])
    assert drawn.lines_["", "mae"].get_ydata().tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match=r"'loss', 'accuracy', 'mae'. Got 'mse'"):
        LearningCurvesDisplay.from_history(history).plot(metrics=["mse"])


def test_an_estimators_best_epoch_is_marked_on_the_validation_curves():
    drawn = LearningCurvesDisplay.from_estimator(
        Recorder(best_epoch=1).fit(X, y)
    ).plot()
    marks = [
        line.get_xydata().tolist()
        for ax in drawn.axes_
        for line in ax.lines
        if line.get_marker() == "D"
    ]
    assert marks == [[[2, 0.6]], [[2, 85.0]]]
    assert texts(drawn)[-1] == "best epoch (2)"


@pytest.mark.parametrize(
    "estimator",
    [
        Recorder(),
        make_pipeline(StandardScaler(), Recorder()),
        GridSearchCV(make_pipeline(Recorder()), {"recorder__best_epoch": [1]}, cv=2),
    ],
    ids=["estimator", "pipeline", "search"],
)
@pytest.mark.filterwarnings("ignore:.*[cC]allback")
def test_the_network_is_found_within(estimator):
    estimator.fit(X, y)
    made = LearningCurvesDisplay.from_estimator(estimator)
    assert made.histories == {"": HISTORY}
    assert made.best_epochs == ({"": 1} if "Grid" in repr(estimator) else None)
    assert LearningCurvesDisplay.from_history(estimator).histories == made.histories


def test_several_fits_are_told_apart_by_colour():
    drawn = LearningCurvesDisplay.from_history(
        {"L2 0": HISTORY, "L2 1": Recorder(best_epoch=0).fit(X, y)}
    ).plot()
    assert texts(drawn) == [
        "L2 0",
        "L2 1",
        "training",
        "validation",
        "best epoch (1)",
    ]
    first, second = (drawn.lines_[name, "loss"] for name in ("L2 0", "L2 1"))
    assert first.get_color() != second.get_color()
    assert first.get_color() == drawn.lines_["L2 0", "val_loss"].get_color()


def test_a_list_of_what_keras_returns_is_numbered():
    made = LearningCurvesDisplay.from_history([SimpleNamespace(history=HISTORY)] * 2)
    assert list(made.histories) == ["fit 0", "fit 1"]


def test_many_fits_get_a_colour_each_and_room():
    drawn = LearningCurvesDisplay.from_history([HISTORY] * 15).plot()
    drawn.figure_.canvas.draw()
    assert len({tuple(line.get_color()) for line in drawn.lines_.values()}) == 15
    height = drawn.figure_.canvas.get_width_height()[1]
    assert all(ax.get_window_extent().height > 0.2 * height for ax in drawn.axes_)


def test_axes_given_are_used():
    figure, axes = plt.subplots(1, 2)
    drawn = LearningCurvesDisplay.from_history(HISTORY).plot(ax=axes)
    assert drawn.figure_ is figure and drawn.axes_[1] is axes[1]
    assert [ax.get_xlabel() for ax in axes] == ["epoch", "epoch"]
    single = LearningCurvesDisplay.from_history({"loss": [1.0, 0.5]}).plot(ax=axes[0])
    assert single.ax_ is axes[0]


def gap_texts(drawn):
    return {key: text.get_text() for key, text in drawn.gaps_.items()}


def test_the_gap_of_each_fit_is_written_with_its_sign():
    worse_in_training = HISTORY | {"accuracy": [0.5, 0.6, 0.75]}
    drawn = LearningCurvesDisplay(
        histories={"plain": HISTORY, "dropout": worse_in_training},
        best_epochs={"dropout": 1},
    ).plot(gap=True)
    assert gap_texts(drawn) == {
        ("plain", "loss"): "gap in epoch 3: +0.4",
        ("plain", "accuracy"): "gap in epoch 3: +10.00 points",
        ("dropout", "loss"): "gap in epoch 2: +0.1",
        ("dropout", "accuracy"): "gap in epoch 2: −25.00 points",  # noqa: RUF001
    }
    assert drawn.axes_.shape == (4,)
    assert [ax.get_title() for ax in drawn.axes_] == ["plain", "dropout", "", ""]
    assert texts(drawn) == ["training", "validation", "best epoch (2)"]
    assert drawn.axes_[2].get_ylim() == drawn.axes_[3].get_ylim()


def test_the_gap_is_shaded_between_the_curves():
    drawn = LearningCurvesDisplay.from_history(HISTORY).plot(gap=True)
    (shade,) = drawn.axes_[1].collections
    corners = {tuple(corner) for corner in shade.get_paths()[0].vertices.round(6)}
    assert {(1, 70), (1, 75), (3, 90), (3, 80)} <= corners


def test_without_gap_nothing_is_shaded():
    drawn = LearningCurvesDisplay.from_history(HISTORY).plot()
    assert drawn.gaps_ == {} and not drawn.axes_[1].collections


def test_a_fit_without_validation_rows_has_no_gap():
    drawn = LearningCurvesDisplay.from_history(
        {"a": HISTORY, "b": {"loss": [1.0, 0.5]}}
    ).plot(gap=True)
    assert {label for label, _ in drawn.gaps_} == {"a"}
    drawn.figure_.canvas.draw()


@pytest.mark.parametrize("level", [0.6, 0.99])
def test_the_gaps_text_keeps_clear_of_the_curves(level):
    flat = {"accuracy": [0.5, level, level, level], "val_accuracy": [1.0, *[level] * 3]}
    drawn = LearningCurvesDisplay.from_history(flat).plot(gap=True)
    text = drawn.gaps_["", "accuracy"]
    assert (text.get_position()[1] < 0.5) == (level > 0.75)


def test_with_gap_the_steep_start_does_not_set_the_range():
    steep = {"accuracy": [0.1, *[0.98] * 9], "val_accuracy": [0.2, *[0.97] * 9]}
    display = LearningCurvesDisplay.from_history(steep)
    low, high = display.plot(gap=True).ax_.get_ylim()
    assert 96 < low < 97 and 98 < high < 99
    assert display.plot().ax_.get_ylim()[0] < 10


def test_a_gap_needs_axes_for_each_fit():
    figure, axes = plt.subplots(2, 2)
    display = LearningCurvesDisplay.from_history({"a": HISTORY, "b": HISTORY})
    assert display.plot(gap=True, ax=axes).figure_ is figure
    with pytest.raises(ValueError, match=r"4 axes, .* and of 2 fits"):
        display.plot(gap=True, ax=axes[0])


def test_too_few_axes_are_refused():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="2 axes, one for each of 'loss', 'accuracy'"):
        LearningCurvesDisplay.from_history(HISTORY).plot(ax=ax)


def test_frame_has_a_row_an_epoch():
    frame = LearningCurvesDisplay.from_history([HISTORY, {"loss": [1.0]}]).to_frame()
    assert frame["epoch"].tolist() == [1, 2, 3, 1]
    assert frame["label"].tolist() == ["fit 0"] * 3 + ["fit 1"]
    assert frame["val_loss"].tolist()[:3] == HISTORY["val_loss"]


@pytest.mark.parametrize("form", ["png", "svg"])
def test_pictures_are_written(form):
    file = io.BytesIO()
    LearningCurvesDisplay.from_history(HISTORY).plot().figure_.savefig(
        file, format=form
    )
    assert len(file.getvalue()) > 5_000


@pytest.mark.parametrize(
    ("history", "error", "message"),
    [
        ([], ValueError, "at least one fit"),
        ({}, ValueError, "at least one fit"),
        ({"loss": []}, ValueError, "one value per epoch"),
        ({"a": 3.0}, ValueError, "Got float instead"),
        (Recorder(), NotFittedError, "not fitted"),
        (DecisionTreeClassifier().fit(X, y), ValueError, "must have `history_`"),
    ],
)
def test_mistakes_are_named(history, error, message):
    with pytest.raises(error, match=message):
        LearningCurvesDisplay.from_history(history)
