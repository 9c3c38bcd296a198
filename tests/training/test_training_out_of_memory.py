"""A fleet whose stack does not fit into memory: split, and nobody's result lost."""

import faulthandler

import joblib
import keras
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from training_cases import assert_same_network, job, network

from kerasweep import DenseClassifier
from kerasweep.training import fleet, is_out_of_memory, train
from kerasweep.training.engine._together import fit_compiled
from kerasweep.training.fleets import _fleet as fleet_module
from kerasweep.training.fleets._machine import SIDE_BY_SIDE, STACKED, calibration


@pytest.fixture(autouse=True)
def watchdog():
    """Dump every thread's stack, and end the process, where a fleet hangs."""
    faulthandler.dump_traceback_later(240, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def stacked(monkeypatch):
    monkeypatch.setattr(calibration, "choose", lambda plan: STACKED)
    monkeypatch.setattr(calibration, "record", lambda *args: None)


def _exhausted():
    if keras.backend.backend() != "tensorflow":
        return RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes.")
    import tensorflow as tf

    return tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")


@pytest.fixture(params=["host", "device"])
def room_for(request, monkeypatch):
    """Let memory be too small for more than some networks at once."""

    def room_for(most, seeds=()):
        original, groups = fleet_module.train_together, []

        def train_together(plans, *args, **kwargs):
            groups.append(len(plans))
            if len(plans) > most or {p.job.seed for p in plans} & set(seeds):
                raise MemoryError() if request.param == "host" else _exhausted()
            return original(plans, *args, **kwargs)

        monkeypatch.setattr(fleet_module, "train_together", train_together)
        return groups

    return room_for


def _together(jobs):
    def call(each):
        try:
            return train(each)
        except Exception as error:
            return error

    with fleet(size=len(jobs)):
        return joblib.Parallel()(joblib.delayed(call)(each) for each in jobs)


def _jobs(n):
    return [job(network(seed=s), seed=s, epochs=2) for s in range(n)]


@pytest.mark.parametrize(
    ("n", "most", "expected"),
    [
        pytest.param(6, 3, [6, 3, 3], marks=pytest.mark.slow),
        (5, 2, [5, 3, 2, 2, 1]),
        pytest.param(3, 1, [3, 2, 1, 1, 1], marks=pytest.mark.slow),
    ],
)
def test_a_stack_is_halved_until_it_fits(stacked, room_for, n, most, expected):
    alone, together, groups = _jobs(n), _jobs(n), room_for(most)
    results = _together(together)
    assert groups == expected
    for result, ours, lone in zip(results, together, alone, strict=True):
        assert result.engine == "compiled"
        np.testing.assert_allclose(
            result.history["loss"], fit_compiled(lone).history["loss"], rtol=1e-4
        )
        assert_same_network(ours, lone, rtol=1e-3, atol=1e-5)


def test_one_that_is_too_large_alone_fails_alone(stacked, room_for):
    jobs = _jobs(4)
    room_for(4, seeds=[2])
    results = _together(jobs)
    assert is_out_of_memory(results.pop(2))
    assert [result.engine for result in results] == ["compiled"] * 3


def test_side_by_side_one_that_is_too_large_fails_alone(monkeypatch, room_for):
    monkeypatch.setattr(calibration, "choose", lambda plan: SIDE_BY_SIDE)
    monkeypatch.setattr(calibration, "record", lambda *args: None)
    room_for(4, seeds=[1])
    results = _together(_jobs(3))
    assert is_out_of_memory(results.pop(1))
    assert [result.engine for result in results] == ["compiled"] * 2


def test_a_fit_that_was_seen_to_begin_is_not_begun_again(stacked, monkeypatch):
    original, seen = fleet_module.train_together, []

    def train_together(plans, *args, **kwargs):
        original(plans, *args, **kwargs)
        raise MemoryError

    monkeypatch.setattr(fleet_module, "train_together", train_together)
    jobs = [
        job(network(seed=s), epochs=1, on_epoch=lambda epoch, logs: seen.append(epoch))
        for s in range(2)
    ]
    assert all(isinstance(result, MemoryError) for result in _together(jobs))
    assert seen == [0, 0]


def test_an_estimator_says_it_in_one_sentence(stacked, room_for):
    X, y = load_iris(return_X_y=True)
    room_for(0)
    with (
        fleet(),
        pytest.raises(MemoryError, match="for this DenseClassifier") as caught,
    ):
        DenseClassifier((4,), epochs=1).fit(X, y)
    assert caught.value.__suppress_context__


def test_a_search_goes_on(stacked, room_for):
    X, y = load_iris(return_X_y=True)
    net = DenseClassifier((4,), epochs=2, random_state=0)
    search = GridSearchCV(net, {"l2": [0.0, 1e-3, 1e-2]}, cv=2, refit=False)
    alone = search.fit(X, y).cv_results_["mean_test_score"]
    groups = room_for(2)
    with fleet(size=6):
        together = search.fit(X, y).cv_results_["mean_test_score"]
    assert max(groups) > 2
    np.testing.assert_allclose(together, alone)


def test_a_network_that_diverges_leaves_the_others_alone(stacked):
    def make():
        return [
            job(network(keras.optimizers.SGD(rate), seed=s), seed=s, epochs=3)
            for s, rate in enumerate([0.1, 1e30, 0.01])
        ]

    alone, together = make(), make()
    results = _together(together)
    assert not np.isfinite(results[1].history["loss"][-1])
    for i in (0, 2):
        expected = fit_compiled(alone[i]).history["loss"]
        np.testing.assert_allclose(results[i].history["loss"], expected, rtol=1e-4)
        assert_same_network(together[i], alone[i], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError("of Python"), True),
        (np._core._exceptions._ArrayMemoryError((1 << 60,), np.dtype("f4")), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory"), True),
        (ValueError("OOM"), False),
        (RuntimeError("INVALID_ARGUMENT: RESOURCE_EXHAUSTED"), False),
    ],
)
def test_what_is_out_of_memory(error, expected):
    assert is_out_of_memory(error) is expected
    assert is_out_of_memory(_exhausted())
