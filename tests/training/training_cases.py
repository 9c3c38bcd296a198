"""Small data and models for the tests of training."""

import keras
import numpy as np

from kerasweep.networks import dense_network
from kerasweep.training import Blueprint, TrainingJob

_rng = np.random.default_rng(0)
X = _rng.normal(size=(400, 12)).astype("float32")
Y = ((X[:, :3].sum(axis=1) > 0).astype("int32") + (X[:, 3] > 1)).astype("int32")
WEIGHTS = _rng.uniform(0.1, 2.0, size=400).astype("float32")
TRAIN = slice(0, 310)  # 310 rows in batches of 32: the last one has 22
VALIDATION = slice(310, 400)


def network(
    optimizer=None,
    seed=1,
    units=16,
    regularizer=None,
    constraint=None,
    batch_norm=False,
    dropout=0.0,
    loss="sparse_categorical_crossentropy",
    metrics=("accuracy",),
):
    keras.utils.set_random_seed(seed)
    layers = [
        keras.Input((X.shape[1],)),
        keras.layers.Dense(
            units,
            activation="relu",
            kernel_regularizer=regularizer,
            kernel_constraint=constraint,
        ),
    ]
    if batch_norm:
        layers.append(keras.layers.BatchNormalization())
    if dropout:
        layers.append(keras.layers.Dropout(dropout, seed=seed))
    layers.append(keras.layers.Dense(3, activation="softmax"))
    model = keras.Sequential(layers)
    model.compile(
        optimizer=optimizer or keras.optimizers.Adam(0.01),
        loss=loss,
        metrics=list(metrics),
    )
    return model


def job(model, *, rows=TRAIN, weights=None, validation=False, **fields):
    settings = {"epochs": 4, "batch_size": 32, "seed": 3} | fields
    return TrainingJob(
        model,
        (X[rows], Y[rows], None if weights is None else weights[rows]),
        validation=(X[VALIDATION], Y[VALIDATION], None) if validation else None,
        **settings,
    )


def values(trained):
    """All variables of a model, or a job's, and its optimizer, except the seeds."""
    model = trained.network.model if hasattr(trained, "network") else trained
    return [np.asarray(v.value) for v in [*model.weights, *model.optimizer.variables]]


def assert_same_network(actual, expected, rtol=1e-4, atol=3e-6):
    for a, b in zip(values(actual), values(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def assert_same_history(actual, expected, rtol=1e-4, atol=1e-5):
    assert set(actual) == set(expected)
    for name, curve in expected.items():
        np.testing.assert_allclose(
            actual[name], curve, rtol=rtol, atol=atol, err_msg=name
        )


TRAINING = {
    "optimizer": "adam",
    "loss": "sparse_categorical_crossentropy",
    "metrics": ("accuracy",),
}


def dense(optimizer="adam", *, sizes=(8, 4), batch_normalization=False, **numbers):
    numbers = {
        "l1": 0.0,
        "l2": 0.0,
        "max_norm": None,
        "dropout": (0.0,) * len(sizes),
        "input_dropout": 0.0,
        "learning_rate": 0.01,
    } | numbers
    if optimizer in ("sgd", "rmsprop"):
        numbers.setdefault("momentum", 0.0)
    arguments = {
        "n_features": X.shape[1],
        "n_outputs": 3,
        "hidden_layer_sizes": sizes,
        "activation": "relu",
        "output_activation": "softmax",
        "batch_normalization": batch_normalization,
    }
    blueprint = Blueprint.of(
        dense_network,
        arguments,
        numbers,
        training=TRAINING | {"optimizer": optimizer},
        dropout=("input_dropout", "dropout"),
    )
    return blueprint, numbers
