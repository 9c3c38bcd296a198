"""What a call or an optimizer does to variables, it does under every engine."""

import gc

import keras
import numpy as np
import pytest
from differing_networks import ONE_HOT, X, net

from kerasweep.training import TrainingJob, predict, programs, train
from kerasweep.training.engine._signature import architecture_key

# Keras 3.15 reads its variables through an __array__ of NumPy 1's signature.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
layers, ops = keras.layers, keras.ops


def _train(model, **fields):
    job = {"epochs": 2, "batch_size": 16, "seed": 3, **fields}
    return train(TrainingJob(model, (X, ONE_HOT, None), **job))


def _check(make, engine, reason):
    model = make()
    result, expected = _train(model), _train(make(), engine="keras")
    assert (result.engine, result.reason) == (engine, reason)
    np.testing.assert_allclose(
        result.history["loss"], expected.history["loss"], rtol=1e-4
    )


def _spectral():
    keras.utils.set_random_seed(1)
    return net(layers.SpectralNormalization(layers.Dense(4)))


on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="Model.fit on JAX does otherwise"
)


@on_tensorflow
def test_trainable_variables_that_a_call_assigns_were_forgotten():
    reason = "The model assigns trainable variables in a call."
    _check(_spectral, "keras", reason)
    before = programs.compilations
    assert _train(_spectral()).reason == reason
    assert programs.compilations == before, "the refusal is known"


class Counter(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seen = keras.metrics.Mean(name="seen")

    def call(self, x):
        self.seen.update_state(ops.mean(x))
        return x


@on_tensorflow
def test_metrics_of_a_layer_were_left_out():
    result = _train(net(Counter()))
    assert result.engine == "keras"
    assert result.reason == "A layer of the model has metrics."
    assert "seen" in result.history


@on_tensorflow
def test_an_optimizer_of_another_model_is_refused_as_by_keras():
    optimizer = keras.optimizers.SGD(0.1)
    _train(net(settings={"optimizer": optimizer}))
    for engine in ("auto", "keras"):
        model = net(settings={"optimizer": optimizer})
        with pytest.raises(ValueError, match="Unknown variable"):
            _train(model, engine=engine)


def test_a_method_set_on_the_model_was_overlooked():
    model = net()
    model.reset_metrics = lambda: None
    assert "has a reset_metrics of its own" in _train(model).reason


class Noise(layers.Layer):
    def __init__(self):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, x):
        return x + keras.random.normal(ops.shape(x), seed=self.seed_generator)


def test_draws_in_prediction_were_the_same_each_time():
    model = net(Noise())
    first, second = predict(model, X), predict(model, X)
    assert (first != second).any()


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.Activation(lambda x: x - ops.mean(x, axis=0)),
        lambda: layers.Softmax(axis=0),
        lambda: layers.UnitNormalization(axis=0),
    ],
    ids=["closure", "softmax", "unit"],
)
def test_an_incomplete_batch_was_filled_up_where_rows_see_each_other(layer):
    _check(lambda: net(layer()), "compiled", "")
    model = net(layer())
    expected = model.predict(X, batch_size=32, verbose=0)
    np.testing.assert_allclose(predict(model, X, 32), expected, rtol=1e-4, atol=1e-6)


class Forgetful(layers.Layer):
    def __init__(self, by):
        super().__init__()
        self.by = by

    def call(self, x):
        return x * self.by


@pytest.mark.slow
def test_the_key_of_a_model_that_is_gone_is_never_given_again():
    keys = set()
    for _ in range(20):
        keys.add(architecture_key(net(Forgetful(2.0))))
        gc.collect()
    assert len(keys) == 20


def _adds_from_python(by):
    if keras.backend.backend() == "jax":
        import jax

        return lambda x: (
            x
            + jax.pure_callback(
                lambda a: np.full_like(a, by),
                jax.ShapeDtypeStruct(x.shape, x.dtype),
                jax.lax.stop_gradient(x),
            )
        )
    import tensorflow as tf

    def add(x):
        there = tf.numpy_function(lambda a: np.full_like(a, by), [x], tf.float32)
        return x + tf.ensure_shape(tf.stop_gradient(there), x.shape)

    return add


@pytest.mark.xla
@pytest.mark.parametrize("by", [0.5, 2.0])
def test_xla_failed_on_what_calls_back_into_python(by):
    _check(
        lambda: net(layers.Lambda(_adds_from_python(by), output_shape=(5,))),
        "keras",
        "The model calls back into Python.",
    )


@on_tensorflow
def test_a_variable_that_keras_does_not_know_was_that_of_the_first_network():
    import tensorflow as tf

    def make(by):
        variable = tf.Variable(by)
        return net(layers.Lambda(lambda x: x * variable))

    reason = "The model refers to variables or tables that are not its own."
    for by in (0.5, 2.0):
        _check(lambda by=by: make(by), "keras", reason)
        model = make(by)
        expected = model.predict(X, verbose=0)
        np.testing.assert_allclose(predict(model, X), expected, rtol=1e-4, atol=1e-6)
