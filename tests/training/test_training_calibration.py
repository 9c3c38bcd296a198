"""Which way a fleet trains networks on this machine."""

from types import SimpleNamespace

import pytest

from kerasweep.training.fleets._machine import SIDE_BY_SIDE, STACKED, Calibration


def plan(kernel_weights=10_000, convolutional=False, epochs=20):
    return SimpleNamespace(
        job=SimpleNamespace(epochs=epochs),
        facts=SimpleNamespace(
            convolutional=convolutional, n_kernel_weights=kernel_weights, n_variables=6
        ),
        train=SimpleNamespace(n_steps=40, rows=SimpleNamespace(batch_size=32)),
    )


@pytest.fixture
def calibration(tmp_path):
    return Calibration(tmp_path / "calibration.json")


def measure(calibration, way, seconds):
    for _ in range(2):
        calibration.record(plan(), way, seconds)


def test_a_stack_is_compiled_only_where_there_is_much_to_train(calibration):
    assert calibration.choose(plan()) == SIDE_BY_SIDE
    calibration.count(plan(), calibration.stack_after / 2)
    assert calibration.choose(plan()) == SIDE_BY_SIDE
    calibration.count(plan(), calibration.stack_after / 2)
    assert calibration.choose(plan()) == STACKED
    assert calibration.choose(plan(kernel_weights=100_000)) == SIDE_BY_SIDE


def test_what_is_known_to_come_counts(calibration):
    assert calibration.choose(plan(), n_ahead=10) == SIDE_BY_SIDE
    assert calibration.choose(plan(), n_ahead=1000) == STACKED
    assert calibration.choose(plan(epochs=20_000)) == STACKED


@pytest.mark.parametrize("faster", [STACKED, SIDE_BY_SIDE])
def test_the_faster_way_is_taken(calibration, faster):
    calibration.count(plan(), calibration.stack_after)
    for way in (STACKED, SIDE_BY_SIDE):
        assert calibration.choose(plan()) == way
        measure(calibration, way, 1.0 if way == faster else 2.0)
    assert calibration.choose(plan()) == faster


def test_another_process_knows_but_compiles_no_stack_at_once(calibration, tmp_path):
    measure(calibration, STACKED, 1.0)
    measure(calibration, SIDE_BY_SIDE, 2.0)
    other = Calibration(tmp_path / "calibration.json")
    assert other.choose(plan()) == SIDE_BY_SIDE
    other.count(plan(), other.stack_after)
    assert other.choose(plan()) == STACKED


@pytest.mark.parametrize(
    "large", [{"kernel_weights": 2 * 10**6}, {"convolutional": True}]
)
def test_large_networks_and_convolutions_are_never_stacked(calibration, large):
    calibration.count(plan(**large), 100 * calibration.stack_after)
    assert calibration.choose(plan(**large)) == SIDE_BY_SIDE
