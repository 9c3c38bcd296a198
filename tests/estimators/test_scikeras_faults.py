"""What plain scikeras 0.13.0 does wrong on scikit-learn 1.9, and ours does not.

Each test runs on both; plain scikeras must fail it, in the way that is named.
"""

import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import check_cv, cross_val_score

from kerasweep import KerasClassifier, KerasRegressor

X, y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


def network(units=3, activation="softmax"):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, activation)])


def ours(**settings):
    return KerasClassifier(network, batch_size=16, **settings)


def plain(**settings):
    from scikeras.wrappers import KerasClassifier as Plain

    settings.setdefault("loss", "sparse_categorical_crossentropy")
    if "validation_fraction" in settings:
        settings["validation_split"] = settings.pop("validation_fraction")
    return Plain(network, batch_size=16, optimizer="adam", verbose=0, **settings)


def both(fault, raises=AssertionError):
    """Run a test on both, expecting plain scikeras to fail it with this error."""
    # Strict: a fault that scikeras mends must be taken off the list.
    marks = pytest.mark.xfail(strict=True, reason=fault, raises=raises)
    return pytest.mark.parametrize(
        "wrapper", [ours, pytest.param(plain, marks=marks)], ids=["ours", "scikeras"]
    )


pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # plain scikeras warns a lot
    pytest.mark.usefixtures("undo_what_scikeras_leaves_behind"),
]


@both("its tags do not say that it is a classifier")
def test_is_a_classifier(wrapper):
    assert is_classifier(wrapper())


@both("its tags do not say that it is a regressor")
def test_is_a_regressor(wrapper):
    from scikeras.wrappers import KerasRegressor as Plain

    assert is_regressor((KerasRegressor if wrapper is ours else Plain)(network))


@both("an integer cv becomes an unshuffled KFold")
def test_integer_cv_is_stratified(wrapper):
    net = wrapper(epochs=15, optimizer__learning_rate=0.05, random_state=0)
    splits = check_cv(3, y, classifier=is_classifier(net))
    assert type(splits).__name__ == "StratifiedKFold"
    assert cross_val_score(net, X, y, cv=3).min() > 0.5


@both("roc_auc needs a classifier", raises=(AssertionError, ValueError))
def test_roc_auc(wrapper):
    binary = y > 0
    net = wrapper(epochs=1, model__units=2)
    scores = cross_val_score(net, X, binary, cv=2, scoring="roc_auc")
    assert np.isfinite(scores).all()


@both("voting takes classifiers alone", raises=ValueError)
def test_soft_voting(wrapper):
    voting = VotingClassifier([("net", wrapper(epochs=1))], voting="soft")
    assert voting.fit(X, y).predict_proba(X).shape == (150, 3)


SEEDED_FIT = """
import warnings; warnings.simplefilter("ignore")
import keras, numpy as np
from {package} import KerasClassifier

def network():
    return keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, activation="softmax")]
    )

net = KerasClassifier(
    network, loss="sparse_categorical_crossentropy", epochs=1, random_state=0, verbose=0
)
net.fit(np.zeros((4, 2)), [0, 1, 0, 1])
from tensorflow.python.framework import config
print("deterministic:", config.is_op_determinism_enabled())
"""


@pytest.mark.slow
@both("a seeded fit switches TensorFlow's op determinism on for the process")
def test_determinism_stays_off(wrapper):
    # In a fresh process: scikeras sets TF_DETERMINISTIC_OPS before it asks whether
    # determinism was on, and TensorFlow reads that variable when it is first asked.
    package = "kerasweep" if wrapper is ours else "scikeras.wrappers"
    done = subprocess.run(
        [sys.executable, "-c", SEEDED_FIT.format(package=package)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.split()[-1] == "False"


@both("one row loses a dimension")
def test_one_row_of_probabilities(wrapper):
    assert wrapper(epochs=1).fit(X, y).predict_proba(X[:1]).shape == (1, 3)


@both("logits come back as probabilities")
def test_logits(wrapper):
    net = wrapper(
        epochs=1,
        model__activation="linear",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    ).fit(X, y)
    np.testing.assert_allclose(net.predict_proba(X).sum(axis=1), 1, rtol=1e-5)


@both("it knows no feature names", raises=pytest.fail.Exception)
def test_reordered_columns(wrapper):
    frame = pd.DataFrame(X, columns=list("abcd"))
    net = wrapper(epochs=1).fit(frame, y)
    with pytest.raises(ValueError, match="feature names"):
        net.predict(frame[list("dcba")])


@both("float64 rows after a fit on float32", raises=ValueError)
def test_float64_after_float32(wrapper):
    net = wrapper(epochs=1).fit(X.astype("f4"), y)
    assert net.predict(X.astype("f8")).shape == (150,)


@both("class_weight multiplies the caller's sample_weight in place")
def test_sample_weight_is_left_alone(wrapper):
    weight = np.ones(150)
    wrapper(epochs=1, class_weight={0: 1.0, 1: 2.0, 2: 3.0}).fit(
        X, y, sample_weight=weight
    )
    assert (weight == 1).all()


@both("validation_split takes the last rows: the last class is never trained on")
def test_validation_rows_are_stratified(wrapper):
    net = wrapper(
        epochs=15,
        optimizer__learning_rate=0.05,
        validation_fraction=1 / 3,
        random_state=0,
    ).fit(X, y)
    assert (net.predict(X[100:]) == 2).mean() > 0.5


@pytest.mark.parametrize("wrong", ["epcohs", "model__unitz", "optimizer__rate"])
@both("misspelt parameters fail only in fit", raises=pytest.fail.Exception)
def test_misspelt_parameters(wrapper, wrong):
    with pytest.raises(TypeError, match=wrong):
        wrapper(**{wrong: 3})


@pytest.mark.slow
def test_importing_scikeras_for_its_routing_patches_nothing():
    # scikeras replaces how all Keras objects of the process are pickled.
    code = (
        "import keras, sys\n"
        "classes = [keras.Model, keras.losses.Loss, keras.metrics.Metric, "
        "keras.optimizers.Optimizer]\n"
        "before = [(c.__reduce__, getattr(c, '__deepcopy__', None)) for c in classes]\n"
        "from kerasweep.estimators._routing import _scikeras\n"
        "_scikeras()\n"
        "assert 'scikeras' in sys.modules\n"
        "after = [(c.__reduce__, getattr(c, '__deepcopy__', None)) for c in classes]\n"
        "assert before == after\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_one_module_alone_imports_scikeras():
    from pathlib import Path

    import kerasweep

    importers = [
        path.name
        for path in Path(kerasweep.__file__).parent.rglob("*.py")
        if "import scikeras" in (text := path.read_text()) or "from scikeras" in text
    ]
    assert importers == ["_routing.py"]
