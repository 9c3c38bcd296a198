"""Which engine trains an estimator, and what is left in its hands."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn.datasets import load_iris

from kerasweep import DenseClassifier, KerasClassifier
from kerasweep.training import programs

X, y = load_iris(return_X_y=True)
SETTINGS = {"epochs": 3, "batch_size": 16, "random_state": 0}


def network(meta):
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def test_both_engines_train_the_same_network():
    fitted = {
        engine: DenseClassifier(
            (8,), l2=1e-3, max_norm=1.0, engine=engine, **SETTINGS
        ).fit(X, y)
        for engine in ("compiled", "keras")
    }
    assert {name: net.engine_ for name, net in fitted.items()} == {
        "compiled": "compiled",
        "keras": "keras",
    }
    np.testing.assert_allclose(
        fitted["compiled"].predict_proba(X), fitted["keras"].predict_proba(X), atol=1e-5
    )
    np.testing.assert_allclose(
        fitted["compiled"].history_["loss"], fitted["keras"].history_["loss"], rtol=1e-4
    )


def test_auto_leaves_a_users_callbacks_to_keras():
    net = KerasClassifier(network, callbacks=[keras.callbacks.History()], **SETTINGS)
    assert net.fit(X, y).engine_ == "keras"
    assert net.set_params(callbacks=None).fit(X, y).engine_ == "compiled"


def test_asking_for_the_impossible_says_why():
    net = KerasClassifier(
        network, callbacks=[keras.callbacks.History()], engine="compiled", **SETTINGS
    )
    with pytest.raises(ValueError, match=r"engine='compiled' cannot train .*callback"):
        net.fit(X, y)


def test_a_number_that_changes_compiles_nothing():
    def fit(**settings):
        DenseClassifier(
            (7,),
            **{"l1": 1e-5, "l2": 1e-3, "optimizer": "sgd", **SETTINGS, **settings},
        ).fit(X, y)

    fit()
    before = programs.compilations
    for change in (
        {"l1": 1e-4},
        {"l2": 0.5},
        {"learning_rate": 0.2},
        {"momentum": 0.9},
        {"random_state": 7},
    ):
        fit(**change)
    assert programs.compilations == before + 1  # momentum has a state of its own


@pytest.mark.slow
def test_the_saved_model_needs_no_kerasweep(tmp_path):
    net = DenseClassifier((8,), l1=1e-4, l2=1e-3, max_norm=1.0, dropout=0.1, **SETTINGS)
    net.fit(X, y).model_.save(tmp_path / "m.keras")
    np.save(tmp_path / "X.npy", X.astype("f4"))
    code = (
        "import sys; sys.modules['kerasweep'] = None\n"
        "import keras, numpy as np\n"
        "model = keras.models.load_model('m.keras')\n"
        "np.save('p.npy', model.predict(np.load('X.npy'), verbose=0))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    np.testing.assert_allclose(
        np.load(tmp_path / "p.npy"), net.predict_proba(X), atol=1e-5
    )
