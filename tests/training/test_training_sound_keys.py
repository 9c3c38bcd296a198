"""Networks share a program only where they compute the same."""

import keras
import numpy as np
import pytest
from differing_networks import DIFFERENT, EQUAL, ONE_HOT, X
from tiers import fast_are

from kerasweep.training import TrainingJob, predict, programs, train
from kerasweep.training.backends._runtime import get_runtime

# Parts of each kind, and ways to keep a number out of a configuration.
FAST = [
    "closure in an activation",
    "only at inference",
    "Keras' class patched",
    "own gradient",
    "own loss",
    "adapted Normalization",
    "frozen layer",
]
FAST_EQUAL = ["seed", "L2", "closure made twice", "one dtype policy for all layers"]

# Keras 3.15 reads its variables through an __array__ of NumPy 1's signature.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """Undo what a case changes in Keras, and compile without XLA, in less time."""
    monkeypatch.setattr(get_runtime(), "has_room_for_xla", lambda draws: False)
    monkeypatch.setattr(keras.layers.LeakyReLU, "call", keras.layers.LeakyReLU.call)
    epsilon = keras.config.epsilon()
    programs.clear()
    yield
    keras.config.set_epsilon(epsilon)


def _fit(make, value, engine):
    model = make(value)
    result = train(TrainingJob(model, (X, ONE_HOT, None), 2, 16, seed=3, engine=engine))
    return model, result


def _check_as_keras(make, value):
    ours, result = _fit(make, value, "auto")
    output = predict(ours, X)
    theirs, expected = _fit(make, value, "keras")
    assert set(result.history) == set(expected.history)
    for name, curve in expected.history.items():
        np.testing.assert_allclose(
            result.history[name], curve, rtol=1e-4, atol=1e-5, err_msg=name
        )
    expected_output = theirs.predict(X, batch_size=1024, verbose=0)
    np.testing.assert_allclose(output, expected_output, rtol=1e-4, atol=1e-5)
    return result.engine, [*expected.history.values(), expected_output.tolist()]


@pytest.mark.parametrize("case", fast_are(FAST, DIFFERENT))
def test_networks_that_differ_never_train_as_each_other(case):
    make, *values = DIFFERENT[case]
    (_, first), (_, second) = (_check_as_keras(make, value) for value in values)
    assert first != second, "the case is none"


@pytest.mark.parametrize("case", fast_are(FAST_EQUAL, EQUAL))
def test_networks_that_compute_the_same_share_a_program(case):
    make, first, second = EQUAL[case]
    assert _fit(make, first, "compiled")[1].engine == "compiled"
    before = programs.compilations
    _fit(make, second, "compiled")
    assert programs.compilations == before
    _check_as_keras(make, second)
