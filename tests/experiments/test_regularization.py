"""Protocol and pictures of the regularization experiment."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from kerasweep import DenseClassifier, PixelScaler
from kerasweep.experiments.data import experiment_data
from kerasweep.experiments.regularization import study_regularization
from kerasweep.experiments.strengths import strength_search, strength_table
from kerasweep.plotting._confusion import draw_confusion
from kerasweep.plotting._strength_panels import draw_strengths

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    X, y = load_digits(return_X_y=True)
    digits = Bunch(
        data=X[:600],
        target=y[:600],
        data_test=None,
        target_test=None,
        target_names=np.arange(10),
        name="digits",
    )
    return experiment_data(digits)


def pipeline(**settings):
    net = DenseClassifier((16,), batch_size=16, random_state=0, **settings)
    return Pipeline([("scale", PixelScaler(16)), ("net", net)])


def test_the_refit_takes_the_epochs_of_the_lowest_validation_loss(data):
    stopping = pipeline(
        learning_rate=0.03, dropout=0.2, epochs=40, early_stopping=True, patience=2
    )
    study = study_regularization(pipeline(epochs=2), stopping, data)
    watched = study.watched[-1]
    assert watched.n_epochs_ < 40  # or nothing was chosen
    losses = watched.history_["val_loss"]
    assert study.n_epochs == np.argmin(losses) + 1
    assert study.final[-1].n_epochs_ == study.n_epochs
    assert "val_loss" not in study.final[-1].history_
    rows = data.cv.validation
    assert study.accuracies["regularized", "validation"] == pytest.approx(
        study.watched.score(data.X[rows], data.y[rows])
    )
    assert np.mean(study.predictions == data.y_test) == study.test.accuracy
    gap = study.table().set_index("network").loc["unregularized"]
    assert gap["gap"] == gap["train_accuracy"] - gap["validation_accuracy"]


def test_without_early_stopping_all_epochs_are_kept(data):
    study = study_regularization(pipeline(epochs=1), pipeline(epochs=3), data)
    assert study.n_epochs == study.final[-1].n_epochs_ == 3


def results():
    """A search's results over two grids, as scikit-learn gives them."""
    hidden = np.ma.masked
    l2 = np.ma.array([0.0, 1e-3, 0, 0], mask=[0, 0, 1, 1], dtype=object)
    rate = np.ma.array([0, 0, 0.0, 0.2], mask=[1, 1, 0, 0], dtype=object)
    assert l2[2] is hidden
    return {
        "params": [
            {"net__l2": 0.0},
            {"net__l2": 1e-3},
            {"net__dropout": 0.0},
            {"net__dropout": 0.2},
        ],
        "param_net__l2": l2,
        "param_net__dropout": rate,
        "mean_test_score": np.array([0.9, 0.95, 0.9, 0.8]),
        "split0_test_score": np.array([0.9, 0.95, 0.9, 0.8]),
        "mean_train_score": np.array([0.99, 0.98, 0.99, 0.85]),
        "split0_train_score": np.array([0.99, 0.98, 0.99, 0.85]),
    }


def test_each_regularizer_gets_its_own_rows_and_panel():
    table = strength_table(results())
    assert table["regularizer"].tolist() == ["L2", "L2", "dropout", "dropout"]
    assert table["strength"].tolist() == [0, 1e-3, 0, 0.2]
    assert table["validation"].tolist() == [0.9, 0.95, 0.9, 0.8]
    figure = draw_strengths(results())
    assert [ax.get_xlabel() for ax in figure.axes] == ["L2 factor", "dropout rate"]
    assert [ax.get_title() for ax in figure.axes] == [
        "best on validation: 0.001",
        "best on validation: 0",
    ]


def test_strengths_within_a_decade_are_ticks_themselves():
    figure = draw_strengths(results())
    ticks = [t.get_text() for t in figure.axes[1].get_xticklabels()]
    assert ticks == ["0", "0.2"]


def test_a_search_of_strengths_sets_one_parameter_at_a_time():
    search = strength_search(
        pipeline(), {"l1": (0.0, 1.0), "dropout": (0.5,)}, 2, "accuracy"
    )
    assert search.param_grid == [{"net__l1": [0.0, 1.0]}, {"net__dropout": [0.5]}]
    assert search.refit is False


def test_the_confusion_matrix_shows_single_mistakes():
    y_true = np.repeat([0, 1], 1000)
    y_pred = y_true.copy()
    y_pred[0] = 1
    ax = draw_confusion(y_true, y_pred).axes[0]
    assert ax.get_title() == "1 of 2,000 rows misclassified"
    (image,) = ax.images
    assert image.norm(1) > 0.15
    shown = [t.get_text() for t in ax.texts if t.get_visible()]
    assert shown == ["999", "1", "1000"]  # and no 0


@pytest.mark.parametrize("n_classes", [2, 62])
def test_a_confusion_matrix_of_any_number_of_classes_is_drawn(n_classes):
    names = [f"class {i}" for i in range(n_classes)]
    figure = draw_confusion(names, names[::-1])
    figure.canvas.draw()
    assert bool(figure.axes[0].texts) == (n_classes <= 20)
