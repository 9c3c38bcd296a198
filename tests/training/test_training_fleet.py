"""Fits in a fleet: the same results, and nobody waits for ever."""

import gc
import logging
import threading
import time
import weakref

import joblib
import keras
import numpy as np
import pytest
from training_cases import X, Y, assert_same_history, assert_same_network, job, network

from kerasweep.training import (
    EarlyStopping,
    TrainingJob,
    fleet,
    programs,
    train,
)
from kerasweep.training.engine._pool import Pool
from kerasweep.training.engine._together import fit_compiled
from kerasweep.training.fleets import _fleet as fleet_module
from kerasweep.training.fleets._current_fleet import current_fleet
from kerasweep.training.fleets._fleet import FleetBackend, FleetClosed
from kerasweep.training.fleets._machine import SIDE_BY_SIDE, STACKED, calibration

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(params=[STACKED, SIDE_BY_SIDE])
def way(request, monkeypatch):
    monkeypatch.setattr(calibration, "choose", lambda plan: request.param)
    monkeypatch.setattr(calibration, "record", lambda *args: None)
    return request.param


@pytest.fixture
def stacked(monkeypatch):
    monkeypatch.setattr(calibration, "choose", lambda plan: STACKED)
    monkeypatch.setattr(calibration, "record", lambda *args: None)


@pytest.fixture
def beside(monkeypatch):
    monkeypatch.setattr(calibration, "choose", lambda plan: SIDE_BY_SIDE)
    monkeypatch.setattr(calibration, "record", lambda *args: None)


def _in_parallel(functions):
    """Call each function in a thread of joblib's; give values or exceptions."""

    def call(function):
        try:
            return function()
        except Exception as error:
            return error

    return joblib.Parallel()(joblib.delayed(call)(f) for f in functions)


def _jobs(**fields):
    jobs = []
    for seed in range(5):
        model = network(
            keras.optimizers.Adam(0.01 * (seed + 1)),
            seed=seed,
            regularizer=keras.regularizers.L2(10.0**-seed),
            dropout=fields.get("dropout", 0.0),
            batch_norm=fields.get("batch_norm", False),
        )
        rows = slice(seed % 2 * (not fields.get("batch_norm")), 310)
        jobs.append(
            job(
                model,
                rows=rows,
                seed=seed,
                epochs=2 + seed % 3,
                validation=True,
                early_stopping=EarlyStopping(1, min_delta=0.02),
            )
        )
    return jobs


@pytest.mark.parametrize(
    "fields",
    [
        {},
        pytest.param({"dropout": 0.3}, marks=pytest.mark.slow),
        pytest.param({"batch_norm": True}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_results_do_not_depend_on_the_company(fields, way):
    alone, together = _jobs(**fields), _jobs(**fields)
    expected = [fit_compiled(each) for each in alone]
    with fleet(size=5):
        actual = _in_parallel([lambda j=j: train(j) for j in together])
    for a, e in zip(actual, expected, strict=True):
        assert a.engine == "compiled"
        assert_same_history(a.history, e.history)
        assert a.best_epoch == e.best_epoch
    for ours, theirs in zip(together, alone, strict=True):
        assert_same_network(ours, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow warns of it"
)
def test_draws_of_stacked_networks_are_their_own_and_not_warned_of():
    import tensorflow as tf

    from kerasweep.training.backends._tensorflow import map_networks

    def draw(seed):
        return tf.random.stateless_uniform((3,), seed), tf.random.stateless_normal(
            (3,), seed
        )

    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    tf.get_logger().addHandler(handler)
    try:
        seeds = tf.constant([[1, 2], [3, 4]])
        stacked = tf.function(map_networks(draw))(seeds)
    finally:
        tf.get_logger().removeHandler(handler)
    assert said == []
    for i in range(2):
        for together, alone in zip(stacked, draw(seeds[i]), strict=True):
            np.testing.assert_array_equal(together[i], alone)


def test_fits_alike_are_trained_by_one_program(stacked, monkeypatch):
    groups = []
    original = fleet_module.train_together

    def record(plans, *args, **kwargs):
        groups.append(len(plans))
        return original(plans, *args, **kwargs)

    monkeypatch.setattr(fleet_module, "train_together", record)
    jobs = [job(network(seed=s), seed=s) for s in range(4)]
    programs.clear()
    before = programs.compilations
    with fleet(size=4):
        _in_parallel([lambda j=j: train(j) for j in jobs])
    assert groups == [4]
    assert programs.compilations - before == 1


def test_mixed_architectures(way):
    def make():
        return [job(network(seed=s, units=16 + s % 2), seed=s) for s in range(4)]

    alone, together = make(), make()
    for each in alone:
        fit_compiled(each)
    with fleet(size=4):
        _in_parallel([lambda j=j: train(j) for j in together])
    for ours, theirs in zip(together, alone, strict=True):
        assert_same_network(ours, theirs, rtol=1e-3, atol=1e-5)


def test_a_failure_is_its_own(way):
    def fails(epoch, logs):
        raise KeyError("mine")

    good, bad = job(network(seed=1)), job(network(seed=2), on_epoch=fails)
    wrong = TrainingJob(network(seed=3), (X[:, :5], Y, None), 2, 32, seed=0)
    nan = job(network(keras.optimizers.SGD(1e30), seed=4), epochs=3)

    def raises():
        raise OSError("before the engine")

    with fleet(size=5):
        results = _in_parallel(
            [lambda j=j: train(j) for j in (good, bad, wrong, nan)] + [raises]
        )
    assert results[0].engine == "compiled"
    assert isinstance(results[1], KeyError)
    assert isinstance(results[2], Exception)
    assert not np.isfinite(results[3].history["loss"][-1])
    assert isinstance(results[4], OSError)
    lone = job(network(seed=1))
    fit_compiled(lone)
    assert_same_network(good, lone, rtol=1e-3, atol=1e-5)


def test_on_epoch_runs_in_the_thread_of_its_fit(way):
    seen = {}

    def fit(seed):
        me = threading.get_ident()

        def on_epoch(epoch, logs):
            seen.setdefault(seed, []).append(
                (threading.get_ident() == me, epoch, logs["loss"])
            )
            return epoch == seed

        return train(job(network(seed=seed), seed=seed, on_epoch=on_epoch))

    with fleet(size=3):
        results = _in_parallel([lambda s=s: fit(s) for s in range(3)])
    for seed, result in enumerate(results):
        assert all(mine for mine, _, _ in seen[seed])
        assert [loss for _, _, loss in seen[seed]] == result.history["loss"]
        assert len(seen[seed]) == seed + 1


def test_fewer_fits_than_slots(way):
    with fleet(size=50):
        assert train(job(network())).engine == "compiled"


def test_nested_searches(way):
    def search(seed):
        return joblib.Parallel(n_jobs=2)(
            joblib.delayed(train)(job(network(seed=10 * seed + k))) for k in range(2)
        )

    with fleet(size=3):
        results = _in_parallel([lambda s=s: search(s) for s in range(3)])
    assert [[r.engine for r in inner] for inner in results] == [["compiled"] * 2] * 3


def test_a_fleet_in_a_fleet_joins_it():
    with fleet(size=2):
        outer = current_fleet()
        with fleet(size=4):
            assert current_fleet() is outer
        assert current_fleet() is outer
    assert current_fleet() is None


def test_leaving_early_stops_the_fits(way):
    started = threading.Event()
    outcome = []

    def on_epoch(epoch, logs):
        started.set()
        time.sleep(0.01)

    def fit():
        try:
            train(job(network(), epochs=100_000, on_epoch=on_epoch))
        except FleetClosed as error:
            outcome.append(error)

    thread = threading.Thread(target=fit)
    with pytest.raises(KeyboardInterrupt), fleet(size=2):
        thread.start()
        assert started.wait(100)
        raise KeyboardInterrupt
    thread.join(60)
    assert not thread.is_alive()
    assert len(outcome) == 1


def test_an_interrupted_fit_does_not_hold_up_the_others(stacked):
    def on_epoch(epoch, logs):
        raise KeyboardInterrupt

    with fleet(size=1):
        with pytest.raises(KeyboardInterrupt):
            train(job(network(seed=1), on_epoch=on_epoch))
        assert train(job(network(seed=2))).engine == "compiled"


def test_keras_fits_pass_through(way):
    with fleet(size=2):
        assert train(job(network(), epochs=1, engine="keras")).engine == "keras"


def test_equal_rows_are_held_once():
    from kerasweep.training.engine._plan import Plan

    plans = [Plan(job(network(seed=s))) for s in range(3)]
    copied = job(network(seed=4))
    copied.train = tuple(None if a is None else a.copy() for a in copied.train)
    other = job(network(seed=5), rows=slice(1, 311))
    everyone = [*plans, Plan(copied)]
    assert Pool([p.train for p in everyone]).n_rows == 310
    assert Pool([p.train for p in [*everyone, Plan(other)]]).n_rows == 620


def test_equal_rows_are_copied_to_the_device_once():
    from kerasweep.training.backends._runtime import get_runtime
    from kerasweep.training.engine._shared import SharedArrays

    shared, rows = SharedArrays(), np.ones((40, 3), "f4")
    equal, other = rows.copy(), 2 * rows
    one = shared.to_device(rows, get_runtime())
    assert shared.to_device(equal, get_runtime()) is one
    assert shared.to_device(other, get_runtime()) is not one
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None


def _most_under_way(n_fits, size, fit):
    """Count the fits that were under way at once."""
    under_way, most = [], []

    def counted(k):
        under_way.append(k)
        most.append(len(under_way))
        try:
            return fit(k)
        finally:
            under_way.remove(k)

    with fleet(size=size):
        joblib.Parallel()(joblib.delayed(counted)(k) for k in range(n_fits))
    return max(most)


@pytest.mark.parametrize("short", [False, True])
def test_side_by_side_no_more_fits_begin_than_can_be_trained(
    short, beside, monkeypatch
):
    monkeypatch.setattr(fleet_module, "is_short", lambda plan: short)
    places = joblib.cpu_count() * (2 if short else 1)
    n = places + 4
    jobs = [job(network(seed=s)) for s in range(n)]
    assert _most_under_way(n, n, lambda k: train(jobs[k])) <= places + 1


def test_the_rows_of_short_fits_are_in_memory_no_more_often_than_it_holds(
    beside, monkeypatch
):
    monkeypatch.setattr(fleet_module, "fits_that_fit", lambda plan: 1)
    n = 2 * joblib.cpu_count() + 4
    jobs = [job(network(seed=s)) for s in range(n)]
    assert _most_under_way(n, n, lambda k: train(jobs[k])) <= joblib.cpu_count() + 1


def test_fits_that_can_be_stacked_all_begin(stacked, monkeypatch):
    jobs = [job(network(seed=s)) for s in range(joblib.cpu_count() + 4)]
    n = len(jobs)
    assert _most_under_way(n, n, lambda k: train(jobs[k])) == n


def test_no_more_fits_begin_than_memory_has_room_for(stacked, monkeypatch):
    monkeypatch.setattr(fleet_module, "fits_that_fit", lambda *args: 1)
    jobs = [job(network(seed=s)) for s in range(joblib.cpu_count() + 4)]
    assert (
        _most_under_way(len(jobs), 64, lambda k: train(jobs[k]))
        <= joblib.cpu_count() + 1
    )


def test_leaving_turns_away_fits_that_have_not_begun():
    begun, leave = threading.Event(), threading.Event()

    def fit(k):
        begun.set()
        assert leave.wait(60)

    def search():
        with pytest.raises(FleetClosed):
            joblib.Parallel(n_jobs=joblib.cpu_count() + 3, backend=FleetBackend(own))(
                joblib.delayed(fit)(k) for k in range(joblib.cpu_count() + 3)
            )

    with fleet(size=20):
        own = current_fleet()
        thread = threading.Thread(target=search)
        thread.start()
        assert begun.wait(60)
    leave.set()
    thread.join(60)
    assert not thread.is_alive()


def test_nobody_waits_for_a_timer(stacked, monkeypatch):
    """A group of fits begins once everybody waits, or the fleet is full."""
    monkeypatch.setattr(fleet_module, "_PATIENCE", 1e6)
    with fleet(size=4):
        results = _in_parallel(
            [lambda j=j: train(j) for j in [job(network(seed=s)) for s in range(6)]]
        )
    assert [r.engine for r in results] == ["compiled"] * 6


def test_a_fit_that_does_something_else_is_not_waited_for_for_ever(
    stacked, monkeypatch
):
    monkeypatch.setattr(fleet_module, "_PATIENCE", 0.05)
    trained = threading.Event()

    def wait():
        assert trained.wait(60)

    def fit():
        train(job(network()))
        trained.set()

    with fleet(size=2):
        _in_parallel([fit, wait])
    assert trained.is_set()


def test_a_group_that_does_not_fit_is_split(stacked, monkeypatch):
    monkeypatch.setattr(fleet_module, "networks_that_fit", lambda plans: 2)
    jobs = [job(network(seed=s)) for s in range(5)]
    with fleet(size=5):
        results = _in_parallel([lambda j=j: train(j) for j in jobs])
    assert [r.engine for r in results] == ["compiled"] * 5


@pytest.mark.parametrize("size", [0, -1])
def test_a_fleet_has_a_size(size):
    with pytest.raises(ValueError, match="at least 1"), fleet(size=size):
        pass
