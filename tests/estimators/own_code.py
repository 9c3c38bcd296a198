"""Estimators with every kind of part of a user's own, none registered with Keras.

Run as a script, it writes pickles of them, whose classes and functions are then those
of a main module that is gone when they are read.
"""

import pickle
import sys

import keras
import numpy as np
from sklearn.datasets import load_iris

from kerasweep import DenseClassifier, KerasClassifier

ops = keras.ops
X, y = load_iris(return_X_y=True)
FAST = {"epochs": 1, "batch_size": 75, "random_state": 0, "engine": "keras"}


def own_loss(y_true, y_pred):
    return keras.losses.categorical_crossentropy(y_true, y_pred)


class OwnLoss(keras.losses.Loss):
    def __init__(self, by=1.0):
        super().__init__(name="own")
        self.by = by

    def call(self, y_true, y_pred):
        return self.by * own_loss(y_true, y_pred)


class Share(keras.metrics.Mean):
    """The share of rows whose largest probability is above a bound."""

    def __init__(self, above=0.5, name="share", dtype=None):
        super().__init__(name=name)
        self.above = above

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(ops.cast(ops.max(y_pred, 1) > self.above, "float32"))


class Fading(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, start=0.01):
        self.start = start

    def __call__(self, step):
        return self.start / (1.0 + ops.cast(step, "float32"))


class Slow(keras.optimizers.SGD):
    def __init__(self, by=0.5, **kwargs):
        super().__init__(learning_rate=0.1, **kwargs)
        self.by = by

    def get_config(self):
        return {"name": self.name}

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self.by, variable, learning_rate)


class Squares(keras.regularizers.Regularizer):
    def __init__(self, by):
        self.by = by

    def __call__(self, x):
        return self.by * ops.sum(ops.square(x))


class Positive(keras.constraints.Constraint):
    def __call__(self, w):
        return ops.maximum(w, 0.0)


class Halves(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return 0.5 * ops.ones(shape, dtype)


class Gain(keras.layers.Layer):
    """Computes with a number that is neither a variable nor in a configuration."""

    def __init__(self, by=1.0, **kwargs):
        super().__init__(**kwargs)
        self.by = by
        self.table = np.linspace(1, 2, 4, dtype="float32")

    def call(self, x):
        return x * self.by * self.table

    def get_config(self):
        return super().get_config()


class Scaled(keras.layers.Layer):
    """Computes with what it was adapted to, and not before."""

    def __init__(self, **others):
        super().__init__(**others)
        self.mean = None

    def adapt(self, rows):
        self.mean = np.mean(rows, axis=0, dtype="float32")
        self.deviation = ops.convert_to_tensor(self.mean + 1)

    def call(self, x):
        return (x - self.mean) / self.deviation


def adapted():
    layer = Scaled()
    layer.adapt(X)
    return [layer]


class Ending(keras.callbacks.Callback):
    pass


def activation(slope):
    return lambda x: ops.maximum(x, slope * x)


def dense(*middle, **settings):
    def network(meta):
        layers = [keras.Input((4,)), *middle]
        return keras.Sequential([*layers, keras.layers.Dense(3, "softmax", **settings)])

    return network


def fresh(make):
    """Give a model function that makes its layers anew for each fit."""
    return lambda meta: dense(*make())(meta)


def hidden(**settings):
    return lambda: [keras.layers.Dense(4, **settings)]


def two_activations():
    return [keras.layers.Dense(4, activation=activation(s)) for s in (-2.0, 0.5)]


def compiled(meta):
    model = dense()(meta)
    model.compile(Slow(0.1), OwnLoss(2.0), metrics=[Share(0.0)])
    return model


MADE = {
    "loss function": lambda: KerasClassifier(dense(), loss=own_loss, **FAST),
    "loss": lambda: KerasClassifier(dense(), loss=OwnLoss(3.0), **FAST),
    "loss class": lambda: KerasClassifier(dense(), loss=OwnLoss, loss__by=3.0, **FAST),
    "metric": lambda: KerasClassifier(dense(), metrics=[Share(0.0)], **FAST),
    "schedule": lambda: KerasClassifier(
        dense(), optimizer=keras.optimizers.Adam(Fading()), **FAST
    ),
    "routed schedule": lambda: KerasClassifier(
        dense(), optimizer__learning_rate=Fading(), **FAST
    ),
    "schedule of ours": lambda: DenseClassifier((4,), learning_rate=Fading(), **FAST),
    "optimizer": lambda: KerasClassifier(dense(), optimizer=Slow(0.2), **FAST),
    "regularizer": lambda: KerasClassifier(
        fresh(hidden(kernel_regularizer=Squares(0.1))), **FAST
    ),
    "constraint": lambda: KerasClassifier(
        fresh(hidden(kernel_constraint=Positive())), **FAST
    ),
    "initializer": lambda: KerasClassifier(
        fresh(hidden(kernel_initializer=Halves())), **FAST
    ),
    "two activations of one name": lambda: KerasClassifier(
        fresh(two_activations), **FAST
    ),
    "layer": lambda: KerasClassifier(fresh(lambda: [Gain(3.0)]), **FAST),
    "adapted layer": lambda: KerasClassifier(fresh(adapted), **FAST),
    "Lambda": lambda: KerasClassifier(
        fresh(lambda: [keras.layers.Lambda(lambda x: ops.square(x))]), **FAST
    ),
    "callback": lambda: KerasClassifier(dense(), callbacks=[Ending()], **FAST),
    "compiled": lambda: KerasClassifier(compiled, **FAST),
}

if __name__ == "__main__":
    for number, make in enumerate(MADE.values()):
        net = make().fit(X, y)
        with open(f"{sys.argv[1]}/{number}.pickle", "wb") as file:
            pickle.dump((net, net.predict_proba(X)), file)
