"""Promotion on evidence, and the way back."""

import shutil

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

NAME = "digits-promoted"
# MLflow says so of the fixture's plain models.
pytestmark = pytest.mark.filterwarnings("ignore:.*Any type hint is inferred")


@pytest.fixture(scope="module")
def registry(empty_database, tmp_path_factory):
    """Three versions: poor, good, and as good as the good one."""
    import mlflow

    folder = tmp_path_factory.mktemp("registry")
    shutil.copy(empty_database, folder / "mlflow.db")
    uri = f"sqlite:///{folder}/mlflow.db"
    X, y = load_digits(return_X_y=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        for model in (
            DummyClassifier(),
            KNeighborsClassifier(3),
            KNeighborsClassifier(3),
            GaussianNB(),
        ):
            with mlflow.start_run():
                mlflow.sklearn.log_model(
                    model.fit(X[:1000], y[:1000]),
                    name="model",
                    registered_model_name=NAME,
                    serialization_format="cloudpickle",
                    pip_requirements=["scikit-learn"],  # else MLflow looks for them
                )
    return uri


@pytest.fixture
def promote(registry, load_script, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry)

    def run(*options):
        load_script("promote").main(["--name", NAME, "--data", "digits", *options])
        return capsys.readouterr().out

    return run


@pytest.fixture
def champion(registry, monkeypatch):
    from kerasweep.tracking import RegisteredModel

    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry)
    return lambda: RegisteredModel(NAME).champion


def test_the_alias_moves_on_evidence_alone_and_back(promote, champion):
    assert champion() is None
    assert "the first" in promote("--candidate", "1")
    said = promote("--candidate", "2")
    assert "McNemar p = " in said and "version 2, before 1" in said
    assert champion() == "2"
    said = promote("--candidate", "3")  # as good: no evidence
    assert "is not shown" in said and "p = 1" in said
    assert champion() == "2"
    said = promote()  # the latest is worse, and that is sure
    assert "is not shown" in said
    assert champion() == "2"
    assert "version 1, before 2" in promote("--rollback", "1")
    assert champion() == "1"
    assert "version 2, before 1" in promote("--rollback", "1")
    assert champion() == "2"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--name", "nobody"], "must be a registered model, one of digits-promoted"),
        (["--candidate", "9"], '"latest" or one of 1, 2, 3, 4'),
        (["--alpha", "2"], "must be a number from 0 to 1"),
    ],
)
def test_bad_input_is_one_sentence(options, sentence, promote, capsys):
    with pytest.raises(SystemExit) as stop:
        promote(*options)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_the_two_versions_predict_the_same_rows(registry, monkeypatch):
    from kerasweep.tracking import RegisteredModel

    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry)
    X, _ = load_digits(return_X_y=True)
    model = RegisteredModel(NAME)
    np.testing.assert_array_equal(
        model.load("2").predict(X[1000:]), model.load("3").predict(X[1000:])
    )
