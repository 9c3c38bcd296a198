"""What the engine's keys read of Keras beyond its public names is still there."""

import keras
import numpy as np
import pytest

from kerasweep.training.engine._private import (
    NAMES,
    base_optimizer,
    build_losses_and_metrics,
    graph_of,
    is_tool_of_keras,
    is_tracked_collection,
    prepares_data,
)


def _objects():
    from keras.src.backend.common import global_state

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss=keras.losses.Huber(), metrics=[keras.metrics.MeanSquaredError()])
    model.optimizer.build(model.trainable_variables)
    rows = np.zeros((2, 2), "float32")
    build_losses_and_metrics(model, (rows, rows[:, :1], None))
    features = keras.Input((2,))
    functional = keras.Model(features, keras.layers.Dense(1)(features))
    return {
        "model": model,
        "sequential": model,
        "functional": functional,
        "node": graph_of(functional)[1][0],
        "metric": keras.metrics.Mean(),
        "compile_loss": model._compile_loss,
        "compile_metrics": model._compile_metrics,
        "optimizer": model.optimizer,
        "base_optimizer": base_optimizer(),
        "global_state": global_state,
        "wrapped": keras.losses.Huber(),
        "wrapped_metric": keras.metrics.MeanSquaredError(),
        "scope": keras.StatelessScope(),
    }


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner in NAMES for name in NAMES[owner]]
)
def test_private_name_of_keras(owner, name):
    found = _objects()[owner]
    assert hasattr(found, name), f"Keras' {type(found).__name__} has no {name} now."


def test_modules_of_keras_are_where_they_were():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.kept = [1, 2]
    assert is_tracked_collection(model.kept) and is_tool_of_keras(model.kept)
    assert not is_tracked_collection([1, 2])
    assert prepares_data(keras.layers.Normalization())
    assert prepares_data(keras.layers.RandomFlip())
    assert not prepares_data(keras.layers.Dense(1))
