"""What is read of scikit-learn's callbacks is still there; some pass quietly."""

import threading
import warnings

import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.callback import (
    CallbackContext,
    CallbackSupportMixin,
    _transport,
    with_callbacks,
)
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from kerasweep._private_callbacks import NAMES, OF_A_FIT

X, y = load_iris(return_X_y=True)


class Recorder:
    """Notes the attributes of a fit while it goes on."""

    max_propagation_depth = None

    def __init__(self):
        self.seen = {}

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        for name in OF_A_FIT:
            if hasattr(estimator, name):
                self.seen[name] = getattr(estimator, name)
        self.seen["context"] = context

    def on_fit_task_end(self, estimator, context):
        pass

    teardown = setup


class Loud(Recorder):
    """Asks for the warning, as any callback does that says nothing of it."""


class Quiet(Recorder):
    ignores_steps_without_callbacks = True

    def setup(self, estimator, context):
        from kerasweep._private_callbacks import hush

        hush(context)

    teardown = Recorder.setup

    def on_fit_task_begin(self, estimator, context):
        self.setup(estimator, context)


class Final(CallbackSupportMixin, BaseEstimator):
    @with_callbacks
    def fit(self, X, y=None):
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self)
        context.call_on_fit_task_end(estimator=self)
        self.n_features_in_ = X.shape[1]
        return self

    def score(self, X, y=None):
        return 0.0


def pipeline():
    columns = ColumnTransformer([("some", StandardScaler(), [0, 1])])
    return Pipeline([("columns", columns), ("net", Final())])


def test_names():
    recorder = Recorder()
    estimator = Pipeline([("net", Final())]).set_callbacks(recorder)
    estimator.fit(X, y)
    for name in ("_skl_callbacks",):
        assert hasattr(estimator, name), f"An estimator has no {name} now."
    for name in (*NAMES["estimator"], *NAMES["sub-estimator"]):
        assert name in recorder.seen, f"An estimator in a fit has no {name} now."
    for name in NAMES["context"]:
        context = recorder.seen["context"]
        assert hasattr(context, name), f"CallbackContext has no {name} now."
    for name in NAMES["transport"]:
        assert hasattr(_transport, name), f"sklearn.callback._transport has no {name}."
    assert hasattr(CallbackSupportMixin, "_init_callback_context")


def warned(*callbacks):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search = GridSearchCV(pipeline(), {"columns__remainder": ["drop"]}, cv=2)
        search.set_callbacks(*callbacks).fit(X, y)
    return [one for one in caught if "does not support callbacks" in str(one.message)]


def test_steps_without_callbacks():
    assert warned(Quiet()) == []
    assert len(warned(Loud())) == 3
    assert len(warned(Quiet(), Loud())) == 3
    assert len(warned(Loud(), Quiet())) == 3


def test_no_filter_is_touched():
    # No ColumnTransformer: its joblib puts filters aside, which threads may mix up.
    def fit():
        steps = [("scale", StandardScaler()), ("net", Final())]
        Pipeline(steps).set_callbacks(Quiet()).fit(X, y)

    before = list(warnings.filters)
    fits = [threading.Thread(target=fit) for _ in range(4)]
    for one in fits:
        one.start()
    for one in fits:
        one.join()
    assert warnings.filters == before


def test_the_final_step_still_has_its_callbacks():
    owners = []

    class Noting(Quiet):
        def on_fit_task_begin(self, estimator, context):
            super().on_fit_task_begin(estimator, context)
            owners.append(type(estimator).__name__)

    fitted = pipeline().set_callbacks(Noting()).fit(X, y)
    assert "Final" in owners
    assert not hasattr(fitted[-1], "_parent_callback_ctx")
    assert not hasattr(fitted[0], "_parent_callback_ctx")
    assert isinstance(fitted, Pipeline) and CallbackContext.__subclasses__()


class Bad(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        raise ArithmeticError("bad")

    def transform(self, X):
        return X


def test_a_step_that_fails_leaves_the_callbacks_as_they_were():
    quiet = Quiet()
    estimator = Pipeline([("bad", Bad()), ("net", Final())]).set_callbacks(quiet)
    with pytest.raises(ArithmeticError):
        estimator.fit(X, y)
    assert estimator._skl_callbacks == [quiet]
