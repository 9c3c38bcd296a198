"""Own models trained on datasets and on arrays mapped from a file."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from tiers import in_slow_tier

from kerasweep import KerasClassifier, KerasRegressor, MlflowTracking, load, save

X, Y = load_iris(return_X_y=True)
X = X.astype(np.float32)


def network(meta, n_classes=3):
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(n_classes, activation="softmax"),
        ]
    )


def regression(meta):
    return keras.Sequential(
        [keras.Input((meta["n_features_in_"],)), keras.layers.Dense(meta["n_outputs_"])]
    )


def net(**params):
    params = {"epochs": 30, "optimizer__learning_rate": 0.03, **params}
    return KerasClassifier(network, random_state=0, **params)


class Batches(keras.utils.PyDataset):
    def __init__(self, X, y, size=30, one_hot=False):
        super().__init__()
        self.X, self.size = X, size
        self.y = np.eye(3, dtype=np.float32)[y] if one_hot else y

    def __len__(self):
        return -(-len(self.X) // self.size)

    def __getitem__(self, i):
        rows = slice(i * self.size, (i + 1) * self.size)
        return self.X[rows], self.y[rows]


def tf_data(*arrays, size=30):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(arrays).batch(size)


@pytest.mark.parametrize("make", [tf_data, *in_slow_tier(Batches)])
def test_a_dataset_trains_through_keras(make):
    fitted = net().fit(make(X, Y))
    assert fitted.engine_ == "keras"
    assert fitted.classes_.tolist() == [0, 1, 2]
    assert fitted.n_features_in_ == 4
    assert fitted.score(X, Y) > 0.9
    np.testing.assert_allclose(
        fitted.predict_proba(make(X, Y)), fitted.predict_proba(X), atol=1e-5
    )
    again = net().fit(make(X, Y))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_a_tracked_fit_on_a_dataset_is_saved_as_data(store_uri, tmp_path):
    fitted = net(epochs=1)
    fitted.set_callbacks(MlflowTracking("datasets", tracking_uri=store_uri))
    fitted.fit(Batches(X, Y))
    save(fitted, tmp_path / "net.kerasweep")
    again = load(tmp_path / "net.kerasweep")
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))


@pytest.mark.slow
def test_one_hot_batches_and_validation_on_another_dataset():
    fitted = net(early_stopping=True, patience=1, epochs=50)
    fitted.fit(Batches(X, Y, one_hot=True), X_val=Batches(X, Y, one_hot=True))
    assert fitted.n_epochs_ == len(fitted.history_["val_loss"])
    assert fitted.model_.loss == "categorical_crossentropy"
    fitted.partial_fit(Batches(X, Y, one_hot=True), None)
    assert fitted.score(X, Y) > 0.8


def test_a_regressor_on_a_dataset():
    y = X @ np.float32([1, 2, 0, 1])
    fitted = KerasRegressor(
        regression, epochs=60, optimizer__learning_rate=0.05, random_state=0
    )
    fitted.fit(tf_data(X, y, np.ones(150, "f4")))
    assert fitted.predict(X).shape == (150,) and fitted.score(X, y) > 0.8


def test_named_inputs_in_a_dataset():
    def two(meta):
        a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
        return keras.Model([a, b], keras.layers.Dense(1)(keras.ops.hstack([a, b])))

    y = X @ np.float32([1, 2, 0, 1])
    parts = {"a": X[:, :2], "b": X[:, 2:]}
    fitted = KerasRegressor(two, epochs=2).fit(tf_data(parts, y))
    assert fitted.predict(parts).shape == (150,)
    np.testing.assert_allclose(
        fitted.predict(tf_data(parts, y)), fitted.predict(parts), rtol=1e-5
    )
    with pytest.raises(AttributeError, match="no number of features"):
        _ = fitted.n_features_in_


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"y": Y}, "y of KerasClassifier must be None where X is a dataset"),
        ({"sample_weight": Y}, "sample_weight of KerasClassifier must be None"),
        ({"X_val": X}, "X_val of KerasClassifier must be a dataset, as X is"),
    ],
)
def test_what_a_dataset_has_itself_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        net().fit(Batches(X, Y), **arguments)


def test_other_datasets_are_refused():
    class Empty(keras.utils.PyDataset):
        def __len__(self):
            return 0

    class Bare(Batches):
        def __getitem__(self, i):
            return super().__getitem__(i)[0]

    with pytest.raises(ValueError, match=r"early_stopping .* a dataset to validate on"):
        net(early_stopping=True).fit(Batches(X, Y))
    with pytest.raises(ValueError, match="must be a dataset that ends"):
        net().fit(tf_data(X, Y).repeat())
    with pytest.raises(ValueError, match="at least one batch"):
        net().fit(Empty())
    with pytest.raises(ValueError, match="tuple of rows and targets"):
        net().fit(Bare(X, Y))
    with pytest.raises(ValueError, match=r"needs batch\(\)"):
        net().fit(tf_data(X, Y).unbatch())
    with pytest.raises(ValueError, match=r"'n_classes_' .* model__n_classes"):
        KerasClassifier(lambda meta: network(meta, meta["n_classes_"])).fit(
            tf_data(X, Y)
        )
    with pytest.raises(ValueError, match=r"engine='compiled' cannot .* by a dataset"):
        net(engine="compiled").fit(Batches(X, Y))


def test_scikit_learn_splits_no_dataset():
    with pytest.raises(TypeError, match=r"list of batches .* can split only what has"):
        cross_val_score(net(), Batches(X, Y), cv=2, error_score="raise")
    with pytest.raises((TypeError, ValueError), match=r"at least 1 dim|array-like"):
        cross_val_score(net(), tf_data(X, Y), cv=2, error_score="raise")


# Arrays mapped from a file ------------------------------------------------------------


@pytest.fixture
def mapped(tmp_path):
    def mapped(array):
        path = tmp_path / f"{array.dtype}.npy"
        np.save(path, array)
        return np.load(path, mmap_mode="r")

    return mapped


def test_a_mapped_array_gives_the_same_as_one_in_memory(mapped):
    in_memory = net(engine="keras", early_stopping=True, epochs=5).fit(X, Y)
    on_disk = net(early_stopping=True, epochs=5).fit(mapped(X), Y)
    assert on_disk.engine_ == "keras"
    np.testing.assert_array_equal(
        on_disk.predict_proba(mapped(X)), in_memory.predict_proba(X)
    )
    assert on_disk.history_.keys() == in_memory.history_.keys()
    np.testing.assert_allclose(
        on_disk.history_["val_loss"], in_memory.history_["val_loss"], rtol=1e-6
    )
    assert on_disk.n_features_in_ == 4


def test_integers_and_doubles_on_disk(mapped):
    fitted = net(epochs=1).fit(mapped((X * 10).astype(np.uint8)), Y)
    assert fitted.predict(mapped((X * 10).astype(np.uint8))).shape == (150,)
    net(epochs=1).fit(mapped(X.astype(np.float64)), Y)


def test_a_bad_value_on_disk_is_placed(mapped):
    bad = X.copy()
    bad[77, 2] = np.nan
    with pytest.raises(ValueError, match=r"finite.* Got nan in row 77 of '.*npy'"):
        net(epochs=1).fit(mapped(bad), Y)
    with pytest.raises(ValueError, match="Got nan in row 77"):
        net(epochs=1).fit(mapped(X), Y).predict(mapped(bad))
    with pytest.raises(ValueError, match=r"must hold real numbers. Got a file of <U"):
        net(epochs=1).fit(mapped(X.astype(str)), Y)
    with pytest.raises(ValueError, match="is expecting 4 features"):
        net(epochs=1).fit(mapped(X), Y).predict(mapped(bad[:, :3].astype("f8")))


def _engine(estimator, rows):
    return estimator.fit(rows, Y).engine_, type(rows).__name__


@pytest.mark.slow
def test_what_joblib_maps_for_its_workers_trains_as_before():
    rows = np.ascontiguousarray(np.tile(X, (1, 500)))
    found = Parallel(2, backend="loky", max_nbytes=1000)(
        delayed(_engine)(clone(net(epochs=1)), rows) for _ in range(2)
    )
    assert found == [("compiled", "memmap")] * 2


_LARGE = """
import sys, threading, time
import numpy as np, keras
from kerasweep import KerasClassifier

def memory(name="RssAnon"):
    for line in open("/proc/self/status"):
        if line.startswith(name):
            return int(line.split()[1]) / 1024

rows, columns = 200_000, 512
X = np.memmap(sys.argv[1], np.uint8, "r", shape=(rows, columns))
y = np.arange(rows) % 2
def network(meta):
    return keras.Sequential([keras.Input((columns,)), keras.layers.Dense(1, "sigmoid")])
net = KerasClassifier(network, epochs=1, batch_size=1024, early_stopping=True)
net.fit(np.ones((64, columns), np.float32) * (np.arange(64) % 2)[:, None], y[:64])
before, peak, done = memory(), [0], threading.Event()
def watch():
    while not done.wait(0.005):
        peak[0] = max(peak[0], memory())
watcher = threading.Thread(target=watch); watcher.start()
net.fit(X, y); assert net.engine_ == "keras"
net.predict(X)
done.set(); watcher.join()
print(peak[0] - before)
"""


@pytest.mark.slow
def test_a_mapped_array_is_never_whole_in_memory(tmp_path):
    path = tmp_path / "rows.bin"
    with path.open("wb") as file:
        file.truncate(200_000 * 512)  # 98 MiB on disk, 391 MiB in single precision
    found = subprocess.run(
        [sys.executable, "-c", _LARGE, str(path)], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert float(found.stdout.split()[-1]) < 60
