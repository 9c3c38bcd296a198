"""Networks drawn from blueprints: the same bits as Keras builds, and exact keys."""

import copy
import pickle

import keras
import numpy as np
import pytest
from tiers import fast_are
from training_cases import TRAINING, X, Y, dense

from kerasweep.networks import conv_network, dense_network
from kerasweep.training import Blueprint, Drawn, Live, TrainingJob, programs, train
from kerasweep.training.engine._template import Template, template_of


def conv():
    numbers = {
        "l1": 0.0,
        "l2": 1e-3,
        "max_norm": 2.0,
        "conv_dropout": (0.0, 0.2),
        "dropout": (0.3,),
        "learning_rate": 0.01,
    }
    arguments = {
        "image_shape": (6, 6, 1),
        "n_outputs": 3,
        "filters": (2, 3),
        "kernel_size": (3, 2),
        "pool_size": (1, 2),
        "padding": "valid",
        "dense": (4,),
        "activation": "relu",
        "output_activation": "softmax",
        "batch_normalization": True,
    }
    blueprint = Blueprint.of(
        conv_network,
        arguments,
        numbers,
        options={"max_shift": 0.1, "max_rotation": 10.0},
        training=TRAINING,
        dropout=("conv_dropout", "dropout"),
    )
    return blueprint, numbers


CASES = {
    "plain": lambda: dense(),
    "penalties": lambda: dense(l1=1e-4, l2=1e-3),
    "dropout": lambda: dense(dropout=(0.0, 0.4), input_dropout=0.1),
    "max-norm": lambda: dense(max_norm=1.5),
    "normalized": lambda: dense(batch_normalization=True),
    "momentum": lambda: dense("sgd", momentum=0.9),
    "nadam": lambda: dense("nadam"),
    "adagrad": lambda: dense("adagrad"),
    "no hidden layer": lambda: dense(sizes=()),
    "conv": conv,
}
case = pytest.mark.parametrize("described", CASES.values(), ids=CASES.keys())


def _rows(blueprint):
    if blueprint.network is conv_network:
        rng = np.random.default_rng(0)
        return rng.random((100, 6, 6, 1), dtype="float32"), Y[:100]
    return X[:100], Y[:100]


def _job(network, **fields):
    rows = network.blueprint if isinstance(network, Drawn) else network.origin[0]
    fields = {"epochs": 2, "batch_size": 32, "seed": 1} | fields
    return TrainingJob(network, (*_rows(rows), None), engine="compiled", **fields)


def test_networks_of_one_seed_share_what_it_drew_and_none_changes_it():
    blueprint, numbers = dense(l2=1e-3)
    first, other = Drawn(blueprint, numbers, 7), Drawn(blueprint, numbers, 8)
    drawn, its = first.values(), other.values()
    before = copy.deepcopy(drawn)
    train(_job(first))
    again = Drawn(blueprint, {**numbers, "l2": 0.0}, 7).values()
    for value, expected in zip(again, before, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert again[0] is drawn[0] and (again[0] != its[0]).any()
    with pytest.raises(ValueError, match="read-only"):
        again[0][:] = 0.0


def _assert_equal(ours, keras_side):
    for a, b in zip(ours, keras_side, strict=True):
        np.testing.assert_array_equal(a, np.asarray(b))


@case
@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
def test_a_network_begins_with_the_bits_that_keras_draws(described, seed):
    blueprint, numbers = described()
    built = Live.built(blueprint, numbers, seed)
    _assert_equal(Drawn(blueprint, numbers, seed).values(), built.read_state())


@pytest.mark.parametrize(
    "name",
    fast_are(["penalties", "conv"], CASES),  # "conv" drops units and normalizes, too
)
def test_it_is_trained_as_the_model_that_keras_builds(name):
    blueprint, numbers = CASES[name]()
    drawn, built = Drawn(blueprint, numbers, 3), Live.built(blueprint, numbers, 3)
    ours, theirs = train(_job(drawn)), train(_job(built))
    np.testing.assert_allclose(
        ours.history["loss"], theirs.history["loss"], rtol=1e-5, atol=1e-6
    )
    for a, b in zip(drawn.values(), built.read_state(), strict=True):
        np.testing.assert_allclose(a, np.asarray(b), rtol=1e-4, atol=1e-6)


def test_numbers_and_seeds_need_no_program_of_their_own():
    programs.clear()
    before = programs.compilations
    for seed, l2, rate in ((0, 0.0, 0.1), (1, 1e-4, 0.3), (2, 0.5, 0.9)):
        network = dense(l2=l2, dropout=(rate, rate), learning_rate=0.01 * (seed + 1))
        train(_job(Drawn(*network, seed)))
    assert programs.compilations - before == 1


def test_each_number_has_its_effect():
    losses = {
        name: train(_job(Drawn(*dense(dropout=(0.1, 0.1), **change), 0)))
        for name, change in {
            "none": {},
            "l1": {"l1": 0.1},
            "l2": {"l2": 0.1},
            "max_norm": {"max_norm": 0.01},
            "rate": {"learning_rate": 0.1},
        }.items()
    }
    assert len({r.history["loss"][-1] for r in losses.values()}) == len(losses)


@pytest.mark.xla
def test_dropout_of_each_layer_goes_to_that_layer():
    other, rates = (0.6, 0.1), (0.1, 0.6)
    train(_job(Drawn(*dense(dropout=other), 0)))  # whose program is run once more
    drawn = train(_job(Drawn(*dense(dropout=rates), 0)))
    built = train(_job(Live.built(*dense(dropout=rates), 0)))
    np.testing.assert_allclose(drawn.history["loss"], built.history["loss"], rtol=1e-5)


def test_blueprints_of_equal_networks_are_equal_and_others_are_not():
    base, _ = dense(l2=0.1, dropout=(0.2, 0.0))
    assert base == dense(l2=0.0, dropout=(0.7, 0.0))[0]
    assert hash(base) == hash(dense(dropout=(0.7, 0.0))[0])
    others = [
        dense(dropout=(0.2, 0.2)),
        dense("sgd", dropout=(0.2, 0.0)),
        dense(dropout=(0.2, 0.0), max_norm=1.0),
        dense(dropout=(0.2, 0.0), sizes=(8, 5)),
        dense(dropout=(0.2, 0.0), batch_normalization=True),
    ]
    assert len({base, *(blueprint for blueprint, _ in others)}) == 6


def test_a_wide_network_without_a_penalty_does_not_pay_for_one():
    arguments = {"n_features": 4, "n_outputs": 3}
    training = {"training": TRAINING, "n_weights": 2**20}
    numbers = {"l1": 0.0, "l2": 0.0, "learning_rate": 0.1}
    plain = Blueprint.of(dense_network, arguments, numbers, **training)
    first = Blueprint.of(dense_network, arguments, numbers | {"l2": 0.1}, **training)
    second = Blueprint.of(dense_network, arguments, numbers | {"l1": 0.2}, **training)
    assert plain != first == second
    assert template_of(plain).model.layers[0].kernel.regularizer is None
    assert template_of(first).model.layers[0].kernel.regularizer is not None
    _assert_equal(Drawn(plain, numbers, 4).values(), Drawn(first, numbers, 4).values())


def test_a_number_that_the_network_has_no_place_for_is_noticed():
    blueprint, numbers = dense()
    lost = Blueprint.of(
        dense_network,
        dict(blueprint.arguments),
        numbers | {"momentum": 0.9},
        training=TRAINING,
        dropout=("input_dropout", "dropout"),
    )
    with pytest.raises((TypeError, ValueError), match="momentum"):
        Template(lost)


def seeded_elsewhere(*, n, seed, l1, l2):
    """A network whose second kernel does not come from its seed."""
    drawn = int(np.random.SeedSequence(seed).generate_state(1)[0])
    initializers = keras.initializers.GlorotUniform(drawn), "glorot_uniform"
    layers = [keras.layers.Dense(3, kernel_initializer=i) for i in initializers]
    return keras.Sequential([keras.Input((n,)), *layers])


def test_values_that_the_seed_does_not_draw_are_noticed():
    blueprint = Blueprint.of(
        seeded_elsewhere,
        {"n": 4},
        {"l1": 0.0, "l2": 0.0, "learning_rate": 0.1},
        training=TRAINING | {"metrics": ()},
    )
    with pytest.raises(ValueError, match=r"not begin with what the seed draws|place"):
        Template(blueprint)


def test_a_template_is_never_trained():
    blueprint, numbers = dense()
    template = template_of(blueprint)
    before = [np.array(v.value) for v in template.model.variables]
    train(_job(Drawn(blueprint, numbers, 5)))
    _assert_equal(before, [v.value for v in template.model.variables])
    assert template_of(blueprint) is template


def test_training_on_leaves_the_network_it_began_with_alone():
    first = Drawn(*dense(), 0)
    train(_job(first))
    before = [value.copy() for value in first.values()]
    second = first.continued(*dense(l2=0.1), "Toy")
    train(_job(second))
    _assert_equal(before, first.values())


def test_what_two_blueprints_share_is_kept():
    first = Drawn(*dense("sgd"), 0)
    train(_job(first))
    second = first.continued(*dense("sgd", momentum=0.9, dropout=(0.5, 0.0)), "Toy")
    n_weights = 6
    trained = dict(zip(template_of(first.blueprint).paths, first.values(), strict=True))
    template = template_of(second.blueprint)
    kept = dict(zip(template.paths, second.values(), strict=True))
    shared = set(trained) & set(kept)
    assert len(shared) >= n_weights
    for path in shared - {"sgd/learning_rate"}:
        np.testing.assert_array_equal(trained[path], kept[path])


def test_another_architecture_is_refused():
    network = Drawn(*dense(), 0)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes of Toy must stay \(8, 4"):
        network.continued(*dense(sizes=(8, 5)), "Toy")


def test_pickles_hold_arrays_alone():
    network = Drawn(*dense(), 0)
    train(_job(network))
    network.prediction_values()
    for again in (pickle.loads(pickle.dumps(network)), copy.deepcopy(network)):
        _assert_equal(network.values(), again.values())


def test_a_loss_that_is_not_a_number_ends_the_run_and_the_history():
    blueprint, numbers = dense("sgd", learning_rate=1e30)
    job = _job(Drawn(blueprint, numbers, 0), epochs=30, terminate_on_nan=True)
    losses = train(job).history["loss"]
    assert len(losses) < 30
    assert not np.isfinite(losses[-1]) and np.isfinite(losses[:-1]).all()


def test_epochs_in_one_call_are_those_of_single_calls():
    together = train(_job(Drawn(*dense(), 0), epochs=40))
    watched = train(_job(Drawn(*dense(), 0), epochs=40, on_epoch=lambda *_: None))
    assert together.history == watched.history
