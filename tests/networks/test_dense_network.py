"""The dense network's layers, penalties and seeds."""

import random

import keras
import numpy as np
import pytest

from kerasweep.networks import dense_network


def test_parameter_count_worked_out_by_hand():
    model = dense_network(784, 10, hidden_layer_sizes=(64, 64))
    by_hand = (784 + 1) * 64 + (64 + 1) * 64 + (64 + 1) * 10
    assert model.count_params() == by_hand == 55_050


def test_layers_stand_in_the_documented_order():
    model = dense_network(
        6,
        2,
        hidden_layer_sizes=(5, 4),
        dropout=(0.0, 0.5),
        input_dropout=0.2,
        batch_normalization=True,
        max_norm=2.0,
    )
    assert [layer.name for layer in model.layers] == [
        "input_dropout",
        "hidden_1",
        "normalization_1",
        "activation_1",
        "hidden_2",
        "normalization_2",
        "activation_2",
        "dropout_2",
        "output",
    ]
    assert model.get_layer("hidden_1").kernel_constraint.max_value == 2.0
    assert model.get_layer("output").kernel_constraint is None


def test_no_hidden_layer_is_a_linear_model():
    model = dense_network(3, 2, hidden_layer_sizes=())
    kernel, bias = model.get_weights()
    X = np.arange(6, dtype="f4").reshape(2, 3)
    np.testing.assert_allclose(model(X), X @ kernel + bias, rtol=1e-5)


def test_penalty_is_on_all_kernels_and_no_bias():
    model = dense_network(3, 2, hidden_layer_sizes=(4,), l1=0.1, l2=0.01)
    for layer in model.layers:
        layer.bias.assign(np.ones(layer.bias.shape))
    kernels = [layer.kernel.numpy() for layer in model.layers]
    expected = sum(0.1 * np.abs(k).sum() + 0.01 * (k**2).sum() for k in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
    assert len(model.losses) == 2


def test_seed_alone_decides_the_weights():
    def first(seed):
        return dense_network(4, 2, hidden_layer_sizes=(8,), seed=seed).get_weights()[0]

    assert np.array_equal(first(3), first(3))
    assert not np.array_equal(first(3), first(4))


def test_layers_do_not_share_a_seed():
    model = dense_network(8, 8, hidden_layer_sizes=(8, 8))
    kernels = [layer.kernel.numpy() for layer in model.layers]
    assert not np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[1], kernels[2])


def test_dropout_leaves_the_initial_weights_as_they_are():
    plain = dense_network(4, 2, hidden_layer_sizes=(8, 8), seed=1)
    dropping = dense_network(4, 2, hidden_layer_sizes=(8, 8), dropout=0.5, seed=1)
    for a, b in zip(plain.get_weights(), dropping.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_building_touches_no_global_random_state():
    python_state, numpy_state = random.getstate(), np.random.get_state()
    dense_network(4, 2, dropout=0.5, input_dropout=0.1, batch_normalization=True)
    assert random.getstate() == python_state
    assert np.array_equal(np.random.get_state()[1], numpy_state[1])


@pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)  # Keras 3.15 saving TensorFlow variables under NumPy 2
def test_numpy_numbers_are_taken_and_the_model_saves(tmp_path):
    model = dense_network(
        np.int64(4),
        np.int64(2),
        hidden_layer_sizes=np.array([3]),
        l1=np.float32(0.1),
        l2=np.float64(0.1),
        max_norm=np.float32(1),
        dropout=np.float32(0.1),
        input_dropout=np.float32(0.1),
        seed=np.int64(5),
    )
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    X = np.ones((2, 4), "f4")
    np.testing.assert_allclose(again(X), model(X))
