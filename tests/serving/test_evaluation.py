"""What ``mlflow.models.evaluate`` makes of a registered model."""

import importlib

import mlflow
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

from kerasweep import DenseClassifier, DenseRegressor, MlflowTracking
from kerasweep.serving import ServedModel, _evaluation

X, y = load_iris(return_X_y=True, as_frame=True)


@pytest.fixture
def evaluated(store_uri, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store_uri)

    def evaluate(net, name, target, kind):
        experiment = mlflow.create_experiment(name, str(tmp_path))
        net.set_callbacks(MlflowTracking(name, register_as=name)).fit(X, target)
        with mlflow.start_run(experiment_id=experiment):
            return mlflow.models.evaluate(
                f"models:/{name}@champion",
                X.assign(target=target),
                targets="target",
                model_type=kind,
                evaluator_config={"log_explainer": False},
            ).metrics

    return evaluate


@pytest.mark.filterwarnings("ignore")  # MLflow's and scikit-learn's own
def test_probabilities_of_a_registered_classifier(evaluated):
    net = DenseClassifier((8,), epochs=1, random_state=0)
    found = evaluated(net, "evaluated-iris", y, "classifier")
    shares = net.predict_proba(X)
    assert found["log_loss"] == pytest.approx(log_loss(y, shares), rel=1e-4)
    auc = roc_auc_score(y, shares, average="weighted", multi_class="ovr")
    assert found["roc_auc"] == pytest.approx(auc, rel=1e-4)
    assert found["score"] == pytest.approx(net.score(X, y))
    served = mlflow.pyfunc.load_model("models:/evaluated-iris@champion")
    asked = served.predict(X, params={"method": "predict_proba"})
    np.testing.assert_allclose(asked, shares, rtol=1e-4)
    assert type(served.get_raw_model()) is DenseClassifier


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_registered_regressor(evaluated):
    net = DenseRegressor((8,), epochs=1, random_state=0)
    target = X.iloc[:, 0] + 0.1 * X.iloc[:, 1]
    found = evaluated(net, "evaluated-sum", target, "regressor")
    assert found["r2_score"] == pytest.approx(net.score(X, target), rel=1e-3)


def test_mlflow_still_has_what_is_wrapped():
    for user in _evaluation._USERS:
        module = importlib.import_module(f"{_evaluation._FOLDER}.{user}")
        assert callable(getattr(module, _evaluation._NAME))


def test_other_models_are_looked_into_as_before():
    class Loaded:
        def __init__(self, model):
            self._model_impl = model

    find = _evaluation._finding_served(lambda model: ("mlflow.other", None))
    scaler = StandardScaler().fit(X)
    assert find(Loaded(ServedModel(scaler))) == ("mlflow.other", None)
    assert find(Loaded(object())) == ("mlflow.other", None)
    assert find(None) == ("mlflow.other", None)
