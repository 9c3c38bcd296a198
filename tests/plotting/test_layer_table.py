"""Layers, shapes and counts, of estimators and of models."""

import keras
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from kerasweep import DenseClassifier, PixelScaler, layer_table
from kerasweep.networks import conv_network

X, y = np.random.default_rng(0).uniform(size=(60, 6)), np.arange(60) % 3


def test_a_convolutional_network_by_hand():
    table = layer_table(conv_network((8, 8, 1), 3, filters=(4,), dense=()))
    assert table["layer"].tolist() == ["conv_1", "pool_1", "flatten", "output"]
    assert table["kind"].tolist() == ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]
    assert table["output"].tolist() == [(6, 6, 4), (3, 3, 4), (36,), (3,)]
    assert table["parameters"].tolist() == [40, 0, 0, 37 * 3]


def test_batch_statistics_are_not_trained():
    model = conv_network((8, 8, 1), 3, filters=(4,), batch_normalization=True)
    row = layer_table(model).set_index("layer").loc["conv_normalization_1"]
    assert (row["parameters"], row["trainable"]) == (16, 8)


def test_estimators_pipelines_and_searches():
    net = DenseClassifier((5,), epochs=1)
    search = GridSearchCV(make_pipeline(PixelScaler(1.0), net), {}, cv=2).fit(X, y)
    for fitted in (search, search.best_estimator_, search.best_estimator_[-1]):
        table = layer_table(fitted)
        assert table["parameters"].tolist() == [7 * 5, 6 * 3]


def test_models_with_an_input_layer_and_a_model_inside():
    image = keras.Input((8, 8, 1))
    inner = conv_network((8, 8, 1), 3, filters=(4,), dense=())
    table = layer_table(keras.Model(image, inner(image)))
    assert table["parameters"].tolist() == [inner.count_params()]


@pytest.mark.parametrize("thing", [3, DecisionTreeClassifier().fit(X, y)])
def test_what_holds_no_network(thing):
    with pytest.raises(ValueError, match="network of layer_table must be a Keras"):
        layer_table(thing)
