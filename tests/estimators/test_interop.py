"""Networks inside scikit-learn's own tools, and on pandas' columns."""

import sys

import numpy as np
import pandas as pd
import pytest
import sklearn
from own_models import linear_network, softmax_network
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_score,
    cross_validate,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerasweep import DenseClassifier, DenseRegressor, KerasClassifier, KerasRegressor

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


def dense(**settings):
    settings = {"epochs": 5, "batch_size": 16, "random_state": 0, **settings}
    return DenseClassifier((8,), learning_rate=0.03, **settings)


def own(**settings):
    settings = {"epochs": 5, "batch_size": 16, "random_state": 0, **settings}
    return KerasClassifier(softmax_network, optimizer__learning_rate=0.03, **settings)


both = pytest.mark.parametrize("make", [dense, own])
GRIDS = {dense: {"l2": [1e-4, 10.0]}, own: {"model__units": [1, 8]}}


@both
def test_grid_search(make):
    search = GridSearchCV(make(), GRIDS[make], cv=2).fit(X, y)
    assert search.best_score_ > 0.7
    assert search.best_params_ in ({"l2": 1e-4}, {"model__units": 8})
    assert len(search.predict(X)) == 150


@pytest.mark.slow
@both
def test_grid_search_in_worker_processes(make, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ":".join(p for p in sys.path if p))
    settings = {"cv": 2, "refit": False}
    apart = GridSearchCV(make(), GRIDS[make], n_jobs=2, **settings).fit(X, y)
    here = GridSearchCV(make(), GRIDS[make], n_jobs=1, **settings).fit(X, y)
    np.testing.assert_array_equal(
        apart.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"]
    )


def test_halving_over_epochs_and_rows():
    search = HalvingGridSearchCV(
        dense(),
        {"l2": [1e-4, 10.0]},
        resource="epochs",
        min_resources=2,
        max_resources=4,
        factor=2,
        cv=2,
    )
    assert search.fit(X, y).best_params_["epochs"] == 4


@both
def test_integer_cv_is_stratified(make):
    assert cross_val_score(make(), X, y, cv=3).min() > 0.7


def test_scoring_by_probabilities():
    scores = cross_validate(
        dense(), X, y, cv=2, scoring=["roc_auc_ovr", "neg_log_loss", "accuracy"]
    )
    assert np.isfinite(scores["test_roc_auc_ovr"]).all()


@both
def test_calibration(make):
    net = CalibratedClassifierCV(make(), cv=2).fit(X, y)
    np.testing.assert_allclose(net.predict_proba(X).sum(axis=1), 1)


def test_calibration_weighs_rows():
    net = CalibratedClassifierCV(dense(), cv=2)
    assert net.fit(X, y, sample_weight=np.ones(150)).score(X, y) > 0.7


def test_voting_stacking_and_threshold():
    members = [("net", dense()), ("own", own()), ("line", LogisticRegression())]
    voting = VotingClassifier(members, voting="soft").fit(X, y)
    assert voting.score(X, y) > 0.8
    stacking = StackingClassifier(members[::2], cv=2).fit(X, y)
    assert stacking.score(X, y) > 0.8
    tuned = TunedThresholdClassifierCV(dense(), cv=2).fit(X, y == 2)
    assert 0 <= tuned.best_threshold_ <= 1


def test_permutation_importance_finds_the_feature():
    rows = np.random.default_rng(0).normal(size=(120, 3))
    net = dense(epochs=20).fit(rows, rows[:, 1] > 0)
    result = permutation_importance(net, rows, rows[:, 1] > 0, n_repeats=3)
    assert result.importances_mean.argmax() == 1


def test_confusion_matrix_display():
    ConfusionMatrixDisplay.from_estimator(dense(epochs=1).fit(X, y), X, y)
    import matplotlib.pyplot as plt

    plt.close("all")


def test_metadata_routing():
    weight = np.where(y == 2, 1.0, 1e-6)
    with sklearn.config_context(enable_metadata_routing=True):
        net = dense().set_fit_request(sample_weight=True)
        net.set_score_request(sample_weight=True)
        search = GridSearchCV(
            make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net),
            {"denseclassifier__l2": [0.0]},
            cv=2,
        )
        search.fit(X, y, sample_weight=weight)
    unweighted = dense().fit(X, y).predict(X)
    assert (search.predict(X) == 2).mean() > 1.2 * (unweighted == 2).mean()


def test_partial_fit_can_be_requested():
    with sklearn.config_context(enable_metadata_routing=True):
        net = dense().set_partial_fit_request(sample_weight=True, classes=True)
        request = net.get_metadata_routing()
    assert request.partial_fit.requests["classes"] is True


@pytest.mark.parametrize("make", [DenseRegressor, KerasRegressor])
def test_regression_inside_other_tools(make):
    settings = {"epochs": 20, "batch_size": 16, "random_state": 0}
    if make is DenseRegressor:
        net = DenseRegressor((8,), learning_rate=0.03, **settings)
    else:
        net = KerasRegressor(linear_network, optimizer__learning_rate=0.03, **settings)
    target = np.c_[X[:, 0] * 100 + 500, X[:, 1]]
    scaled = TransformedTargetRegressor(net, transformer=StandardScaler())
    assert scaled.fit(X, target[:, 0]).score(X, target[:, 0]) > 0.8
    assert scaled.fit(X, target).predict(X).shape == (150, 2)
    each = MultiOutputRegressor(net).fit(X, X[:, :2])
    assert each.predict(X).shape == (150, 2)


# pandas 3 ---------------------------------------------------------------------------

NAMES = np.array(["setosa", "versicolor", "virginica"])[y]
LABELS = {
    "str": pd.Series(NAMES, dtype="str"),
    "string": pd.Series(NAMES, dtype="string"),
    "category": pd.Series(NAMES, dtype="category"),
    "object": pd.Series(NAMES, dtype="object"),
    "Int64": pd.Series(y, dtype="Int64"),
    "int64[pyarrow]": pd.Series(y, dtype="int64[pyarrow]"),
    "boolean": pd.Series(y == 0, dtype="boolean"),
}


@pytest.mark.parametrize("kind", LABELS)
@both
def test_labels_of_pandas(make, kind):
    labels = LABELS[kind]
    net = make(epochs=1).fit(X, labels)
    predicted = net.predict(X)
    assert set(predicted) <= set(labels)
    assert net.score(X, labels) == (predicted == labels.to_numpy()).mean()
    assert net.partial_fit(X, labels).n_epochs_ == 2


@pytest.mark.parametrize(
    "dtype", ["Float64", "float32", "Int64", "boolean", "double[pyarrow]", "category"]
)
def test_columns_of_pandas(dtype):
    numbers = np.rint(X > 0) if dtype == "boolean" else np.rint(3 * X)
    frame = pd.DataFrame(numbers, columns=list("abcd"))
    net = dense(epochs=1).fit(frame, y)
    typed = frame.astype("int64").astype("boolean" if dtype == "boolean" else dtype)
    np.testing.assert_array_equal(
        dense(epochs=1).fit(typed, y).predict_proba(typed), net.predict_proba(frame)
    )


@pytest.mark.parametrize("dtype", ["str", "string", "object", "category"])
def test_text_columns_are_refused(dtype):
    frame = pd.DataFrame({"a": X[:, 0], "b": pd.Series(NAMES, dtype=dtype)})
    with pytest.raises(ValueError, match="could not convert string to float"):
        dense().fit(frame, y)


@pytest.mark.parametrize("dtype", ["Float64", "Int64", "double[pyarrow]"])
def test_missing_values_of_nullable_columns_are_refused(dtype):
    frame = pd.DataFrame({"a": pd.Series([1, None] * 75, dtype=dtype), "b": 1.0})
    with pytest.raises(ValueError, match="contains NaN"):
        dense().fit(frame, y)


def test_regression_targets_of_pandas():
    target = pd.DataFrame({"p": X[:, 0], "q": X[:, 1]}).astype("Float64")
    net = DenseRegressor((4,), epochs=1).fit(X, target)
    assert net.predict(X).shape == (150, 2)
    assert DenseRegressor((4,), epochs=1).fit(X, target["p"]).predict(X).ndim == 1
