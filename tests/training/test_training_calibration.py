"""Which way a fleet trains networks on a CPU."""

from types import SimpleNamespace

import pytest

from kerasweep.training.fleets._machine import SIDE_BY_SIDE, STACKED, Calibration

SHORT, LONG = 1, 100


def plan(kernel_weights, epochs=LONG, convolutional=False):
    return SimpleNamespace(
        job=SimpleNamespace(epochs=epochs),
        facts=SimpleNamespace(
            convolutional=convolutional, n_kernel_weights=kernel_weights, n_variables=6
        ),
        train=SimpleNamespace(n_steps=100, rows=SimpleNamespace(batch_size=100)),
    )


@pytest.fixture
def calibration(tmp_path):
    return Calibration(tmp_path / "calibration.json")


@pytest.mark.parametrize(
    ("example", "way"),
    [
        (plan(5e4), STACKED),
        (plan(5e4, SHORT), SIDE_BY_SIDE),
        (plan(1e5, SHORT), SIDE_BY_SIDE),
        (plan(1e6), SIDE_BY_SIDE),
        (plan(5e4, convolutional=True), SIDE_BY_SIDE),
    ],
    ids=["small and long", "small and short", "short", "large", "convolutional"],
)
def test_no_measurement_is_needed(calibration, example, way):
    for other in (STACKED, SIDE_BY_SIDE):
        for _ in range(2):
            calibration.record(example, other, 1.0 if other != way else 2.0)
    assert calibration.choose(example) == way


@pytest.mark.parametrize("faster", [STACKED, SIDE_BY_SIDE])
def test_of_sizes_between_the_faster_way_is_taken(calibration, faster, tmp_path):
    between = plan(2e5)
    for way in (STACKED, SIDE_BY_SIDE):
        for _ in range(2):
            assert calibration.choose(between) == way
            calibration.record(between, way, 1.0 if way == faster else 2.0)
    assert calibration.choose(between) == faster
    other_process = Calibration(tmp_path / "calibration.json")
    assert other_process.choose(between) == faster
