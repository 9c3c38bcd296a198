"""Pairs of networks that differ, or do not, in one thing; each is made from a value."""

import functools

import keras
import numpy as np

ops, layers = keras.ops, keras.layers
_rng = np.random.default_rng(0)
X = _rng.normal(size=(44, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32") + (X[:, 1] > 0.5)
ONE_HOT = np.eye(3, dtype="float32")[Y]
RATES = keras.optimizers.schedules

gain_of_the_module = 1.0


def compiled(model, loss="categorical_crossentropy", optimizer=None, **settings):
    model.compile(optimizer or keras.optimizers.SGD(0.3), loss, **settings)
    return model


def net(*extra, seed=1, settings=None, output="softmax", **dense):
    keras.utils.set_random_seed(seed)
    hidden = layers.Dense(5, **{"activation": "tanh", **dense})
    stack = [keras.Input((4,)), hidden, *extra, layers.Dense(3, activation=output)]
    return compiled(keras.Sequential(stack), **(settings or {}))


def policies(one_for_all):
    """Give each layer the global policy itself, or one of its own, as pickling does."""
    of_hidden = None if one_for_all else keras.DTypePolicy("float32")
    return net(dtype=of_hidden)


def helpers(one_for_all):
    """Give two layers one regularizer and constraint, or each its own equal ones."""
    made = [
        {
            "activity_regularizer": regularizers.L1(0.1),
            "kernel_regularizer": regularizers.OrthogonalRegularizer(0.1),
            "kernel_constraint": constraints.UnitNorm(),
        }
        for _ in range(2)
    ]
    return net(layers.Dense(5, **made[0 if one_for_all else 1]), **made[0])


def with_loss(loss, **fields):
    return net(settings={"loss": loss}, **fields)


def with_metric(metric):
    return net(settings={"metrics": [metric]})


def with_optimizer(optimizer, **fields):
    return net(settings={"optimizer": optimizer}, **fields)


def closure_activation(v):
    return net(activation=lambda x: ops.leaky_relu(x, v))


def default_argument(v):
    def activation(x, slope=v):
        return ops.leaky_relu(x, slope)

    return net(activation=activation)


def scaled_relu(x, by):
    return by * ops.relu(x)


class Scaler:
    def __init__(self, by):
        self.by = by

    def apply(self, x):
        return self.by * ops.relu(x)

    __call__ = apply


class Gain(layers.Layer):
    """A layer whose configuration tells nothing."""

    at_inference = None
    of_class = 1.0

    def __init__(self, by=1.0, **kwargs):
        super().__init__(**kwargs)
        self.by = by

    def call(self, x, training=False):
        by = self.by * self.of_class
        if not training and self.at_inference is not None:
            by = self.at_inference
        return x * by


def attribute_of_own_layer(v):
    layer = Gain()
    layer.by = v
    return net(layer)


def attribute_of_keras_layer(v):
    layer = layers.LeakyReLU(0.1)
    layer.negative_slope = v
    return net(layer)


def only_at_inference(v):
    layer = Gain()
    layer.at_inference = v
    return net(layer)


def class_attribute(v):
    return net(type("Gain", (Gain,), {"of_class": v})())


def edited_class(v):
    if v == 1:

        class Edited(layers.Layer):
            def call(self, x):
                return x
    else:

        class Edited(layers.Layer):
            def call(self, x):
                return x / 10

    return net(Edited())


def global_read_in_a_call(v):
    global gain_of_the_module
    gain_of_the_module = v
    return net(layers.Lambda(lambda x: x * gain_of_the_module))


def method_replaced_on_a_layer(v):
    layer = layers.Activation("linear")
    layer.call = lambda x: x * v
    return net(layer)


def keras_class_patched(v):
    layer = layers.LeakyReLU(0.3)
    keras.layers.LeakyReLU.call = lambda self, x: ops.leaky_relu(x, v)
    return net(layer)


def own_gradient(v):
    if keras.backend.backend() == "jax":
        from jax import custom_gradient
    else:
        from tensorflow import custom_gradient

    @custom_gradient
    def same(x):
        return x * 1.0, lambda upstream: upstream * v

    return net(layers.Lambda(same))


def loss_of_a_layer(v):
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(v * ops.mean(x**2))
            return x

    return net(Penalty())


def wrapped(v):
    class Wrapper(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = layers.LeakyReLU(v)

        def call(self, x):
            return self.inner(x)

    return net(Wrapper())


def squared(y, p, power=2.0):
    return ops.mean(ops.abs(y - p) ** power, axis=-1)


class OwnLoss(keras.Loss):
    def __init__(self, power=2.0):
        super().__init__()
        self.power = power

    def call(self, y, p):
        return squared(y, p, self.power)


class OwnMetric(keras.metrics.Mean):
    def __init__(self, factor):
        super().__init__(name="own")
        self.factor = factor

    def update_state(self, y, p, sample_weight=None):
        super().update_state(self.factor * squared(y, p), sample_weight)


def named_metric(v):
    def own(y, p):
        return v * squared(y, p)

    return with_metric(own)


class OwnRegularizer(keras.regularizers.Regularizer):
    def __init__(self, power):
        self.power = power

    def __call__(self, w):
        return 0.1 * ops.sum(ops.abs(w) ** self.power)


class DoubledL2(keras.regularizers.L2):
    factor = 2.0

    def __call__(self, w):
        return self.factor * super().__call__(w)


class OwnConstraint(keras.constraints.Constraint):
    def __init__(self, bound):
        self.bound = bound

    def __call__(self, w):
        return ops.clip(w, -self.bound, self.bound)


def doubled(v):
    regularizer = DoubledL2(0.1)
    regularizer.factor = v
    return net(kernel_regularizer=regularizer)


def adapted(v):
    layer = layers.Normalization()
    layer.adapt(v * X[:, :4] + v)
    keras.utils.set_random_seed(1)
    stack = [keras.Input((4,)), layer, layers.Dense(3, activation="softmax")]
    return compiled(keras.Sequential(stack))


def adapted_bins(v):
    layer = layers.Discretization(num_bins=3, output_mode="int")
    layer.adapt(X + v)
    keras.utils.set_random_seed(1)
    stack = [keras.Input((4,)), layer, layers.Dense(3, activation="softmax")]
    return compiled(keras.Sequential(stack))


def order(v):
    pair = [layers.LeakyReLU(0.2), layers.Rescaling(-2.0)]
    return net(*pair[::v])


def functional(of):
    keras.utils.set_random_seed(1)
    features = keras.Input((4,))
    hidden = of(features)
    outputs = layers.Dense(3, activation="softmax")(hidden)
    return compiled(keras.Model(features, outputs))


def shared_layer(v):
    def of(x):
        first = layers.Dense(4, activation="tanh", kernel_initializer="ones")
        second = layers.Dense(4, activation="tanh", kernel_initializer="ones")
        # Both have both layers' variables, used in different ways.
        x = second(first(x))
        return (first if v else second)(x)

    return functional(of)


def frozen(v):
    model = net()
    model.layers[0].trainable = v
    return compiled(model)


def without_decay(v):
    optimizer = keras.optimizers.AdamW(0.05, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=[v])
    return with_optimizer(optimizer)


def named_where_decay_is_left_out(v):
    optimizer = keras.optimizers.AdamW(0.05, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["whole"])
    return with_optimizer(optimizer, name=v)


def epsilon(v):
    keras.config.set_epsilon(v)
    return with_loss("kl_divergence")


def clipped(v):
    optimizer = keras.optimizers.SGD(0.3)
    optimizer.clipnorm = v
    return with_optimizer(optimizer)


def mutable_default(v):
    state = {"by": [v]}
    return net(layers.Lambda(lambda x: x * state["by"][0]))


def loss_with(cls, name):
    return lambda v: with_loss(cls(**{name: v}))


losses, metrics, optimizers = keras.losses, keras.metrics, keras.optimizers
regularizers, constraints = keras.regularizers, keras.constraints

DIFFERENT = {
    "activation by name": (lambda v: net(activation=v), "relu", "tanh"),
    "closure in an activation": (closure_activation, 0.1, 3.0),
    "default argument": (default_argument, 0.1, 3.0),
    "partial of Keras' function": (
        lambda v: net(
            activation=functools.partial(keras.activations.leaky_relu, negative_slope=v)
        ),
        0.1,
        3.0,
    ),
    "partial of an own function": (
        lambda v: net(activation=functools.partial(scaled_relu, by=v)),
        0.5,
        2.0,
    ),
    "bound method": (lambda v: net(activation=Scaler(v).apply), 0.5, 2.0),
    "callable object": (lambda v: net(activation=Scaler(v)), 0.5, 2.0),
    "closure in a Lambda": (
        lambda v: net(layers.Lambda(lambda x: x * v)),
        0.5,
        2.0,
    ),
    "argument of an own layer": (lambda v: net(Gain(v)), 0.5, 2.0),
    "attribute of an own layer": (attribute_of_own_layer, 0.5, 2.0),
    "attribute of Keras' layer": (attribute_of_keras_layer, 0.1, 3.0),
    "only at inference": (only_at_inference, 0.5, 2.0),
    "class attribute": (class_attribute, 0.5, 2.0),
    "edited class": (edited_class, 1, 10),
    "module's global": (global_read_in_a_call, 0.5, 2.0),
    "object in a closure": (mutable_default, 0.5, 2.0),
    "method replaced on a layer": (method_replaced_on_a_layer, 0.5, 2.0),
    "Keras' class patched": (keras_class_patched, 0.1, 3.0),
    "own gradient": (own_gradient, 0.5, 2.0),
    "loss of a layer": (loss_of_a_layer, 0.1, 3.0),
    "layer in an own layer": (wrapped, 0.1, 3.0),
    "NumPy array in a closure": (
        lambda v: (lambda a: net(layers.Lambda(lambda x: x * a)))(
            np.full(5, v, "float32")
        ),
        0.5,
        2.0,
    ),
    "tensor in a closure": (
        lambda v: (lambda a: net(layers.Lambda(lambda x: x * a)))(
            ops.convert_to_tensor(np.full(5, v, "float32"))
        ),
        0.5,
        2.0,
    ),
    "closure in a loss": (
        lambda v: with_loss(lambda y, p: squared(y, p, v)),
        2.0,
        4.0,
    ),
    "own loss": (lambda v: with_loss(OwnLoss(v)), 2.0, 4.0),
    "Huber's delta": (loss_with(losses.Huber, "delta"), 0.1, 2.0),
    "label smoothing": (
        loss_with(losses.CategoricalCrossentropy, "label_smoothing"),
        0.0,
        0.3,
    ),
    "logits": (
        lambda v: with_loss(
            losses.CategoricalCrossentropy(from_logits=v), output="softplus"
        ),
        True,
        False,
    ),
    "reduction": (
        loss_with(losses.CategoricalCrossentropy, "reduction"),
        "sum",
        "sum_over_batch_size",
    ),
    "axis of a loss": (loss_with(losses.CategoricalCrossentropy, "axis"), -1, 0),
    "focal gamma": (loss_with(losses.CategoricalFocalCrossentropy, "gamma"), 1.0, 5.0),
    "focal alpha": (loss_with(losses.CategoricalFocalCrossentropy, "alpha"), 0.2, 0.9),
    "loss weight": (lambda v: net(settings={"loss_weights": v}), 1.0, 0.2),
    "closure in a metric": (named_metric, 1.0, 3.0),
    "own metric": (lambda v: with_metric(OwnMetric(v)), 1.0, 3.0),
    "threshold of a metric": (
        lambda v: with_metric(metrics.Precision(thresholds=v, name="precision")),
        0.3,
        0.6,
    ),
    "closure in a regularizer": (
        lambda v: net(kernel_regularizer=lambda w: 0.1 * ops.sum(ops.abs(w) ** v)),
        1.0,
        3.0,
    ),
    "own regularizer": (
        lambda v: net(kernel_regularizer=OwnRegularizer(v)),
        1.0,
        3.0,
    ),
    "own kind of L2": (doubled, 2.0, 5.0),
    "kind of penalty": (
        lambda v: net(kernel_regularizer=v),
        regularizers.L1(0.1),
        regularizers.L2(0.1),
    ),
    "orthogonality": (
        lambda v: net(kernel_regularizer=regularizers.OrthogonalRegularizer(v)),
        0.1,
        0.9,
    ),
    "penalty on activity": (
        lambda v: net(activity_regularizer=regularizers.L2(v)),
        0.1,
        0.9,
    ),
    "own constraint": (lambda v: net(kernel_constraint=OwnConstraint(v)), 0.1, 0.5),
    "axis of a constraint": (
        lambda v: net(kernel_constraint=constraints.MaxNorm(0.3, axis=v)),
        0,
        1,
    ),
    "adapted Normalization": (adapted, 1.0, 3.0),
    "adapted Discretization": (adapted_bins, 0.0, 2.0),
    "given mean": (
        lambda v: net(layers.Normalization(mean=v, variance=1.0)),
        0.0,
        2.0,
    ),
    "precision": (lambda v: net(dtype=v), "float32", "bfloat16"),
    "order of layers": (order, 1, -1),
    "shared layer": (shared_layer, True, False),
    "frozen layer": (frozen, True, False),
    "constant in a graph": (lambda v: functional(lambda x: ops.tanh(x) * v), 0.5, 2.0),
    "axis in a graph": (
        lambda v: functional(lambda x: x - ops.mean(x, axis=v, keepdims=True)),
        0,
        1,
    ),
    "slice in a graph": (lambda v: functional(lambda x: x[:, v : v + 2]), 0, 2),
    "epsilon of a layer": (
        lambda v: net(layers.LayerNormalization(epsilon=v)),
        1e-3,
        1.0,
    ),
    "momentum of a layer": (
        lambda v: net(layers.BatchNormalization(momentum=v)),
        0.5,
        0.9,
    ),
    "epsilon of Keras": (epsilon, 1e-7, 0.2),
    "optimizer": (
        lambda v: with_optimizer(v(0.05)),
        optimizers.RMSprop,
        optimizers.Adam,
    ),
    "nesterov": (
        lambda v: with_optimizer(optimizers.SGD(0.1, momentum=0.9, nesterov=v)),
        True,
        False,
    ),
    "clipping set later": (clipped, 0.01, 0.1),
    "excluded from weight decay": (without_decay, "kernel", "bias"),
    "settings of a schedule": (
        lambda v: with_optimizer(optimizers.SGD(RATES.ExponentialDecay(0.5, 2, v))),
        0.9,
        0.1,
    ),
    "schedule": (
        lambda v: with_optimizer(optimizers.SGD(v(0.5, 4))),
        RATES.CosineDecay,
        RATES.PolynomialDecay,
    ),
}


def fading(start):
    """Make a schedule of a class of its own, without a configuration."""

    class Fading(RATES.LearningRateSchedule):
        def __call__(self, step):
            return start / (1.0 + ops.cast(step, "float32"))

    return with_optimizer(optimizers.SGD(Fading()))


if keras.backend.backend() == "tensorflow":  # elsewhere a layer's name does not count
    DIFFERENT["name of a layer, as weight decay has it"] = (
        named_where_decay_is_left_out,
        "whole",
        "decayed",
    )
DIFFERENT["own schedule"] = (fading, 0.5, 0.05)


def identical_class(v):
    class Edited(layers.Layer):
        def call(self, x):
            return ops.tanh(x) * 0.5

    return net(Edited(), seed=v)


def named(v):
    model = net(name=v)
    model.name = v + "s"
    return model


EQUAL = {
    "seed": (lambda v: net(seed=v), 1, 2),
    "name": (named, "first", "second"),
    "initializer": (lambda v: net(kernel_initializer=v), "he_normal", "ones"),
    "bias initializer": (lambda v: net(bias_initializer=v), "zeros", "ones"),
    "L2": (lambda v: net(kernel_regularizer=regularizers.L2(v)), 0.1, 0.5),
    "L1": (lambda v: net(kernel_regularizer=regularizers.L1(v)), 0.1, 0.5),
    "L1 and L2": (
        lambda v: net(bias_regularizer=regularizers.L1L2(v, 1 - v)),
        0.1,
        0.5,
    ),
    "maximal norm": (
        lambda v: net(kernel_constraint=constraints.MaxNorm(v)),
        0.1,
        0.5,
    ),
    "learning rate": (lambda v: with_optimizer(optimizers.SGD(v)), 0.1, 0.5),
    "momentum": (
        lambda v: with_optimizer(optimizers.SGD(0.1, momentum=v)),
        0.5,
        0.9,
    ),
    "beta": (lambda v: with_optimizer(optimizers.Adam(0.05, beta_1=v)), 0.5, 0.9),
    "rho": (lambda v: with_optimizer(optimizers.RMSprop(0.05, rho=v)), 0.5, 0.9),
    "epsilon": (lambda v: with_optimizer(optimizers.Adam(0.05, epsilon=v)), 0.5, 0.9),
    "weight decay": (
        lambda v: with_optimizer(optimizers.AdamW(0.05, weight_decay=v)),
        0.1,
        0.3,
    ),
    "a schedule made twice": (
        lambda v: with_optimizer(
            optimizers.SGD(RATES.ExponentialDecay(0.5, 2, 0.9)), seed=v
        ),
        1,
        2,
    ),
    "own schedule made twice": (lambda v: fading(0.5), 1, 2),
    "loss made twice": (lambda v: with_loss(losses.Huber(0.5), seed=v), 1, 2),
    "metric made twice": (
        lambda v: net(settings={"metrics": [metrics.AUC(name="auc")]}, seed=v),
        1,
        2,
    ),
    "partial made twice": (
        lambda v: net(
            seed=v,
            activation=functools.partial(
                keras.activations.leaky_relu, negative_slope=0.1
            ),
        ),
        1,
        2,
    ),
    "same statistics": (
        lambda v: net(
            layers.Normalization(mean=0.5, variance=2.0, name=f"scaled_{v}"), seed=v
        ),
        1,
        2,
    ),
    "closure made twice": (
        lambda v: (lambda slope: net(seed=v, activation=lambda x: slope * x))(0.5),
        1,
        2,
    ),
    "own loss at another rate": (
        lambda v: net(
            settings={"loss": OwnLoss(3.0), "optimizer": optimizers.SGD(v)},
        ),
        0.1,
        0.5,
    ),
    "own loss with another L2": (
        lambda v: with_loss(OwnLoss(3.0), kernel_regularizer=regularizers.L2(v)),
        0.1,
        0.5,
    ),
    "class made twice": (identical_class, 1, 2),
    "one dtype policy for all layers": (policies, True, False),
    "one regularizer for all layers": (helpers, True, False),
    "equal arrays in closures": (
        lambda v: (lambda a: net(layers.Lambda(lambda x: x * a), seed=v))(
            np.full(5, 0.5, "float32")
        ),
        1,
        2,
    ),
    "own regularizer made twice": (
        lambda v: net(kernel_regularizer=OwnRegularizer(2.0), seed=v),
        1,
        2,
    ),
    "own gradient made twice": (
        lambda v: own_gradient(2.0),
        1,
        2,
    ),
}
