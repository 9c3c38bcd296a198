"""One clear sentence for each mistake in the data or the parameters."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from own_models import linear_network, softmax_network
from scipy import sparse
from sklearn.datasets import load_iris

from kerasweep import DenseClassifier, DenseRegressor, KerasClassifier, KerasRegressor

X, y = load_iris(return_X_y=True)
ESTIMATORS = {
    "DenseClassifier": DenseClassifier((4,), epochs=1),
    "DenseRegressor": DenseRegressor((4,), epochs=1),
    "KerasClassifier": KerasClassifier(softmax_network, epochs=1),
    "KerasRegressor": KerasRegressor(linear_network, epochs=1),
}
names = pytest.mark.parametrize("name", ESTIMATORS)
few = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """Fail if bad input reaches the engine: it is refused before."""
    from kerasweep import training

    def reached(job):
        raise AssertionError("bad input reached the engine")

    monkeypatch.setattr(training, "train", reached)


def refuse(name, match, *data, **keywords):
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        ESTIMATORS[name].fit(*data, **keywords)
    message = str(caught.value)
    assert "Traceback" not in message and "tensorflow" not in message.lower()
    # Neither Keras nor TensorFlow raised it.
    frames = [str(entry.path) for entry in caught.traceback]
    assert not any("/keras/" in f or "/tensorflow/" in f for f in frames)
    return message


spots = st.tuples(st.integers(0, 19), st.integers(0, 3))


@names
@few
@given(spot=spots, value=st.sampled_from([np.nan, np.inf, -np.inf, 1e39]))
def test_not_finite_features(name, spot, value):
    bad = X[::8].copy()
    bad = bad[:20] if len(bad) >= 20 else np.resize(bad, (20, 4))
    bad[spot[0] % len(bad), spot[1]] = value
    refuse(name, "NaN|infinity", bad, np.arange(len(bad)) % 2)


@pytest.mark.parametrize("name", ["DenseRegressor", "KerasRegressor"])
@few
@given(row=st.integers(0, 149), value=st.sampled_from([np.nan, np.inf]))
def test_not_finite_targets(name, row, value):
    target = y.astype(float)
    target[row] = value
    refuse(name, "Input y contains", X, target)


@pytest.mark.parametrize("name", ["DenseClassifier", "KerasClassifier"])
@pytest.mark.parametrize(
    "target",
    [
        np.where(y == 0, np.nan, y),
        pd.Series(np.where(y == 0, None, "a"), dtype="str"),
        pd.Series(np.where(y == 0, None, 1), dtype="Int64"),
        [None, "a", "b"] * 50,
    ],
    ids=["float", "string", "nullable", "object"],
)
def test_missing_labels(name, target):
    refuse(name, "y|missing|NaN", X, target)


@names
@few
@given(n_rows=st.integers(1, 60), off=st.sampled_from([-1, 1, 5]))
def test_wrong_length(name, n_rows, off):
    n_targets = max(0, n_rows + off)
    target = np.arange(n_targets) % 2
    refuse(name, "rows|inconsistent|sample|class|0", X[:n_rows], target)
    if n_rows > 2:
        refuse(
            name,
            "sample_weight",
            X[:n_rows],
            np.arange(n_rows) % 2,
            sample_weight=np.ones(n_targets),
        )


@names
@pytest.mark.parametrize(
    ("weight", "match"),
    [
        (np.full(150, -1.0), "[Nn]egative"),
        (np.r_[np.ones(149), -1e-9], "[Nn]egative"),
        (np.full(150, np.nan), "NaN"),
        (np.full(150, np.inf), "infinity"),
        (np.zeros(150), "non-zero"),
        (np.ones((150, 2)), "1D|dimension"),
        (["a"] * 150, "convert|float"),
    ],
)
def test_bad_weights(name, weight, match):
    refuse(name, match, X, y, sample_weight=weight)


@names
@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (np.empty((0, 4)), "0 sample"),
        (np.empty((150, 0)), "0 feature"),
        (X[:, 0], "1D array"),
        (sparse.csr_matrix(X), "[Ss]parse"),
        (np.array([["a"] * 4] * 150), "convert string to float"),
        (X.astype(complex), "[Cc]omplex"),
        (pd.DataFrame({"a": ["x"] * 150, "b": 1}), "convert string"),
        (pd.DataFrame({"a": [pd.NA, 1] * 75}, dtype="Int64"), "NaN"),
        ([[1], [1, 2]] * 75, "inhomogeneous|sequence"),
        (None, "None|array"),
        ("text", "array|str|scalar|text"),
    ],
)
def test_bad_features(name, rows, match):
    refuse(name, match, rows, y)


@pytest.mark.parametrize("name", ["DenseClassifier", "DenseRegressor"])
def test_images_for_a_dense_network(name):
    refuse(name, "dim 3|3 dim", X[:, :, None], y)


@names
def test_no_target(name):
    refuse(name, "requires y", X, None)


@pytest.mark.parametrize("name", ["DenseClassifier", "KerasClassifier"])
@pytest.mark.parametrize("labels", [["a"] * 150, np.zeros(150), [True] * 150])
def test_one_class(name, labels):
    assert "Got one class" in refuse(name, "at least 2 classes", X, labels)


@pytest.mark.parametrize("name", ["DenseClassifier", "KerasClassifier"])
def test_one_row_is_one_class(name):
    refuse(name, "at least 2 classes", X[:1], y[:1])


@pytest.mark.parametrize("name", ["DenseClassifier", "KerasClassifier"])
@pytest.mark.parametrize(
    ("target", "match"),
    [
        (X[:, 0], "Unknown label type"),
        (np.c_[y, y], "one class for each row, or zeros and ones .* that hold 2"),
    ],
)
def test_targets_that_are_no_classes(name, target, match):
    refuse(name, match, X, target)


@pytest.mark.parametrize(
    ("class_weight", "match"),
    [
        ({7: 1.0}, "Got 7 too"),
        ({0: -1.0}, "Got -1.0 for 0"),
        ({0: np.nan}, "Got nan for 0"),
        ({0: "a"}, "Got 'a' for 0"),
        ({0: 0, 1: 0, 2: 0}, "class_weight of DenseClassifier must have .* positive"),
        ("even", "class_weight"),
    ],
)
def test_bad_class_weights(class_weight, match):
    with pytest.raises(ValueError, match=match):
        DenseClassifier(class_weight=class_weight).fit(X, y)


PARAMETERS = [
    ({"hidden_layer_sizes": (8, 0)}, "from 1 to 2147483647. Got .8, 0. instead"),
    ({"hidden_layer_sizes": 0}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": (8.5,)}, "must be integers from 1"),
    ({"hidden_layer_sizes": "88"}, "hidden_layer_sizes"),
    ({"activation": "reluu"}, "activation"),
    ({"l1": -1}, "l1"),
    ({"l2": "a"}, "l2"),
    ({"l2": np.nan}, "l2"),
    ({"max_norm": 0}, "max_norm"),
    ({"dropout": 1.0}, "dropout"),
    ({"hidden_layer_sizes": (8, 8), "dropout": (0.1,)}, "each of the 2 hidden layers"),
    ({"dropout": ("a", "b")}, "dropout"),
    ({"input_dropout": -0.1}, "input_dropout"),
    ({"optimizer": "sdg"}, "optimizer"),
    ({"optimizer": "adam", "momentum": 0.9}, "momentum of DenseClassifier must be 0"),
    ({"learning_rate": 0}, "learning_rate"),
    ({"learning_rate": np.nan}, "learning_rate"),
    ({"learning_rate": np.inf}, "learning_rate"),
    ({"momentum": 1.0}, "momentum"),
    ({"batch_size": 0}, "batch_size"),
    ({"epochs": 0}, "epochs"),
    ({"epochs": 1.5}, "epochs"),
    ({"patience": -1}, "patience"),
    ({"min_delta": -1}, "min_delta"),
    ({"validation_fraction": 1.0}, "validation_fraction"),
    ({"validation_fraction": 0.001}, "must leave rows of every class"),
    ({"random_state": -1}, "random_state"),
    ({"random_state": "a"}, "random_state"),
]


@pytest.mark.parametrize(("parameters", "match"), PARAMETERS)
def test_bad_parameters(parameters, match):
    with pytest.raises(ValueError, match=match):
        DenseClassifier(**parameters).fit(X, y)


@pytest.mark.parametrize(
    ("validation", "match"),
    [
        ({"X_val": X}, "Got only X_val"),
        ({"y_val": y}, "Got only y_val"),
        ({"X_val": X[:, :2], "y_val": y}, "2 features"),
        ({"X_val": X, "y_val": y + 1}, r"Got \[3\] too"),
        ({"X_val": X[:5], "y_val": y[:4]}, "equally many rows"),
        ({"X_val": X * np.nan, "y_val": y}, "NaN"),
    ],
)
@pytest.mark.parametrize("name", ["DenseClassifier", "KerasClassifier"])
def test_bad_validation_rows(name, validation, match):
    refuse(name, match, X, y, **validation)
    if len(validation) == 2:
        refuse(name, "X_val and y_val", X, y, **validation)


def test_rows_of_which_none_counts_are_named():
    held_out = DenseClassifier(early_stopping=True, random_state=0)
    only_one = np.zeros(150)
    only_one[0] = 1
    with pytest.raises(ValueError, match=r"^sample_weight .* held out for validation"):
        held_out.fit(X, y, sample_weight=only_one)
    one_class = DenseClassifier(class_weight={1: 0, 2: 0})
    with pytest.raises(ValueError, match=r"^class_weight .* among the rows of X_val"):
        one_class.fit(X, y, X_val=X[y == 1], y_val=y[y == 1])
    with pytest.raises(ValueError, match=r"^sample_weight times class_weight of"):
        one_class.fit(X, y, sample_weight=(y > 0).astype(float))


def test_partial_fit_needs_the_classes():
    with pytest.raises(ValueError, match="classes of DenseClassifier must be passed"):
        DenseClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="'balanced'"):
        DenseClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"Got \[2\] too"):
        DenseClassifier().partial_fit(X, y, classes=[0, 1])


def test_three_dimensional_targets():
    refuse("DenseRegressor", "one or two dim|dim 3", X, X[:, :, None])
