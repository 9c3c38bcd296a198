"""scikit-learn's callbacks on networks: the task tree, metrics, stopping, errors."""

import numpy as np
import pytest
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.callback._callback_context import get_context_path
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from kerasweep import (
    DenseClassifier,
    DenseRegressor,
    PixelScaler,
    VariationalAutoencoder,
)

X, y = load_iris(return_X_y=True)
FAST = {"hidden_layer_sizes": (4,), "epochs": 3, "batch_size": 64, "random_state": 0}


class Recorder:
    """Collects what each hook is told."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.begun, self.ended, self.life = [], [], []

    def setup(self, estimator, context):
        self.life.append("setup")

    def teardown(self, estimator, context):
        self.life.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        self.begun.append((self.path(context), X is not None))

    def on_fit_task_end(
        self, estimator, context, *, metadata=None, fitted_estimator=None
    ):
        self.ended.append((context.task_name, context.task_id, metadata))
        if context.task_name == "fit" and metadata is None:
            self.fitted = fitted_estimator
        return context.task_name == "epoch" and context.task_id == self.stop_after

    @staticmethod
    def path(context):
        return tuple(
            f"{c.estimator_name} {c.task_name}" for c in get_context_path(context)
        )

    def epochs(self):
        return [metadata for name, _, metadata in self.ended if name == "epoch"]


class Propagated(Recorder):
    """The same, handed down from a search to its pipelines' steps."""

    max_propagation_depth = None


def test_an_epoch_is_a_task_with_its_metrics():
    recorder = Recorder()
    net = DenseClassifier(**FAST, validation_fraction=0.2).set_callbacks(recorder)
    net.fit(X, y)
    epochs = recorder.epochs()
    assert [set(e) for e in epochs] == [
        {"loss", "accuracy", "val_loss", "val_accuracy"}
    ] * 3
    for name, values in net.history_.items():
        assert [e[name] for e in epochs] == pytest.approx(values)
    assert recorder.begun[0] == (("DenseClassifier fit",), True)
    assert recorder.begun[1][0] == ("DenseClassifier fit", "DenseClassifier epoch")
    assert recorder.ended[-1] == ("fit", 0, None)
    assert recorder.life == ["setup", "teardown"]


def test_partial_fit_is_one_epoch():
    recorder = Recorder()
    net = DenseRegressor(**FAST).set_callbacks(recorder)
    net.partial_fit(X, y).partial_fit(X, y)
    assert len(recorder.epochs()) == 2
    assert recorder.life == ["setup", "teardown"] * 2


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}])
def test_a_callback_stops_the_fit(settings):
    net = DenseClassifier(**{**FAST, "epochs": 50}, **settings)
    net.set_callbacks(Recorder(stop_after=1)).fit(X, y)
    assert net.n_epochs_ == 2
    assert len(net.history_["loss"]) == 2


def test_one_fit_stopped_is_one_fit_alone():
    # scikit-learn asks callbacks at each level: an epoch's answer ends its own fit.
    recorder = Propagated(stop_after=0)
    search = GridSearchCV(DenseClassifier(**FAST), {"l2": [0, 1e-3]}, cv=2)
    search.set_callbacks(recorder).fit(X, y)
    assert len(recorder.epochs()) == 5


def test_the_tree_of_a_search_over_pipelines():
    recorder = Propagated()
    search = GridSearchCV(
        Pipeline([("scale", PixelScaler()), ("net", DenseClassifier(**FAST))]),
        {"net__l2": [0, 1e-3]},
        cv=2,
    )
    search.set_callbacks(recorder).fit(np.abs(X), y)
    epochs = [path for path, _ in recorder.begun if path[-1].endswith("epoch")]
    assert len(epochs) == 3 * (2 * 2 + 1)
    assert epochs[0] == (
        "GridSearchCV fit",
        "GridSearchCV search",
        "Pipeline fit",
        "DenseClassifier fit",
        "DenseClassifier epoch",
    )
    assert len(recorder.epochs()) == 15
    assert all({"loss", "accuracy"} == set(e) for e in recorder.epochs())


def test_progress_bar_shows_search_split_and_epochs(capsys):
    search = GridSearchCV(
        Pipeline([("scale", PixelScaler()), ("net", DenseClassifier(**FAST))]),
        {"net__l2": [0, 1e-3]},
        cv=2,
    )
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(np.abs(X), y)
    shown = capsys.readouterr().out
    assert "GridSearchCV - fit" in shown
    assert "search" in shown
    assert "candidate-split-evaluation" in shown
    assert "DenseClassifier - fit" in shown
    assert "100%" in shown


def test_an_error_ends_the_fit_task_with_it():
    recorder = Recorder()
    # The penalty's gradient multiplies the weights by -2e5 a step.
    net = DenseClassifier(
        (8,), optimizer="sgd", learning_rate=1e6, l2=0.1, epochs=20, random_state=0
    )
    with pytest.raises(ValueError, match="loss of DenseClassifier became") as caught:
        net.set_callbacks(recorder).fit(X, y)
    assert recorder.ended[-1] == ("fit", 0, {"error": caught.value})
    assert not np.isfinite(recorder.epochs()[-1]["loss"])
    assert recorder.life == ["setup", "teardown"]


def test_bad_rows_end_the_fit_task_too():
    recorder = Recorder()
    net = DenseClassifier(**FAST).set_callbacks(recorder)
    with pytest.raises(ValueError, match="NaN") as caught:
        net.fit(X * np.nan, y)
    assert recorder.ended == [("fit", 0, {"error": caught.value})]
    assert recorder.life == ["setup", "teardown"]


@pytest.mark.filterwarnings("ignore:One or more of the test scores")
def test_a_failed_fit_in_a_search_is_its_own():
    recorder = Propagated()
    search = GridSearchCV(
        DenseClassifier((8,), optimizer="sgd", l2=0.1, epochs=12, random_state=0),
        {"learning_rate": [0.1, 1e6]},
        cv=2,
        error_score=np.nan,
    )
    with pytest.warns(Warning, match="2 fits failed"):
        search.set_callbacks(recorder).fit(X, y)
    errors = [m for n, _, m in recorder.ended if n == "fit" and m and "error" in m]
    assert len(errors) == 2
    assert search.best_params_ == {"learning_rate": 0.1}


def test_the_ended_fit_offers_a_fitted_estimator():
    recorder = Recorder()
    net = DenseClassifier(**FAST).set_callbacks(recorder).fit(X, y)
    np.testing.assert_allclose(recorder.fitted.predict_proba(X), net.predict_proba(X))


def test_scoring_monitor_scores_each_fit():
    monitor = ScoringMonitor(scoring="accuracy")
    net = DenseClassifier(**FAST).set_callbacks(monitor).fit(X, y)
    (row,) = monitor.get_logs().data
    assert row["accuracy"] == net.score(X, y)


def test_the_prior_of_codes_is_there_when_the_fit_ends():
    recorder = Recorder()
    net = VariationalAutoencoder(
        2, (4,), likelihood="gaussian", prior="mixture", n_components=2, epochs=1
    )
    net.set_callbacks(recorder).fit(X)
    assert len(recorder.fitted.priors_) == 1
