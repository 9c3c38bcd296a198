"""A user's own model: routing, misspelt names, shapes, and what is refused."""

import re
import time

import keras
import numpy as np
import pytest
from own_models import Subclassed, linear_network, softmax_network
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from kerasweep import KerasClassifier, KerasRegressor, fleet

X, y = load_iris(return_X_y=True)
FAST = {"epochs": 1, "batch_size": 64, "random_state": 0}


def test_shapes_and_types():
    net = KerasClassifier(softmax_network, **FAST).fit(X, y)
    assert is_classifier(net)
    assert net.predict_proba(X[:1]).shape == (1, 3)
    assert net.predict(X).shape == (150,)
    assert set(net.history_) == {"loss", "accuracy"}


def test_regressor_with_several_outputs():
    net = KerasRegressor(linear_network, **FAST).fit(X, X[:, :2])
    assert is_regressor(net)
    assert net.predict(X).shape == (150, 2)


def test_routed_parameters_arrive():
    net = KerasClassifier(
        softmax_network,
        model__units=5,
        optimizer="sgd",
        optimizer__learning_rate=0.25,
        optimizer__momentum=0.5,
        loss="sparse_categorical_crossentropy",
        loss__from_logits=False,
        metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy],
        metrics__1__k=2,
        callbacks=[keras.callbacks.EarlyStopping],
        callbacks__0__monitor="loss",
        **FAST,
    ).fit(X, y)
    assert net.model_.layers[0].units == 5
    assert float(net.model_.optimizer.learning_rate) == 0.25
    assert net.model_.optimizer.momentum == 0.5
    assert "sparse_top_k_categorical_accuracy" in net.history_


def test_a_name_without_prefix_is_the_model_functions():
    net = KerasClassifier(softmax_network, units=3, **FAST).fit(X, y)
    assert net.model_.layers[0].units == 3
    assert clone(net).get_params()["units"] == 3


def softmax3():
    return keras.layers.Dense(3, activation="softmax")


MISSPELT = [
    ("epcohs", "epochs"),
    ("model__unitz", "model__units"),
    ("optimizer__learning_ratee", "optimizer__learning_rate"),
    ("optimzer__learning_rate", "optimizer__learning_rate"),
]


@pytest.mark.parametrize(("wrong", "right"), MISSPELT)
def test_misspelt_names_fail_at_once(wrong, right):
    guess = re.escape(f"Did you mean {right!r}?")
    with pytest.raises(TypeError, match=guess):
        KerasClassifier(softmax_network, **{wrong: 3})
    net = KerasClassifier(softmax_network)
    with pytest.raises(ValueError, match=guess):
        net.set_params(**{wrong: 3, "epochs": 7})
    assert net.get_params() == KerasClassifier(softmax_network).get_params()


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "sparse_categorical_crossentropy", "loss__from_logitss": True},
        {"callbacks": [keras.callbacks.EarlyStopping], "callbacks__0__patiense": 1},
        {"callbacks": [keras.callbacks.EarlyStopping], "callbacks__1__patience": 1},
        {"metrics": [keras.metrics.AUC], "metrics__0__num_treshold": 1},
        {"optimizer": keras.optimizers.Adam(0.1), "optimizer__learning_rate": 0.2},
        {"callbacks__0__patience": 1},
    ],
)
def test_names_that_nothing_takes_fail_at_once(settings):
    with pytest.raises(TypeError, match="must be one of KerasClassifier's"):
        KerasClassifier(softmax_network, **settings)


def test_routed_names_are_checked_against_the_model_of_the_fit():
    net = KerasClassifier(softmax_network, model__units=4, **FAST)
    net.set_params(model=lambda: None)
    with pytest.raises(ValueError, match="model__units"):
        net.fit(X, y)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"loss": "nonsense"}, "loss"),
        ({"optimizer": "nonsense"}, "optimizer"),
        ({"optimizer": None}, "optimizer"),
        ({"optimizer": {}}, "optimizer"),
        ({"metrics": ["nonsense"]}, "metrics"),
        ({"callbacks": ["nonsense"]}, "callbacks"),
        ({"model": None}, "model"),
        ({"model": lambda: 3}, "model"),
        ({"model": 3}, "model"),
        ({"model": lambda: keras.Sequential([keras.layers.Dense(7)])}, "7"),
        (
            {"model": lambda: keras.Sequential([keras.Input((9,)), softmax3()])},
            r"\(9,\)",
        ),
    ],
)
def test_clear_errors(settings, what):
    settings = {"model": softmax_network, **settings}
    with pytest.raises(ValueError, match=f"{what}.* must |must .*{what}|{what}"):
        KerasClassifier(**settings, **FAST).fit(X, y)


def test_an_error_in_the_users_function_is_the_users():
    def broken():
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        KerasClassifier(broken).fit(X, y)


def compiled_by_itself(meta):
    model = softmax_network(meta)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def compiled_as_told(meta, compile_kwargs):
    model = softmax_network(meta)
    model.compile(**compile_kwargs)
    return model


def test_settings_without_effect_are_refused():
    KerasClassifier(compiled_by_itself, **FAST).fit(X, y)
    net = KerasClassifier(compiled_by_itself, optimizer__learning_rate=0.1, **FAST)
    with pytest.raises(ValueError, match="for optimizer__learning_rate to have"):
        net.fit(X, y)


def test_compile_kwargs_reach_a_function_that_compiles():
    net = KerasClassifier(
        compiled_as_told,
        loss="sparse_categorical_crossentropy",
        optimizer__learning_rate=0.5,
        **FAST,
    ).fit(X, y)
    assert float(net.model_.optimizer.learning_rate) == 0.5
    with pytest.raises(ValueError, match="compiled with a loss"):
        net.set_params(loss=None).fit(X, y)


def test_instances_are_copied_so_that_fits_do_not_share_them():
    # One optimizer knows the variables of one network: the second fit failed.
    optimizer = keras.optimizers.SGD(0.2)
    stopper = keras.callbacks.EarlyStopping(monitor="loss")
    net = KerasClassifier(
        softmax_network, optimizer=optimizer, callbacks=[stopper], **FAST
    )
    net.fit(X, y).fit(X, y)
    assert not optimizer.built
    assert getattr(stopper, "_model", None) is None
    assert float(net.model_.optimizer.learning_rate) == pytest.approx(0.2)


def test_a_model_as_parameter_stays_as_it_was():
    model = softmax_network({"n_features_in_": 4, "n_classes_": 3})
    before = model.get_weights()
    net = KerasClassifier(model, **FAST).fit(X, y)
    assert net.model_ is not model
    for old, now, new in zip(
        before, model.get_weights(), net.model_.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(old, now)
        assert not np.array_equal(old, new)


def test_a_subclassed_model():
    net = KerasClassifier(Subclassed, **FAST).fit(X, y)
    assert net.predict_proba(X).shape == (150, 3)


def test_a_subclassed_model_with_its_own_step_is_refused():
    class Own(Subclassed):
        def train_step(self, data):
            return {}

    with pytest.raises(ValueError, match="has a train_step"):
        KerasClassifier(Own, **FAST).fit(X, y)


def test_reprs():
    net = KerasClassifier(softmax_network, model__units=3, optimizer__learning_rate=1)
    assert "model__units=3" in repr(net)
    assert "optimizer__learning_rate" in net._repr_html_()


def test_images_keep_their_shape():
    def conv(meta):
        return keras.Sequential(
            [
                keras.Input(meta["X_shape_"][1:]),
                keras.layers.Conv2D(2, 3),
                keras.layers.Flatten(),
                keras.layers.Dense(2, activation="softmax"),
            ]
        )

    images = np.random.default_rng(0).random((20, 6, 6, 1))
    net = KerasClassifier(conv, **FAST).fit(images, np.arange(20) % 2)
    assert net.predict(images).shape == (20,)
    with pytest.raises(ValueError, match="rows of shape"):
        net.predict(images[:, :, :5])


def test_model_functions_run_one_at_a_time_in_a_fleet():
    inside, most = [], []

    def watched(meta, units=4):
        inside.append(units)
        most.append(len(inside))
        time.sleep(0.02)
        inside.remove(units)
        return softmax_network(meta)

    net = KerasClassifier(watched, epochs=1, random_state=0, model__units=4)
    with fleet(size=4):
        GridSearchCV(net, {"model__units": [1, 2, 3, 4]}, cv=2).fit(X, y)
    assert len(most) == 9
    assert max(most) == 1
