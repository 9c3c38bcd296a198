"""The compiled engine computes what ``Model.fit`` computes."""

import keras
import numpy as np
import pytest
from tiers import fast_are, in_slow_tier
from training_cases import (
    TRAIN,
    WEIGHTS,
    X,
    Y,
    assert_same_history,
    assert_same_network,
    job,
    network,
)

from kerasweep.training import EarlyStopping, TrainingJob, train

# Keras 3.15 reads its variables (Model.save; on JAX Model.get_weights too, and so
# Keras' own EarlyStopping) through an __array__ of NumPy 1's signature.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)

optimizers = keras.optimizers
regularizers = keras.regularizers

CASES = {
    "sgd": ({"optimizer": lambda: optimizers.SGD(0.1)}, {}),
    "momentum": ({"optimizer": lambda: optimizers.SGD(0.05, momentum=0.9)}, {}),
    "nesterov": (
        {"optimizer": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True)},
        {},
    ),
    "adam": ({}, {}),
    "adamw with clipping": (
        {"optimizer": lambda: optimizers.AdamW(0.01, weight_decay=0.02, clipnorm=1.0)},
        {},
    ),
    "clipvalue": ({"optimizer": lambda: optimizers.SGD(0.1, clipvalue=0.01)}, {}),
    "rmsprop": ({"optimizer": lambda: optimizers.RMSprop(0.01, momentum=0.5)}, {}),
    "nadam": ({"optimizer": lambda: optimizers.Nadam(0.01)}, {}),
    "adagrad": ({"optimizer": lambda: optimizers.Adagrad(0.1)}, {}),
    "adadelta": ({"optimizer": lambda: optimizers.Adadelta(0.5)}, {}),
    "adamax": ({"optimizer": lambda: optimizers.Adamax(0.01)}, {}),
    "ftrl": ({"optimizer": lambda: optimizers.Ftrl(0.1)}, {}),
    "lion": ({"optimizer": lambda: optimizers.Lion(0.001)}, {}),
    "schedule": (
        {
            "optimizer": lambda: optimizers.SGD(
                optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
            )
        },
        {},
    ),
    "l1": ({"regularizer": lambda: regularizers.L1(0.002)}, {}),
    "l2": ({"regularizer": lambda: regularizers.L2(0.01)}, {}),
    "l1 and l2": ({"regularizer": lambda: regularizers.L1L2(0.001, 0.003)}, {}),
    "l1 of zero and l2": ({"regularizer": lambda: regularizers.L1L2(0.0, 0.003)}, {}),
    "max norm": ({"constraint": lambda: keras.constraints.MaxNorm(0.8)}, {}),
    "unit norm": ({"constraint": lambda: keras.constraints.UnitNorm()}, {}),
    "batch norm": ({"batch_norm": True}, {}),
    "sample weights": ({}, {"weights": WEIGHTS}),
    "weights and batch norm": ({"batch_norm": True}, {"weights": WEIGHTS}),
    "full batches": ({}, {"rows": slice(0, 320)}),
    "one incomplete batch": ({}, {"rows": slice(0, 21)}),
    "batch norm, one incomplete batch": ({"batch_norm": True}, {"rows": slice(0, 21)}),
    "sum of losses": (
        {
            "loss": lambda: keras.losses.SparseCategoricalCrossentropy(reduction="sum"),
            "optimizer": lambda: optimizers.SGD(0.003),
        },
        {},
    ),
    "other metrics": (
        {
            "metrics": lambda: (
                "accuracy",
                keras.metrics.SparseTopKCategoricalAccuracy(2, name="top2"),
                "sparse_categorical_crossentropy",
            )
        },
        {"weights": WEIGHTS},
    ),
    "later epochs": ({}, {"first_epoch": 7}),
    "much at once": (
        {
            "optimizer": lambda: optimizers.SGD(
                optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), momentum=0.5
            ),
            "regularizer": lambda: regularizers.L1L2(0.001, 0.003),
            "constraint": lambda: keras.constraints.MaxNorm(0.8),
            "metrics": lambda: (
                "accuracy",
                keras.metrics.SparseTopKCategoricalAccuracy(2, name="top2"),
                "sparse_categorical_crossentropy",
            ),
        },
        {"weights": WEIGHTS},
    ),
}


def _make(settings):
    return network(**{k: v() if callable(v) else v for k, v in settings.items()})


# An optimizer of each kind, and what enters the loss or the counting of rows.
FAST = ["much at once", "weights and batch norm", "one incomplete batch"]


@pytest.mark.xla
@pytest.mark.parametrize("name", fast_are(FAST, CASES))
def test_same_weights_and_curves_as_keras(name):
    settings, fields = CASES[name]
    ours, theirs = _make(settings), _make(settings)
    actual = train(job(ours, validation=True, engine="compiled", **fields))
    expected = train(job(theirs, validation=True, engine="keras", **fields))
    assert (actual.engine, expected.engine) == ("compiled", "keras")
    assert_same_history(actual.history, expected.history)
    assert_same_network(ours, theirs)


@pytest.mark.parametrize(
    "loss", ["mse", "binary_crossentropy", *in_slow_tier("mae", "huber")]
)
def test_losses_of_one_output(loss):
    def model():
        keras.utils.set_random_seed(0)
        net = keras.Sequential(
            [
                keras.Input((12,)),
                keras.layers.Dense(8, activation="tanh"),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        net.compile(optimizer="sgd", loss=loss, metrics=["mse"])
        return net

    y = (Y > 0).astype("float32")
    jobs = [
        TrainingJob(model(), (X, y, WEIGHTS), 3, 64, seed=1, engine=engine)
        for engine in ("compiled", "keras")
    ]
    ours, theirs = (train(j) for j in jobs)
    assert_same_history(ours.history, theirs.history)
    assert_same_network(jobs[0], jobs[1])


def test_convolutions():
    def model():
        keras.utils.set_random_seed(0)
        net = keras.Sequential(
            [
                keras.Input((12,)),
                keras.layers.Reshape((4, 3, 1)),
                keras.layers.Conv2D(3, 2, activation="relu"),
                keras.layers.MaxPooling2D((3, 2)),
                keras.layers.Flatten(),
                keras.layers.Dense(3, activation="softmax"),
            ]
        )
        net.compile(
            optimizer="adam",
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return net

    ours, theirs = model(), model()
    actual = train(job(ours, validation=True, engine="compiled"))
    expected = train(job(theirs, validation=True, engine="keras"))
    assert_same_history(actual.history, expected.history)
    assert_same_network(ours, theirs)


@pytest.mark.parametrize(
    "batch_norm", [False, pytest.param(True, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(
    "stopping",
    [
        EarlyStopping(patience=2, min_delta=0.02),
        EarlyStopping(patience=1, min_delta=0.05, restore_best_weights=False),
        *in_slow_tier(EarlyStopping(patience=0), EarlyStopping(patience=50)),
    ],
    ids=str,
)
def test_early_stopping_is_that_of_keras(stopping, batch_norm):
    ours, theirs = (
        network(optimizers.Adam(0.1), batch_norm=batch_norm) for _ in range(2)
    )
    fields = {"epochs": 15, "validation": True, "early_stopping": stopping}
    actual = train(job(ours, engine="compiled", **fields))
    expected = train(job(theirs, engine="keras", **fields))
    assert len(actual.history["loss"]) == len(expected.history["loss"])
    assert actual.best_epoch == expected.best_epoch
    assert_same_history(actual.history, expected.history, rtol=1e-3, atol=1e-4)
    assert_same_network(ours, theirs, rtol=2e-3, atol=1e-4)


def test_a_weight_decay_worked_out_by_hand():
    # One row x = 1, y = 0, weight w = 2, squared error and an L2 of 0.5: the
    # gradient is 2w + 2 * 0.5 * w = 6, so a step of 0.1 leads to 2 - 0.6 = 1.4.
    model = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(
                1,
                use_bias=False,
                kernel_initializer=keras.initializers.Constant(2.0),
                kernel_regularizer=keras.regularizers.L2(0.5),
            ),
        ]
    )
    model.compile(optimizer=optimizers.SGD(0.1), loss="mse")
    one = np.ones((1, 1), "float32")
    result = train(
        TrainingJob(model, (one, 0 * one, None), 1, 8, seed=0, engine="compiled")
    )
    assert result.history["loss"] == [pytest.approx(4.0 + 0.5 * 4.0)]
    assert model.get_weights()[0].item() == pytest.approx(1.4)


def test_training_goes_on_where_it_stopped():
    at_once, in_parts = network(), network()
    train(job(at_once, epochs=4, engine="compiled"))
    train(job(in_parts, epochs=1, engine="compiled"))
    train(job(in_parts, epochs=3, first_epoch=1, engine="compiled"))
    assert_same_network(in_parts, at_once)


def test_dropout_is_drawn_from_the_models_own_seeds():
    first, again, other = (network(dropout=0.5, seed=s) for s in (1, 1, 2))
    other.set_weights(first.get_weights())
    for model in (first, again, other):
        train(job(model, engine="compiled"))
    assert_same_network(again, first, atol=0)
    assert np.abs(other.get_weights()[0] - first.get_weights()[0]).max() > 1e-3


def test_saved_model_is_plain_keras(tmp_path):
    model = network(regularizer=regularizers.L1L2(0.1, 0.2))
    train(job(model, engine="compiled"))
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    regularizer = loaded.layers[0].kernel_regularizer
    assert (regularizer.l1, regularizer.l2) == (0.1, 0.2)
    np.testing.assert_allclose(
        loaded.predict(X[TRAIN], verbose=0), model.predict(X[TRAIN], verbose=0)
    )
