"""Rows and images, sizes, clones and messages of the convolutional classifier."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_digits

from kerasweep import ConvClassifier

X, y = load_digits(return_X_y=True)
X, y = (X[:200] / 16).astype("f4"), y[:200]
FAST = {"filters": (4,), "dense": (), "epochs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def fitted():
    return ConvClassifier(**FAST).fit(X, y)


def test_shapes_and_types(fitted):
    assert is_classifier(fitted)
    assert fitted.image_shape_ == (8, 8, 1)
    assert fitted.n_features_in_ == 64
    assert fitted.engine_ == "compiled"
    assert fitted.model_.input_shape == (None, 8, 8, 1)
    probabilities = fitted.predict_proba(X[:5])
    assert probabilities.shape == (5, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1)])
def test_rows_and_images_are_the_same(fitted, shape):
    images = X.reshape(-1, *shape)
    other = ConvClassifier(**FAST).fit(images, y)
    np.testing.assert_array_equal(other.predict_proba(images), fitted.predict_proba(X))
    np.testing.assert_array_equal(other.predict_proba(X), fitted.predict_proba(images))
    assert other.n_features_in_ == 64
    assert other.predict(images[:1].tolist()) == fitted.predict(X[:1])


def test_colour_images_that_are_not_square():
    images = np.random.default_rng(0).uniform(size=(30, 6, 5, 3))
    labels = np.arange(30) % 2
    net = ConvClassifier(**FAST).fit(images, labels)
    assert net.image_shape_ == (6, 5, 3)
    rows = images.reshape(30, -1)
    other = ConvClassifier(**FAST, image_shape=[6, 5, 3]).fit(rows, labels)
    np.testing.assert_array_equal(other.predict_proba(rows), net.predict_proba(images))


def test_validation_images():
    net = ConvClassifier(**FAST)
    net.fit(X, y, X_val=X[:50].reshape(-1, 8, 8), y_val=y[:50])
    assert len(net.history_["val_accuracy"]) == 1
    with pytest.raises(ValueError, match="images of shape"):
        net.fit(X, y, X_val=np.ones((50, 4, 4)), y_val=y[:50])


@pytest.mark.parametrize(
    ("image_shape", "message"),
    [
        (
            (28, 28, 1),
            r"`image_shape` of ConvClassifier \(=\(28, 28, 1\)\) needs 784 features, "
            r"but X has 64. Pass image_shape=\(8, 8\).",
        ),
        ((8, 0), r"must be \(height, width\) or .* Got \(8, 0\) instead"),
        ((8.0, 8.0), r"must be \(height, width\)"),
        ((64,), r"must be \(height, width\)"),
    ],
)
def test_an_image_shape_that_does_not_fit(image_shape, message):
    with pytest.raises(ValueError, match=message):
        ConvClassifier(**FAST, image_shape=image_shape).fit(X, y)


def test_images_of_another_shape_are_refused(fitted):
    with pytest.raises(ValueError, match=r"images of shape \(8, 8, 1\), as in fit, or"):
        fitted.predict(X.reshape(-1, 4, 16))
    with pytest.raises(ValueError, match="X has 63 features, but ConvClassifier"):
        fitted.predict(X[:, 1:])
    with pytest.raises(ValueError, match="must be the shape of the images in X"):
        ConvClassifier(**FAST, image_shape=(16, 4)).fit(X.reshape(-1, 8, 8), y)


def test_rows_of_no_square_number_are_lines_with_a_warning():
    with pytest.warns(UserWarning, match="63 features, which is no square number"):
        net = ConvClassifier(**FAST).fit(X[:, 1:], y)
    assert net.image_shape_ == (1, 63, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.predict(X[:, 1:])
        ConvClassifier(**FAST, image_shape=(7, 9)).fit(X[:, 1:], y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"filters": ()}, "filters of ConvClassifier must name at least one"),
        ({"filters": (4, 0)}, "filters of ConvClassifier must be an integer from 1"),
        ({"filters": [[4], 4]}, "filters of ConvClassifier must be an integer from 1"),
        ({"kernel_size": (3, 3)}, "kernel_size .* one for each of the 1 convolutions"),
        ({"pool_size": (0,)}, "pool_size of ConvClassifier must be an integer"),
        ({"pool_size": 0}, "'pool_size' parameter of ConvClassifier"),
        ({"padding": "full"}, "'padding' parameter of ConvClassifier"),
        ({"conv_dropout": (0.1, 0.2)}, "conv_dropout .* each of the 1 convolutions"),
        ({"dropout": (1.5,)}, r"dropout .* \[0, 1\) or one for each of the 0 dense"),
        ({"dropout": 1.0}, "'dropout' parameter of ConvClassifier"),
        ({"max_shift": 1.5}, "'max_shift' parameter of ConvClassifier"),
        ({"max_rotation": 270}, "'max_rotation' parameter of ConvClassifier"),
    ],
)
def test_bad_parameters_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        ConvClassifier(**{**FAST, **settings}).fit(X, y)


@pytest.mark.parametrize("size", [4, np.int64(4), (4,), np.array([4])])
def test_sizes_as_users_write_them(size):
    net = ConvClassifier(size, dense=size, kernel_size=size, epochs=1).fit(X, y)
    assert net.model_.get_layer("conv_1").kernel.shape == (4, 4, 1, 4)


def test_parameter_count_of_the_reference_network():
    images = np.zeros((20, 28, 28), "f4")
    net = ConvClassifier((32, 64), dense=(64,), epochs=1, batch_size=20)
    net.fit(images, np.arange(20) % 10)
    assert net.model_.count_params() == 121_930


def test_the_same_seed_gives_the_same_network_with_augmentation():
    net = ConvClassifier(**FAST, max_shift=0.2, max_rotation=20, conv_dropout=0.3)
    first = net.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clone(net).fit(X, y).predict_proba(X), first)
    np.testing.assert_array_equal(net.predict_proba(X), first)  # none in prediction
    other = clone(net).set_params(random_state=1).fit(X, y)
    assert not np.array_equal(other.predict_proba(X), first)


def test_warm_start_goes_on_where_one_long_fit_would():
    settings = {**FAST, "max_shift": 0.2, "batch_normalization": True}
    net = ConvClassifier(**settings, warm_start=True).fit(X, y).fit(X, y)
    whole = ConvClassifier(**{**settings, "epochs": 2}).fit(X, y)
    assert net.n_epochs_ == 2
    np.testing.assert_allclose(net.predict_proba(X), whole.predict_proba(X), atol=1e-5)


def test_it_learns_digits_that_are_shifted():
    images = X.reshape(-1, 8, 8)
    shifted = np.roll(images, 1, axis=2)
    settings = {"learning_rate": 0.01, "epochs": 30, "random_state": 0}
    plain = ConvClassifier((16,), dense=(32,), **settings).fit(images, y)
    augmented = ConvClassifier((16,), dense=(32,), max_shift=0.2, **settings)
    assert augmented.fit(images, y).score(shifted, y) > plain.score(shifted, y) + 0.1


def test_one_number_of_filters_for_several_convolutions():
    net = ConvClassifier(3, pool_size=(2, 1), conv_dropout=0.5, epochs=1).fit(X, y)
    names = [layer.name for layer in net.model_.layers]
    assert names[:5] == ["conv_1", "pool_1", "conv_dropout_1", "conv_2", "flatten"]
    assert net.model_.get_layer("conv_2").filters == 3
    with pytest.raises(ValueError, match=r"kernel_size .* each of the 2 convolutions"):
        ConvClassifier(3, pool_size=(2, 1), kernel_size=(3,)).fit(X, y)


def test_dropout_behind_poolings_that_are_not_there():
    with pytest.raises(ValueError, match=r"pool_size \(=1\) makes none"):
        ConvClassifier((4, 4), pool_size=1, conv_dropout=0.5).fit(X, y)
    net = ConvClassifier((4, 4), pool_size=1, conv_dropout=(0.5, 0), epochs=1)
    assert net.fit(X, y).model_.get_layer("conv_dropout_1").rate == 0.5
