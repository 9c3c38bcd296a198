"""A network computes the same after every way of copying it, whatever its layers."""

import copy
import io
import pickle

import cloudpickle
import joblib
import keras
import numpy as np
import pytest
from stateful_layers import LAYERS, OTHERS, STATEFUL, X, network_with, y

from kerasweep import KerasClassifier, load, save
from kerasweep.tracking._model import example_rows, save_winner
from kerasweep.training import Live


@pytest.fixture(scope="module")
def fitted():
    """An estimator whose network is replaced by one that nobody has to train."""

    def small(meta):
        return keras.Sequential([keras.Input((16,)), keras.layers.Dense(3, "softmax")])

    return KerasClassifier(small, epochs=1, batch_size=30, engine="keras").fit(X, y)


def holding(fitted, name):
    net = copy.copy(fitted).set_params(model=None)
    net._network = Live(network_with(name))
    for layer in net.model_.layers:  # as after training
        for variable in layer.weights:
            if variable.trainable:
                variable.assign(variable + 0.05)
    return net


def answer(net):
    return keras.ops.convert_to_numpy(net.model_(X, training=False))


def by_joblib(net):
    file = io.BytesIO()
    joblib.dump(net, file)
    file.seek(0)
    return joblib.load(file)


WAYS = {
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "cloudpickle": lambda net: cloudpickle.loads(cloudpickle.dumps(net)),
    "joblib": by_joblib,
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "the copy that a fit makes": lambda net: KerasClassifier(net.model_),
}


def check(fitted, name, ways):
    net = holding(fitted, name)
    expected = answer(net)
    assert np.isfinite(expected).all() and expected.std() > 0
    for way in ways:
        again = WAYS[way](net)
        if way == "the copy that a fit makes":
            again.classes_, again.n_features_in_ = net.classes_, 16
            again._network = Live(again._build_model(X, 0))
        np.testing.assert_array_equal(answer(again), expected, err_msg=way)


@pytest.mark.parametrize("name", STATEFUL)
def test_what_layers_keep_beside_their_variables_survives(fitted, name):
    check(fitted, name, WAYS)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_every_other_layer_survives(fitted, name):
    check(fitted, name, WAYS)


#: Not in a file, with the reason that the file's error gives.
NOT_IN_FILES = {
    "IntegerLookup": "IntegerLookup",
    "IntegerLookup, tf_idf": "IntegerLookup",
    "Lambda": "function of its layer .*Lambda.*doubled, is code",
    "Lambda of a lambda": "function of its layer .*Lambda",
    "MelSpectrogram": "MelSpectrogram",
    "STFTSpectrogram": "STFTSpectrogram",
    **{
        f"Random{name}": f"Random{name}"
        for name in ("Erasing", "GaussianBlur", "Invert", "Perspective")
    },
}


def check_file(fitted, name, path):
    net = holding(fitted, name)
    if name in NOT_IN_FILES:
        with pytest.raises(ValueError, match=NOT_IN_FILES[name]):
            save(net, path)
        assert not path.exists()
        return
    save(net, path)
    np.testing.assert_array_equal(answer(load(path)), answer(net))


@pytest.mark.parametrize("name", STATEFUL)
def test_what_layers_keep_is_in_the_file_or_refused(fitted, name, tmp_path):
    check_file(fitted, name, tmp_path / "file")


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_every_other_layer_is_in_the_file_or_refused(fitted, name, tmp_path):
    check_file(fitted, name, tmp_path / "file")


@pytest.mark.filterwarnings("ignore:The model is logged as a pickle")  # the second
@pytest.mark.parametrize("name", ["Normalization", "IntegerLookup, tf_idf"])
def test_the_registry_keeps_what_layers_keep(fitted, name, tmp_path):
    import mlflow.pyfunc

    net = holding(fitted, name)
    save_winner(net, example_rows(X), None, tmp_path / "model")
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model")).get_raw_model()
    np.testing.assert_array_equal(answer(loaded), answer(net))


def test_every_name_is_known():
    assert set(NOT_IN_FILES) <= set(LAYERS)


def test_a_layer_that_keras_can_not_make_again_is_refused_at_once(fitted, tmp_path):
    """Keras' RandomShear writes factors that it does not take."""
    shear = keras.layers.RandomShear(x_factor=0.1)
    try:
        type(shear).from_config(shear.get_config())
    except TypeError:
        pass
    else:
        pytest.skip("Keras has mended its layer.")
    net = copy.copy(fitted)
    model = keras.Sequential(
        [keras.Input((16,)), keras.layers.Reshape((4, 4, 1)), shear]
    )
    model.add(keras.layers.Flatten())
    net._network = Live(model)
    with pytest.raises(ValueError, match=r"layer 'random_shear.*, can't be made from"):
        pickle.dumps(net)
    with pytest.raises(ValueError, match="model_ of KerasClassifier can't be saved"):
        save(net, tmp_path / "file")


def test_words_are_no_rows(fitted):
    """Layers of words can't be in a network that is trained on numbers."""
    words = keras.Input((1,), dtype="string")
    lookup = keras.layers.StringLookup(vocabulary=["a", "b"], output_mode="multi_hot")
    model = keras.Model(words, keras.layers.Dense(3, "softmax")(lookup(words)))
    with pytest.raises(ValueError):
        KerasClassifier(model, epochs=1).fit(np.array([["a"], ["b"], ["a"]]), [0, 1, 2])
