"""The convolutional network's layers, sizes, augmentation and seeds."""

import keras
import numpy as np
import pytest

from kerasweep.networks import conv_network


def layer_names(model):
    return [layer.name for layer in model.layers]


def test_parameter_count_worked_out_by_hand():
    model = conv_network((28, 28, 1), 10, filters=(32, 64), dense=(64,))
    # 28 -> conv 26 -> pool 13 -> conv 11 -> pool 5
    by_hand = (9 + 1) * 32 + (9 * 32 + 1) * 64 + (5 * 5 * 64 + 1) * 64 + 65 * 10
    assert model.count_params() == by_hand == 121_930


def test_kernel_and_pooling_of_each_layer():
    model = conv_network((28, 28, 1), 10, kernel_size=(3, 5), dense=(128,))
    # 28 -> 26 -> 13 -> 9 -> 4
    by_hand = 10 * 32 + (25 * 32 + 1) * 64 + (4 * 4 * 64 + 1) * 128 + 129 * 10
    assert model.count_params() == by_hand
    model = conv_network(
        (28, 28, 1), 10, filters=(32, 32), pool_size=(2, 1), conv_dropout=(0.5, 0)
    )
    assert layer_names(model) == [
        "conv_1",
        "pool_1",
        "conv_dropout_1",
        "conv_2",
        "flatten",
        "hidden_1",
        "output",
    ]


def test_layers_stand_in_the_documented_order():
    model = conv_network(
        (8, 8, 1),
        10,
        filters=(4,),
        dense=(6,),
        conv_dropout=0.1,
        dropout=0.2,
        batch_normalization=True,
        max_shift=0.1,
        max_rotation=10,
        max_norm=2.0,
    )
    assert layer_names(model) == [
        "rotation",
        "shift",
        "conv_1",
        "conv_normalization_1",
        "conv_activation_1",
        "pool_1",
        "conv_dropout_1",
        "flatten",
        "hidden_1",
        "hidden_normalization_1",
        "hidden_activation_1",
        "dropout_1",
        "output",
    ]
    assert all(type(la).__module__.startswith("keras.") for la in model.layers)
    assert model.get_layer("conv_1").kernel_constraint.axis == [0, 1, 2]
    assert model.get_layer("output").kernel_constraint is None
    assert model.get_layer("output").use_bias


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 1), (2, 3, 3), (8, 8, 1)])
def test_windows_are_cut_to_maps_that_are_smaller(shape, padding):
    model = conv_network(shape, 3, filters=(4, 4, 4), padding=padding)
    assert model(np.ones((2, *shape), "f4")).shape == (2, 3)


def test_same_padding_keeps_the_size():
    model = conv_network((9, 9, 1), 2, filters=(4,), pool_size=1, padding="same")
    assert model.get_layer("conv_1").output.shape == (None, 9, 9, 4)


def test_penalty_is_on_all_kernels_and_no_bias():
    model = conv_network((4, 4, 1), 2, filters=(3,), dense=(5,), l1=0.1, l2=0.01)
    layers = [model.get_layer(name) for name in ("conv_1", "hidden_1", "output")]
    for layer in layers:
        layer.bias.assign(np.ones(layer.bias.shape))
    kernels = [layer.kernel.numpy() for layer in layers]
    expected = sum(0.1 * np.abs(k).sum() + 0.01 * (k**2).sum() for k in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_shifts_are_within_their_bound_and_only_in_training():
    model = conv_network((20, 20, 1), 2, max_shift=0.1, seed=3)
    shift = model.get_layer("shift")
    images = np.zeros((200, 20, 20, 1), "f4")
    images[:, 10, 10] = 1
    np.testing.assert_array_equal(shift(images, training=False), images)
    moved = keras.ops.convert_to_numpy(shift(images, training=True))
    again = keras.ops.convert_to_numpy(shift(images, training=True))
    assert not np.array_equal(moved, again)
    where = np.arange(20)
    rows = (moved[..., 0].sum(axis=2) * where).sum(axis=1) - 10
    assert np.abs(rows).max() <= 2.001
    assert rows.min() < -1.5 and rows.max() > 1.5


def test_rotations_are_within_their_bound():
    model = conv_network((41, 41, 1), 2, max_rotation=30, seed=3)
    images = np.zeros((200, 41, 41, 1), "f4")
    images[:, 20, 36] = 1  # 16 pixels to the right of the centre
    turned = model.get_layer("rotation")(images, training=True)
    turned = keras.ops.convert_to_numpy(turned)
    where = np.arange(41) - 20
    mass = turned[..., 0].sum(axis=(1, 2))
    row = (turned[..., 0].sum(axis=2) * where).sum(axis=1) / mass
    column = (turned[..., 0].sum(axis=1) * where).sum(axis=1) / mass
    degrees = np.degrees(np.arctan2(row, column))
    assert 25 < np.abs(degrees).max() < 32
    assert degrees.min() < -20 and degrees.max() > 20


def test_seed_alone_decides_weights_and_draws():
    def outputs(seed):
        model = conv_network((8, 8, 1), 3, max_shift=0.2, dropout=0.5, seed=seed)
        x = np.linspace(0, 1, 64, dtype="f4").reshape(1, 8, 8, 1)
        return np.array(model(x, training=True))

    keras.utils.set_random_seed(1)
    first = outputs(0)
    keras.utils.set_random_seed(2)
    np.testing.assert_array_equal(outputs(0), first)
    assert not np.array_equal(outputs(1), first)


def test_dropout_changes_no_weight():
    plain = conv_network((8, 8, 1), 3, seed=5).get_weights()
    dropped = conv_network((8, 8, 1), 3, conv_dropout=0.5, dropout=0.5, seed=5)
    for a, b in zip(plain, dropped.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
