"""Small networks of many sizes, trained by one program: exactly the same otherwise."""

import keras
import numpy as np
import pytest
from joblib import Parallel, delayed
from tiers import fast_are
from training_cases import TRAIN, VALIDATION, WEIGHTS, X, Y, dense

from kerasweep import DenseClassifier, DenseRegressor, fleet
from kerasweep.training import (
    Drawn,
    EarlyStopping,
    Live,
    TrainingJob,
    programs,
    train,
)
from kerasweep.training.engine import _padded
from kerasweep.training.engine._padded import Padded, roomy
from kerasweep.training.engine._plan import Plan
from kerasweep.training.engine._together import train_together
from kerasweep.training.fleets._machine import SIDE_BY_SIDE, calibration

NAMES = [f"{activation}-adam" for activation in sorted(_padded._ACTIVATIONS)] + [
    f"tanh-{optimizer}" for optimizer in sorted(_padded._OPTIMIZERS)
]
# With L1, networks on JAX have programs of their own.
L1 = 0.0 if keras.backend.backend() == "jax" else 1e-4
FAST = ["relu-adam", "tanh-rmsprop", "tanh-lion"]


def described(name="relu-adam", sizes=(5, 40), **settings):
    activation, optimizer = name.split("-")
    numbers = {"l1": L1, "l2": 1e-3, "max_norm": 1.5} | settings
    blueprint, numbers = dense(optimizer, sizes=sizes, **numbers)
    arguments = dict(blueprint.arguments) | {"activation": activation}
    changed = {"arguments": tuple(sorted(arguments.items()))}
    return type(blueprint)(**{**vars(blueprint), **changed}), numbers


def job_of(network, **fields):
    settings = {"epochs": 4, "batch_size": 32, "seed": 3} | fields
    return TrainingJob(
        network,
        (X[TRAIN], Y[TRAIN], WEIGHTS[TRAIN]),
        validation=(X[VALIDATION], Y[VALIDATION], None),
        **settings,
    )


@pytest.fixture
def exact(monkeypatch):
    """Give a function that trains a network by a program of its very sizes."""

    def train_exactly(job):
        with monkeypatch.context() as patch:
            patch.setattr(_padded, "_LITTLE_WORK", 0)
            assert Plan(job).network is job.network
            return train(job)

    return train_exactly


@pytest.mark.parametrize("name", fast_are(FAST, NAMES))
def test_results_are_those_of_a_program_of_its_own(name, exact):
    described_network = described(name)
    stopping = EarlyStopping(patience=2, min_delta=0.0, restore_best_weights=True)
    jobs = [
        job_of(Drawn(*described_network, 7), early_stopping=stopping) for _ in range(2)
    ]
    assert isinstance(Plan(jobs[0]).network, Padded)
    padded, own = train(jobs[0]), exact(jobs[1])
    assert padded.best_epoch == own.best_epoch
    for key, values in own.history.items():
        np.testing.assert_allclose(padded.history[key], values, rtol=2e-4, atol=2e-5)
    for mine, its in zip(padded.network.variables, own.network.variables, strict=True):
        assert mine.shape == its.shape
        # Lion moves by the sign of a number: of one that is nearly zero it is chance.
        atol = 0.05 if "lion" in name else 1e-3
        np.testing.assert_allclose(mine, its, atol=atol)


@pytest.mark.parametrize("name", fast_are(FAST, NAMES))
def test_units_that_were_added_stay_exactly_zero(name, monkeypatch):
    seen = []

    def write_state(self, state, best):
        seen.extend(zip(map(np.asarray, state), own, strict=True))

    network = Drawn(*described(name), 7)
    own = [value.shape for value in network.values()]
    monkeypatch.setattr(Padded, "write_state", write_state)
    train(job_of(network, epochs=6))
    wider = [(value, shape) for value, shape in seen if value.shape != shape]
    assert len(wider) >= 5  # two kernels, their biases, the kernel behind them
    for value, shape in wider:
        inside = np.zeros(value.shape, bool)
        inside[tuple(map(slice, shape))] = True
        assert not value[~inside].any()
        assert np.isfinite(value).all()


def test_a_unit_that_does_not_stay_zero_costs_time_but_no_right_answer(monkeypatch):
    described_network = described("sigmoid-adam")
    right = train(job_of(Drawn(*described_network, 7), engine="keras"))
    known = _padded._ACTIVATIONS
    monkeypatch.setattr(_padded, "_ACTIVATIONS", known | {"sigmoid"})
    result = train(job_of(Drawn(*described_network, 7)))
    assert result.engine == "keras" and "must stay 0" in result.reason
    np.testing.assert_allclose(result.history["loss"], right.history["loss"], rtol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="it is JAX' alone")
def test_on_jax_l1_is_trained_by_a_program_of_its_own():
    network = Drawn(*described(l1=1e-4), 0)
    assert roomy(network, 32) is network
    assert isinstance(roomy(Drawn(*described(l1=0.0), 0), 32), Padded)


def test_many_sizes_share_a_program():
    sizes = [(3, 33), (17, 40), (32, 64), (20, 60)]
    train(job_of(Drawn(*described(sizes=sizes[0]), 0)))
    before = programs.compilations
    results = [train(job_of(Drawn(*described(sizes=s), 1))) for s in sizes[1:]]
    assert programs.compilations == before
    shapes = [r.network.variables[0].shape for r in results]
    assert shapes == [(X.shape[1], n) for n, _ in sizes[1:]]


def test_training_on_goes_on_where_it_stopped():
    blueprint, numbers = described()
    whole = train(job_of(Drawn(blueprint, numbers, 7), epochs=5)).network
    half = train(job_of(Drawn(blueprint, numbers, 7), epochs=2)).network
    half = half.continued(blueprint, numbers, "DenseClassifier")
    rest = train(job_of(half, epochs=3, first_epoch=2)).network
    for mine, its in zip(rest.values(), whole.values(), strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize(
    "settings",
    [
        {"sizes": (32, 64)},
        {"sizes": ()},
        {"sizes": (4000, 4000)},
        {"dropout": (0.2, 0.0)},
        {"input_dropout": 0.1},
        {"batch_normalization": True},
        {"name": "sigmoid-adam"},
        {"name": "softplus-adam"},
    ],
    ids=str,
)
def test_what_would_not_be_the_same_has_a_program_of_its_own(settings):
    network = Drawn(*described(**settings), 0)
    assert roomy(network, 32) is network


def test_large_batches_and_models_of_users_have_programs_of_their_own():
    network = Drawn(*described(), 0)
    assert isinstance(roomy(network, 32), Padded)
    assert roomy(network, 2**14) is network
    live = Live(network.to_live().model)
    assert roomy(live, 32) is live


def test_sizes_that_differ_are_stacked():
    networks = [described(sizes=sizes) for sizes in [(5, 40), (30, 33), (32, 64)]]
    plans = [Plan(job_of(Drawn(*network, 7))) for network in networks]
    assert len({plan.key for plan in plans}) == 1
    for member, network in zip(
        train_together(plans, stacked=True), networks, strict=True
    ):
        alone = train(job_of(Drawn(*network, 7)))
        np.testing.assert_allclose(
            member.history["loss"], alone.history["loss"], rtol=1e-4
        )
        for mine, its in zip(
            member.result().network.values(), alone.network.values(), strict=True
        ):
            np.testing.assert_allclose(mine, its, atol=1e-3)


@pytest.mark.xla
@pytest.mark.parametrize("estimator", [DenseClassifier, DenseRegressor])
def test_alone_and_side_by_side_to_the_last_bit(estimator, monkeypatch):
    monkeypatch.setattr(calibration, "choose", lambda plan: SIDE_BY_SIDE)
    settings = {"hidden_layer_sizes": (7,), "epochs": 2, "batch_size": 32}
    fits = [estimator(**settings, random_state=seed) for seed in range(2)]
    alone = [fit.fit(X, Y).predict(X) for fit in fits]
    with fleet():
        together = Parallel(n_jobs=2)(delayed(fit.fit)(X, Y) for fit in fits)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other.predict(X))
        assert other.model_.layers[0].units == 7
