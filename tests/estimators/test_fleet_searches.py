"""scikit-learn's own meta-estimators, inside a fleet."""

import faulthandler

import numpy as np
import pytest
from sklearn.callback import ProgressBar
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier

from kerasweep import DenseClassifier, fleet

X, y = load_digits(return_X_y=True)
X, y = (X[:300] / 16).astype("f4"), y[:300]


@pytest.fixture(autouse=True)
def watchdog():
    """Dump every thread's stack, and end the process, where a fleet hangs."""
    faulthandler.dump_traceback_later(300, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def net(**settings):
    return DenseClassifier(
        (16,), **{"epochs": 3, "batch_size": 32, "random_state": 0, **settings}
    )


def grid(**settings):
    return GridSearchCV(net(), {"l2": [1e-4, 1e-2, 1.0]}, cv=3, **settings)


def in_and_out(fit):
    alone = fit()
    with fleet():
        together = fit()
    return alone, together


def test_a_grid_search_chooses_the_same():
    alone, together = in_and_out(lambda: grid().fit(X, y))
    np.testing.assert_allclose(
        together.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
    np.testing.assert_allclose(
        together.predict_proba(X), alone.predict_proba(X), rtol=1e-4, atol=1e-5
    )


@pytest.mark.slow
def test_different_architectures_and_early_stopping_side_by_side():
    space = {
        "hidden_layer_sizes": [(8,), (16,), (8, 8)],
        "early_stopping": [False, True],
    }
    alone, together = in_and_out(
        lambda: GridSearchCV(net(epochs=6, patience=1), space, cv=2).fit(X, y)
    )
    np.testing.assert_allclose(
        together.cv_results_["mean_test_score"],
        alone.cv_results_["mean_test_score"],
        atol=1 / 150,  # one row on the boundary
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: BaggingClassifier(net(), n_estimators=4, random_state=0),
        lambda: VotingClassifier(
            [(str(s), net(random_state=s)) for s in range(3)], voting="soft"
        ),
        lambda: OneVsRestClassifier(net()),
    ],
    ids=["bagging", "voting", "one-vs-rest"],
)
def test_an_ensemble_predicts_the_same(make):
    alone, together = in_and_out(lambda: make().fit(X, y))
    np.testing.assert_allclose(
        together.predict_proba(X), alone.predict_proba(X), rtol=1e-3, atol=1e-4
    )


@pytest.mark.slow
def test_cross_validation_and_halving_go_through():
    alone, together = in_and_out(lambda: cross_validate(net(), X, y, cv=3))
    np.testing.assert_allclose(together["test_score"], alone["test_score"])
    with fleet():
        search = HalvingGridSearchCV(
            net(), {"l2": [1e-4, 1e-2, 1.0, 10.0]}, random_state=0, min_resources=90
        ).fit(X, y)
    assert search.n_iterations_ >= 2


def test_a_search_within_a_search():
    with fleet(size=3):
        scores = cross_validate(grid(), X, y, cv=3)["test_score"]
    assert len(scores) == 3
    assert np.isfinite(scores).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_a_fit_that_fails_is_alone_in_it():
    space = [
        {"l2": [1e-4, 1e-2]},
        {"dropout": [[0.1, 0.2, 0.3]]},  # refused before it reaches the engine
        {"learning_rate": [1e35], "optimizer": ["sgd"]},  # diverges within it
    ]
    with fleet():
        search = GridSearchCV(net(), space, cv=2).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).tolist() == [True, True, False, False]


def test_epochs_report_to_their_own_fit():
    seen = {}

    class Recorder:
        max_propagation_depth = None

        def setup(self, estimator, context): ...

        def teardown(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context, *, metadata=None):
            if context.task_name == "epoch":
                curve = seen.setdefault((estimator.l2, id(context.parent)), [])
                curve.append(metadata["loss"])

    search = GridSearchCV(net(), {"l2": [1e-4, 1.0]}, cv=2, refit=False).set_callbacks(
        Recorder(), ProgressBar()
    )
    with fleet():
        search.fit(X, y)
    assert [len(curve) for curve in seen.values()] == [3] * 4
    small = [curve[0] for (l2, _), curve in seen.items() if l2 == 1e-4]
    large = [curve[0] for (l2, _), curve in seen.items() if l2 == 1.0]
    assert max(small) < min(large)  # the loss includes the penalty


def test_an_interrupted_search_ends():
    class Interrupt:
        max_propagation_depth = None

        def setup(self, estimator, context): ...

        def teardown(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context):
            if context.task_name == "epoch":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), fleet():
        grid().set_callbacks(Interrupt()).fit(X, y)
    assert grid(refit=False).fit(X, y).cv_results_  # and the next one runs
