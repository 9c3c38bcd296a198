"""DenoisingAutoencoder as a scikit-learn transformer."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from tiers import in_slow_tier

from kerasweep import DenoisingAutoencoder, fleet

X, Y = load_digits(return_X_y=True)
X = (X[:400] / 16).astype(np.float32)
Y = Y[:400]


def dense(**params):
    settings = {"epochs": 2, "batch_size": 50, "random_state": 0, **params}
    return DenoisingAutoencoder((16, 8, 16), **settings)


def conv(**params):
    return dense(architecture="conv", filters=(4, 6), dense=8, **params)


@pytest.fixture(scope="module")
def fitted():
    return dense().fit(X)


@pytest.mark.xla
@pytest.mark.parametrize("make", [dense, conv])
@pytest.mark.parametrize("noise", ["salt_and_pepper", *in_slow_tier("gaussian")])
def test_it_trains_in_the_compiled_engine(make, noise):
    net = make(noise=noise, amount=(0.1, 0.5), engine="compiled").fit(X)
    assert net.engine_ == "compiled"
    assert net.history_["loss"][1] < net.history_["loss"][0]
    assert net.transform(X).shape == X.shape


def test_the_same_seed_gives_the_same_network(fitted):
    again = clone(fitted).fit(X).transform(X)
    other = dense(random_state=1).fit(X).transform(X)
    np.testing.assert_array_equal(fitted.transform(X), again)
    assert (fitted.transform(X) != other).any()


def test_transform_draws_nothing(fitted):
    np.testing.assert_array_equal(fitted.transform(X), fitted.transform(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_keeps_the_precision(fitted, dtype):
    assert fitted.transform(X.astype(dtype)).dtype == dtype


@pytest.mark.parametrize("make", [dense, conv])
@pytest.mark.parametrize(
    "shape", [(8, 8), (4, 8, 2), *in_slow_tier((8, 8, 1), (16, 4))]
)
def test_images_come_back_as_images(make, shape):
    images = X.reshape(-1, *shape)
    net = make(epochs=1).fit(images)
    out = net.transform(images)
    assert out.shape == images.shape
    if make is dense:  # for which an image is its pixels in a row
        rows = make(epochs=1).fit(X)
        np.testing.assert_array_equal(out.reshape(len(X), -1), rows.transform(X))
        assert net.decode(net.encode(images)).shape == images.shape


def test_odd_images_given_as_rows():
    rows = X[:, :63]
    net = conv(epochs=1, image_shape=(7, 3, 3)).fit(rows)
    assert net.transform(rows).shape == rows.shape


def test_codes(fitted):
    codes = fitted.encode(X)
    assert codes.shape == (400, 8)
    np.testing.assert_allclose(fitted.decode(codes), fitted.transform(X), atol=1e-6)
    with pytest.raises(ValueError, match="must have 8 columns"):
        fitted.decode(codes[:, :3])


def test_the_convolutional_network_has_no_codes():
    net = conv(epochs=1).fit(X)
    for method in (net.encode, net.decode):
        with pytest.raises(ValueError, match="details pass the code by"):
            method(X)


def test_names_and_frames(fitted):
    frame = pd.DataFrame(X, columns=[f"p{i}" for i in range(64)])
    net = dense(epochs=1).set_output(transform="pandas").fit(frame)
    out = net.transform(frame)
    assert list(out.columns) == list(frame.columns)
    assert list(net.get_feature_names_out()) == list(frame.columns)
    assert out.index.equals(frame.index)


def test_a_step_before_any_classifier():
    pipe = Pipeline([("denoise", dense()), ("clf", LogisticRegression())])
    assert pipe.fit(X, Y).predict(X).shape == (400,)


def test_it_is_tuned_by_its_own_score():
    search = GridSearchCV(dense(), {"learning_rate": [1e-5, 1e-2]}, cv=2).fit(X)
    assert search.best_params_ == {"learning_rate": 1e-2}
    assert (search.cv_results_["mean_test_score"] < 0).all()


def test_a_fleet_gives_what_lone_fits_give():
    grid = {"learning_rate": [1e-3, 1e-2], "random_state": [0, 1]}
    alone = GridSearchCV(dense(), grid, cv=2, refit=False).fit(X)
    with fleet():
        together = GridSearchCV(dense(), grid, cv=2, refit=False).fit(X)
    np.testing.assert_allclose(
        together.cv_results_["mean_test_score"],
        alone.cv_results_["mean_test_score"],
        rtol=1e-4,
    )


@pytest.mark.parametrize("make", [dense, conv])
def test_pickle_and_warm_start(make):
    straight = make(epochs=2, warm_start=True).fit(X)
    assert straight.n_epochs_ == 2
    restored = pickle.loads(pickle.dumps(straight))
    np.testing.assert_array_equal(restored.transform(X), straight.transform(X))
    straight.fit(X)
    restored.fit(X)
    assert restored.n_epochs_ == 4
    assert len(restored.history_["loss"]) == 4
    np.testing.assert_allclose(restored.transform(X), straight.transform(X), atol=1e-5)


@pytest.mark.parametrize("make", [dense, conv])
def test_the_model_is_plain_keras(make, tmp_path):
    net = make(epochs=1).fit(X)
    assert "noise" not in {layer.name for layer in net.model_.layers}
    for layer in net.model_._flatten_layers():
        assert type(layer).__module__.startswith("keras.")
    net.model_.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        loaded.predict(X, verbose=0), net.transform(X), atol=1e-6
    )


def test_validation_sees_the_same_noise_in_each_epoch():
    still = dense(learning_rate=1e-12, validation_fraction=0.25, epochs=3).fit(X)
    val_loss = still.history_["val_loss"]
    assert max(val_loss) - min(val_loss) < 1e-6  # the weights hardly move
    assert len(set(still.history_["loss"])) == 3  # but training draws afresh
    # and validation has noise: without, an untrained network's loss is another
    clean = still.set_params(amount=0.0).fit(X).history_["val_loss"][0]
    assert abs(clean - val_loss[0]) > 1e-5


def test_early_stopping_and_own_validation_rows():
    net = dense(early_stopping=True, patience=0, min_delta=10.0, epochs=9)
    assert net.fit(X[:300], X_val=X[300:]).n_epochs_ == 2
    assert net.best_epoch_ == 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"amount": 1.5}, r"amount .* must be a number in \[0, 1\]"),
        ({"amount": (0.5, 0.1)}, "amount of DenoisingAutoencoder"),
        ({"amount": (0.1, 0.2, 0.3)}, "amount of DenoisingAutoencoder"),
        ({"amount": ("a", "b")}, "amount of DenoisingAutoencoder"),
        ({"amount": (0, np.inf), "noise": "gaussian"}, "of at least 0"),
        ({"low": None}, "low and high of DenoisingAutoencoder must be numbers"),
        ({"low": 2.0}, "low of DenoisingAutoencoder must be at most"),
        ({"hidden_layer_sizes": ()}, "at least one layer"),
        ({"architecture": "conv", "filters": ()}, "filters of DenoisingAutoencoder"),
        ({"architecture": "conv", "filters": (2.5,)}, "filters of"),
        (
            {"architecture": "conv", "image_shape": (3, 3)},
            r"needs 9 features.*\(8, 8\)",
        ),
        ({"architecture": "conv", "image_shape": (8,)}, r"\(height, width\)"),
        ({"architecture": "flat"}, "architecture"),
        ({"loss": "hinge"}, "loss"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        dense().set_params(**params).fit(X)


def test_rows_that_are_no_square_are_one_line():
    with pytest.warns(UserWarning, match="no square number"):
        assert conv(epochs=1).fit(X[:, :63]).transform(X[:, :63]).shape == (400, 63)


def test_values_outside_the_unit_interval(fitted):
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\].*PixelScaler"):
        dense().fit(X * 255)
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        fitted.score(X - 1)
    fitted.transform(X * 2)  # noise may leave it
    dense(loss="mean_squared_error", noise="gaussian", low=None, high=None).fit(X * 255)
