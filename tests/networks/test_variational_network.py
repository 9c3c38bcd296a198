"""The variational network's parts, and what its two columns are."""

import keras
import numpy as np
import pytest
from scipy.stats import norm

from kerasweep.networks import (
    compile_variational,
    likelihood_network,
    mean_network,
    variational_network,
)

rng = np.random.default_rng(0)
X = rng.random((40, 6)).astype("f4")
SIZES = {"hidden_layer_sizes": (5, 4)}


def test_parameter_count_worked_out_by_hand():
    model = variational_network(6, 2, n_classes=3, **SIZES)
    encoder = (6 + 1) * 5 + (5 + 1) * 4 + (4 + 1) * 4
    decoder = (2 + 3 + 1) * 4 + (4 + 1) * 5 + (5 + 1) * 6
    assert model.get_layer("encoder").count_params() == encoder
    assert model.get_layer("decoder").count_params() == decoder
    trained = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert trained == encoder + decoder
    gaussian = variational_network(6, 2, likelihood="gaussian", **SIZES)
    assert gaussian.get_layer("log_likelihood").count_params() == 1


def test_kl_column_is_the_closed_form():
    model = variational_network(6, 2, **SIZES)
    code = np.asarray(model.get_layer("encoder")(X), dtype=np.float64)
    mean, log_variance = code[:, :2], code[:, 2:]
    by_hand = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1)
    np.testing.assert_allclose(np.asarray(model(X))[:, 1], by_hand, rtol=1e-4)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_reconstruction_column_is_a_draw_of_what_the_likelihood_network_gives(
    likelihood,
):
    """Codes of almost no variance: every draw is the mean."""
    model = variational_network(6, 2, likelihood=likelihood, **SIZES)
    output = model.get_layer("encoder").get_layer("output")
    output.bias.assign([0.3, -0.2, -40.0, -40.0])
    output.kernel.assign(np.zeros((4, 4)))
    z = np.tile([[0.3, -0.2]], (40, 1)).astype("f4")
    if likelihood == "gaussian":
        model.get_layer("log_likelihood").log_std.assign(np.log(0.5))
    mean = np.asarray(mean_network(model)(z), dtype=np.float64)
    if likelihood == "bernoulli":
        log_p = (X * np.log(mean) + (1 - X) * np.log(1 - mean)).sum(axis=1)
    else:
        log_p = norm(mean, 0.5).logpdf(X).sum(axis=1)
    np.testing.assert_allclose(np.asarray(model(X))[:, 0], -log_p, rtol=1e-4)
    ratings = likelihood_network(model, 6, 0, 3)(np.hstack([X, z, z, z]))
    np.testing.assert_allclose(ratings, np.tile(log_p[:, None], 3), rtol=1e-4)


def test_classes_reach_the_decoder_and_not_the_encoder():
    model = variational_network(6, 2, n_classes=3, **SIZES)
    assert model.get_layer("encoder").input_shape == (None, 6)
    z = rng.normal(size=(40, 2)).astype("f4")
    outputs = [
        np.asarray(mean_network(model)(np.hstack([z, np.eye(3, dtype="f4")[[c] * 40]])))
        for c in range(3)
    ]
    assert np.abs(outputs[0] - outputs[1]).max() > 1e-3
    # The codes of one row are rated under the row's own class.
    one_hot = np.eye(3, dtype="f4")[[1] * 40]
    ratings = np.asarray(
        likelihood_network(model, 6, 3, 2)(np.hstack([X, one_hot, z, z]))
    )
    p = outputs[1].astype("f8")
    by_hand = (X * np.log(p) + (1 - X) * np.log(1 - p)).sum(axis=1)
    np.testing.assert_allclose(ratings[:, 0], by_hand, rtol=1e-4)
    np.testing.assert_allclose(ratings[:, 1], by_hand, rtol=1e-4)


def test_binary_rows_are_drawn_afresh_with_the_pixels_as_probabilities():
    model = variational_network(6, 2, binarize=True, **SIZES)
    layer = model.get_layer("binarize")
    draws = np.stack([np.asarray(layer(X)) for _ in range(2000)])
    assert set(np.unique(draws)) == {0.0, 1.0}
    np.testing.assert_allclose(draws.mean(axis=0), X, atol=0.06)
    assert not np.array_equal(draws[0], draws[1])
    assert np.all(layer(np.ones((3, 6), "f4")) == 1)


def test_the_loss_takes_beta_from_the_targets():
    model = variational_network(6, 2, **SIZES)
    compile_variational(model, "sgd")
    for beta in (0.0, 4.0):
        logs = model.evaluate(
            X, np.full((40, 1), beta, "f4"), return_dict=True, verbose=0
        )
        assert set(logs) == {"loss", "reconstruction", "kl"}
        total = logs["reconstruction"] + beta * logs["kl"]
        assert logs["loss"] == pytest.approx(total, rel=1e-4)


def test_seed_draws_weights_and_codes_and_no_global_state_is_read():
    keras.utils.set_random_seed(1)
    first = variational_network(6, 2, seed=3, **SIZES)
    keras.utils.set_random_seed(2)
    second = variational_network(6, 2, seed=3, **SIZES)
    other = variational_network(6, 2, seed=4, **SIZES)
    np.testing.assert_array_equal(first(X), second(X))
    assert not np.array_equal(first(X), other(X))


def test_the_whole_network_saves_and_loads(tmp_path):
    model = variational_network(
        6, 2, n_classes=2, likelihood="gaussian", seed=5, **SIZES
    )
    compile_variational(model, "adam")
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    z = rng.normal(size=(40, 4)).astype("f4")
    for name, rows in (("encoder", X), ("decoder", z)):
        np.testing.assert_array_equal(
            loaded.get_layer(name)(rows), model.get_layer(name)(rows)
        )
    assert type(loaded.loss) is type(model.loss)
