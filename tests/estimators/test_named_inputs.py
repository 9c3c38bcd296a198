"""Own models with several inputs and outputs, by name."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ShuffleSplit, cross_val_score
from tiers import in_slow_tier

from kerasweep import (
    KerasClassifier,
    KerasRegressor,
    MlflowTracking,
    export_keras,
    load,
    save,
)

N = 60
# An epoch through Keras takes longer than its batches: few epochs of many.
LONG = {"epochs": 20, "batch_size": 10}


def table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.normal(size=N),
            "town": rng.choice(["Ulm", "Bonn"], N),
            "size": rng.normal(size=N),
        }
    )
    y = np.where((frame["town"] == "Ulm") ^ (frame["age"] > 0), "sick", "well")
    return frame, y


def mixed_network(meta, units=8):
    town = keras.Input((1,), dtype="string", name="town")
    numbers = keras.Input((2,), name="numbers")
    known = keras.layers.StringLookup(
        vocabulary=["Ulm", "Bonn"], output_mode="one_hot"
    )(town)
    hidden = keras.layers.Dense(units, activation="relu")(
        keras.layers.Concatenate()([known, numbers])
    )
    outputs = keras.layers.Dense(meta["n_classes_"], activation="softmax")(hidden)
    return keras.Model([town, numbers], outputs)


def two_inputs(meta):
    a, b = keras.Input((1,), name="a"), keras.Input((1,), name="b")
    sums = keras.layers.Add()([2 * a, b])
    return keras.Model([a, b], keras.layers.Dense(1, use_bias=False)(sums))


def two_outputs(as_dict):
    def network(meta):
        x = keras.Input((2,))
        heads = {
            "low": keras.layers.Dense(2, activation="softmax", name="low")(x),
            "high": keras.layers.Dense(3, activation="softmax", name="high")(x),
        }
        return keras.Model(x, heads if as_dict else list(heads.values()))

    return network


@pytest.fixture(scope="module")
def fitted():
    X, y = table()
    net = KerasClassifier(
        mixed_network, **LONG, random_state=0, optimizer__learning_rate=0.03
    )
    return net.fit(X, y)


def test_columns_reach_their_inputs_and_the_rest_the_one_other(fitted):
    X, y = table()
    assert fitted.engine_ == "keras"
    assert fitted.score(X, y) > 0.9
    assert fitted.n_features_in_ == 3
    direct = fitted.model_.predict(
        {
            "town": keras.ops.convert_to_tensor(
                X[["town"]].to_numpy(str).astype(object)
            ),
            "numbers": X[["age", "size"]].to_numpy(np.float32),
        },
        verbose=0,
    )
    np.testing.assert_allclose(fitted.predict_proba(X), direct, atol=1e-6)
    shuffled = X[["size", "town", "age"]].copy()
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(shuffled)


def test_same_seed_clone_pickle(fitted):
    X, y = table()
    again = clone(fitted).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.predict_proba(X), fitted.predict_proba(X))


def test_a_frame_is_searched_tracked_and_early_stopped(store_uri):
    X, y = table()
    net = KerasClassifier(mixed_network, epochs=3, early_stopping=True, random_state=0)
    split = ShuffleSplit(1, test_size=20, random_state=0)
    search = GridSearchCV(net, {"model__units": [4, 8]}, cv=split)
    search.set_callbacks(
        MlflowTracking("named", tracking_uri=store_uri, log_model=False)
    )
    search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert "val_loss" in search.best_estimator_.history_


def test_a_dict_of_arrays():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, N))
    net = KerasRegressor(two_inputs, **LONG, optimizer__learning_rate=0.05)
    net.fit({"a": a, "b": b[:, None]}, 2 * a + b)
    assert net.score({"b": b, "a": a}, 2 * a + b) > 0.99
    with pytest.raises(AttributeError, match="have no number of features"):
        _ = net.n_features_in_
    assert not hasattr(net, "n_features_in_")
    with pytest.raises(
        ValueError, match=r"must have the names \['a', 'b'\], as in fit"
    ):
        net.predict({"a": a})
    with pytest.raises(TypeError, match=r"DataFrame or a dict .* Got ndarray"):
        net.predict(np.column_stack([a, b]))


def test_a_frame_of_numbers_reaches_several_inputs_and_is_cross_validated():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(N, 2)), columns=["a", "b"])
    net = KerasRegressor(two_inputs, **LONG, optimizer__learning_rate=0.05)
    scores = cross_val_score(net, X, 2 * X["a"] + X["b"], cv=2)
    assert (scores > 0.9).all()


def test_a_frame_for_one_input_stays_one_array():
    X, y = table()
    one = KerasClassifier(
        lambda meta: keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(2, activation="softmax")]
        ),
        epochs=1,
    ).fit(X[["age", "size"]], y)
    assert one.engine_ == "compiled"


@pytest.mark.parametrize("as_dict", [True, *in_slow_tier(False)])
def test_classes_of_several_outputs(as_dict):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2))
    y = pd.DataFrame(
        {
            "high": np.array(["x", "y", "z"])[np.digitize(X[:, 1], [-0.5, 0.5])],
            "low": X[:, 0] > 0,
        }
    )
    net = KerasClassifier(
        two_outputs(as_dict), **LONG, optimizer__learning_rate=0.1, random_state=0
    ).fit(X, y)
    assert net.classes_["high"].tolist() == ["x", "y", "z"]
    found = net.predict(X)
    assert isinstance(found, pd.DataFrame) and found["low"].dtype == bool
    right = (found == y).all(axis=1).mean()
    assert net.score(X, y) == pytest.approx(right) and right > 0.8
    shares = net.predict_proba(X)
    assert shares["low"].shape == (N, 2) and shares["high"].shape == (N, 3)
    np.testing.assert_allclose(shares["high"].sum(axis=1), 1)
    assert any("accuracy" in name for name in net.history_)
    as_dicts = clone(net).fit(X, {name: y[name].to_numpy() for name in y})
    np.testing.assert_array_equal(as_dicts.predict(X)["high"], found["high"])


def test_numbers_of_several_outputs_are_scored_by_their_mean_r2():
    def network(meta):
        x = keras.Input((2,))
        dense = keras.layers.Dense
        heads = {"one": dense(1, name="one")(x), "two": dense(2, name="two")(x)}
        return keras.Model(x, heads)

    X = np.random.default_rng(0).normal(size=(N, 2))
    y = {"one": X[:, 0], "two": X * 3}
    net = KerasRegressor(network, **LONG, optimizer__learning_rate=0.1).fit(X, y)
    found = net.predict(X)
    assert found["one"].shape == (N,) and found["two"].shape == (N, 2)
    assert net.score(X, y) > 0.99 and net.n_outputs_ == 3


@pytest.mark.slow
def test_a_frame_of_numbers_as_targets_is_cross_validated():
    def network(meta):
        x = keras.Input((2,))
        dense = keras.layers.Dense
        return keras.Model(x, [dense(1, name=name)(x) for name in ("sum", "less")])

    X = np.random.default_rng(0).normal(size=(N, 2))
    y = pd.DataFrame({"less": X[:, 0] - X[:, 1], "sum": X.sum(axis=1)})
    net = KerasRegressor(network, **LONG, optimizer__learning_rate=0.1)
    assert (cross_val_score(net, X, y, cv=2, scoring="r2") > 0.9).all()
    weighted = net.fit(X, y, sample_weight=np.linspace(0, 1, N))
    assert list(weighted.predict(X)) == ["less", "sum"]


def test_one_array_of_targets_is_one_output_as_before():
    X = np.random.default_rng(0).normal(size=(N, 2))
    y = pd.DataFrame({"less": X[:, 0] - X[:, 1], "sum": X.sum(axis=1)})
    net = KerasRegressor(
        lambda meta: keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]),
        epochs=1,
    ).fit(X, y)
    assert isinstance(net.predict(X), np.ndarray) and net.engine_ == "compiled"


def _compiled(meta):
    model = two_outputs(True)(meta)
    model.compile(
        "adam",
        {"low": "categorical_crossentropy", "high": "sparse_categorical_crossentropy"},
    )
    return model


def test_a_compiled_model_gets_targets_as_each_loss_takes_them():
    X = np.random.default_rng(0).normal(size=(N, 2))
    y = {"low": X[:, 0] > 0, "high": np.digitize(X[:, 1], [-0.5, 0.5])}
    net = KerasClassifier(_compiled, epochs=2, random_state=0).fit(X, y)
    assert net.predict(X)["high"].shape == (N,)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        ({"a": [1.0, 2], "c": [1, 2], "b": [3, 4]}, r"Got inputs \['a', 'b'\] and col"),
        ({"a": [1.0, 2]}, r"Got inputs \['a', 'b'\] and columns \['a'\]"),
        ({"a": [1.0, 2], "b": [1.0]}, "equally many rows .* Got {'a': 2, 'b': 1}"),
        (
            {"a": [1.0, 2], "b": ["x", "y"]},
            "'b' of X .* must hold numbers for an",
        ),
        ({"a": [1.0, 2], "b": [1, np.nan]}, "'b' of X .* must hold finite numbers"),
        ({"a": [1.0, 2], "b": np.ones((2, 3))}, r"Input 'b' .* shape \(1,\). Got rows"),
        ({}, "must hold an array. Got none"),
        ({"a": [1.0, 2], "b": 3}, "'b' of X .* must hold one value per row. Got 3"),
    ],
)
def test_bad_dicts_are_refused(X, words):
    with pytest.raises(ValueError, match=words):
        KerasRegressor(two_inputs).fit(X, [0.0, 1.0])


def test_other_bad_input_is_refused():
    X, y = table()
    with pytest.raises(TypeError, match=r"Names of X .* must be strings. Got 1"):
        KerasRegressor(two_inputs).fit({1: [1.0]}, [0.0])
    with pytest.raises(ValueError, match="must have one input, or several that are"):
        KerasRegressor(two_inputs).fit(np.ones((2, 2)), [0.0, 1.0])
    with pytest.raises(ValueError, match=r"Got 2 and 3 instead"):
        KerasRegressor(two_inputs).fit({"a": [1.0, 2], "b": [1, 2]}, [0.0, 1, 2])
    with pytest.raises(ValueError, match=r"must hold strings. Got a missing value"):
        KerasClassifier(mixed_network, epochs=1).fit(
            X.assign(town=[None, *X["town"][1:]]), y
        )
    numbers = np.ones((4, 2))
    labels = {"low": [0, 1, 0, 1], "high": [0, 1, 2, 0]}
    net = KerasClassifier(two_outputs(True), epochs=1)
    with pytest.raises(ValueError, match=r"for each output .* Got one array instead"):
        net.fit(numbers, labels["low"])
    with pytest.raises(ValueError, match=r"output of the model, .* Got \['low'\] inst"):
        net.fit(numbers, {"low": labels["low"]})
    with pytest.raises(ValueError, match=r"Output 'high' .* must have 1 or 2 units"):
        net.fit(numbers, {"low": labels["low"], "high": labels["low"]})
    with pytest.raises(ValueError, match=r"class_weight .* must be None for several"):
        clone(net).set_params(class_weight="balanced").fit(numbers, labels)
    with pytest.raises(ValueError, match=r"loss of .* must be of the outputs"):
        clone(net).set_params(loss={"low": "categorical_crossentropy"}).fit(
            numbers, labels
        )


def test_a_tracked_fit_on_a_dict_is_saved_as_data(store_uri, tmp_path):
    X = {"a": np.arange(6.0), "b": np.ones(6)}
    net = KerasRegressor(two_inputs, epochs=1)
    net.set_callbacks(MlflowTracking("dicts", tracking_uri=store_uri))
    net.fit(X, X["a"])
    save(net, tmp_path / "net.kerasweep")
    again = load(tmp_path / "net.kerasweep")
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    with pytest.raises(ValueError, match="must have one input and one output"):
        export_keras(net, tmp_path / "net.keras")


def test_several_outputs_are_saved_as_data(tmp_path):
    X = np.ones((4, 2))
    y = {"low": [0, 1, 0, 1], "high": ["x", "y", "z", "x"]}
    net = KerasClassifier(two_outputs(True), epochs=1).fit(X, y)
    save(net, tmp_path / "net.kerasweep")
    again = load(tmp_path / "net.kerasweep")
    assert again.predict(X)["high"].tolist() == net.predict(X)["high"].tolist()
    with pytest.raises(ValueError, match="must have one input and one output"):
        export_keras(net, tmp_path / "net.keras")
