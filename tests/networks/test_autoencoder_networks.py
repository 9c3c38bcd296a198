"""Shapes, codes and noise of the networks behind denoising."""

import keras
import numpy as np
import pytest

from kerasweep.networks import (
    conv_denoiser,
    dense_autoencoder,
    encoder_and_decoder,
    noise_in_training,
)


def test_the_reported_autoencoder():
    model = dense_autoencoder(784)
    assert [layer.units for layer in model.layers] == [128, 96, 128, 784]
    assert model.count_params() == (
        784 * 128 + 128 + 128 * 96 + 96 + 96 * 128 + 128 + 128 * 784 + 784
    )
    assert [layer.name for layer in model.layers].index("code") == 1
    assert model.layers[-1].activation is keras.activations.sigmoid


def test_the_first_of_the_narrowest_layers_is_the_code():
    model = dense_autoencoder(9, hidden_layer_sizes=(5, 3, 3, 5))
    assert [layer.name for layer in model.layers][:3] == [
        "hidden_1",
        "code",
        "hidden_3",
    ]


def test_encoder_and_decoder_share_the_weights():
    model = dense_autoencoder(9, hidden_layer_sizes=(5, 3, 5))
    encoder, decoder = encoder_and_decoder(model)
    x = np.random.default_rng(0).random((4, 9), dtype=np.float32)
    assert np.asarray(encoder(x)).shape == (4, 3)
    np.testing.assert_allclose(decoder(encoder(x)), model(x), rtol=1e-6)
    model.layers[-1].bias.assign(np.ones(9))
    np.testing.assert_allclose(decoder(encoder(x)), model(x), rtol=1e-6)


@pytest.mark.parametrize(
    "shape", [(28, 28, 1), (8, 8, 1), (5, 7, 3), (1, 1, 1), (9, 4, 2)]
)
@pytest.mark.parametrize("impulses", [None, (0.0, 1.0)])
def test_the_convolutional_denoiser_takes_any_size(shape, impulses):
    n = int(np.prod(shape))
    model = conv_denoiser(shape, filters=(4, 6), dense=5, impulses=impulses)
    x = np.random.default_rng(0).random((2, n), dtype=np.float32)
    out = np.asarray(model(x))
    assert out.shape == (2, n)
    assert ((out >= 0) & (out <= 1)).all()


@pytest.mark.parametrize("levels", [1, 3])
def test_levels_and_no_dense_layer(levels):
    model = conv_denoiser((6, 6, 1), filters=(4,) * levels, dense=0)
    assert model.output_shape == (None, 36)
    assert not any(isinstance(layer, keras.layers.Dense) for layer in model.layers)


def test_a_change_anywhere_reaches_every_pixel():
    model = conv_denoiser((28, 28, 1), filters=(4, 4), dense=16, seed=1)
    x = np.full((1, 784), 0.5, dtype=np.float32)
    corner = x.copy()
    corner[0, 0] = 1.0
    assert np.asarray(model(x) - model(corner))[0, -1] != 0


def test_pixels_that_are_no_impulses_stay_as_they_are():
    model = conv_denoiser((5, 5, 1), filters=(4,), dense=0, impulses=(0.0, 1.0))
    x = np.zeros((1, 25), dtype=np.float32)
    x[0, :4] = 1 / 255, 0.5, 254 / 255, 1.0
    out = np.asarray(model(x))[0]
    np.testing.assert_allclose(out[:3], x[0, :3], atol=1e-6)
    assert abs(out[3] - 1) > 1e-3
    assert (np.abs(out[4:]) > 1e-3).all()


def test_impulses_of_other_values():
    model = conv_denoiser((2, 2, 1), filters=(2,), dense=0, impulses=(-1.0, 3.0))
    x = np.array([[-1.0, 0.0, 1.0, 3.0]], dtype=np.float32)
    out = np.asarray(model(x))[0]
    np.testing.assert_allclose(out[1:3], [0.0, 1.0], atol=1e-5)
    assert abs(out[0] + 1) > 1e-3


def test_the_same_seed_gives_the_same_weights():
    for build in (
        lambda seed: dense_autoencoder(9, seed=seed),
        lambda seed: conv_denoiser((3, 3, 1), filters=(2,), dense=2, seed=seed),
    ):
        a, b, other = (build(seed).get_weights() for seed in (1, 1, 2))
        assert all((x == y).all() for x, y in zip(a, b, strict=True))
        assert any((x != y).any() for x, y in zip(a, other, strict=True))


def identity(n=1000):
    return keras.Sequential([keras.Input((n,)), keras.layers.Activation("linear")])


def noisy(x, *args, **kwargs):
    model = noise_in_training(identity(x.shape[1]), *args, seed=3, **kwargs)
    return np.asarray(model(x, training=True)), np.asarray(model(x))


def test_salt_and_pepper_replaces_its_share():
    x = np.full((40, 1000), 0.5, dtype=np.float32)
    out, still = noisy(x, "salt_and_pepper", (0.3, 0.3), salt_vs_pepper=0.25)
    assert (still == x).all()
    # 40,000 draws: SD of a share at most 0.0025
    assert abs((out == 1).mean() - 0.3 * 0.25) < 0.01
    assert abs((out == 0).mean() - 0.3 * 0.75) < 0.01


def test_each_row_has_a_level_of_its_own():
    x = np.full((500, 1000), 0.5, dtype=np.float32)
    out, _ = noisy(x, "salt_and_pepper", (0.2, 0.8))
    level = (out != 0.5).mean(axis=1)
    assert 0.15 < level.min() < 0.25
    assert 0.75 < level.max() < 0.85
    assert abs(level.mean() - 0.5) < 0.04
    assert abs(level.std() - 0.6 / np.sqrt(12)) < 0.02


def test_gaussian_noise_has_its_deviation_and_is_clipped():
    x = np.full((40, 1000), 0.5, dtype=np.float32)
    out, still = noisy(x, "gaussian", (0.1, 0.1))
    assert (still == x).all()
    assert abs((out - x).std() - 0.1) < 0.003
    out, _ = noisy(x, "gaussian", (2.0, 2.0))
    assert out.min() == 0
    assert out.max() == 1
    out, _ = noisy(x, "gaussian", (2.0, 2.0), low=None, high=None)
    assert abs((out - x).std() - 2.0) < 0.05


def test_the_draw_is_fresh_each_time():
    x = np.full((2, 1000), 0.5, dtype=np.float32)
    model = noise_in_training(identity(), "salt_and_pepper", (0.5, 0.5))
    first, second = (np.asarray(model(x, training=True)) for _ in range(2))
    assert (first != second).any()


def test_networks_of_other_seeds_share_a_program():
    from kerasweep.training.engine._signature import architecture_key

    def key(seed, amount=(0.1, 0.2)):
        network = noise_in_training(
            dense_autoencoder(9, seed=seed), "salt_and_pepper", amount, seed=seed
        )
        return architecture_key(network)

    assert key(1) == key(2)
    assert key(1) != key(1, (0.1, 0.3))
