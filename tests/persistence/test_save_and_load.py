"""What is saved is what is loaded, in this process and in a fresh one."""

import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from saved_estimators import MADE, NAMES, X, answers, fitted, network, y
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from kerasweep import DenseClassifier, KerasClassifier, PixelScaler, load, save

FRESH = """
import sys, numpy as np
from kerasweep import load
from saved_estimators import answers
for path in sys.argv[1:]:
    np.savez(path + ".npz", **answers(load(path)))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    estimators = {kind: fitted(kind) for kind in MADE}
    for kind, estimator in estimators.items():
        save(estimator, folder / kind)
    return folder, estimators


@pytest.mark.parametrize("kind", MADE)
def test_every_answer_and_attribute_is_the_same(saved, kind):
    folder, estimators = saved
    before, after = estimators[kind], load(folder / kind)
    assert type(after) is type(before)
    for name, answer in answers(before).items():
        np.testing.assert_array_equal(answers(after)[name], answer, err_msg=name)
    old, new = (vars(getattr(e, "steps", [[e, e]])[-1][1]) for e in (before, after))
    assert set(old) == set(new)
    assert new["history_"] == old["history_"]


def test_a_fresh_process_gives_the_same_bits(ready_python, saved):
    folder, estimators = saved
    paths = [str(folder / kind) for kind in MADE]
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = ready_python.run(
        ["-c", FRESH, *paths], cwd=folder, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr
    for kind, estimator in estimators.items():
        with np.load(folder / f"{kind}.npz") as found:
            for name, answer in answers(estimator).items():
                np.testing.assert_array_equal(found[name], answer, err_msg=kind)


def test_parameters_keep_their_types(saved):
    folder, _ = saved
    net = load(folder / "dense")[-1]
    assert net.hidden_layer_sizes == (8,) and type(net.hidden_layer_sizes) is tuple
    assert type(net.l2) is np.float64 and net.l2 == 1e-3
    assert net.class_weight == {"digit 1": 2.0}
    assert net.classes_.dtype == NAMES.dtype
    schedule = load(folder / "regressor")[-1].learning_rate
    assert schedule.get_config()["decay_steps"] == 9


def test_training_goes_on_after_loading(saved):
    folder, _ = saved
    net = load(folder / "conv")[-1]
    net.partial_fit(X / 16, y)
    assert net.n_epochs_ == 2


def test_a_warm_start_goes_on_as_it_would_have(tmp_path):
    settings = {"epochs": 1, "warm_start": True, "random_state": 0}
    net = DenseClassifier((8,), **settings).fit(X / 16, y)
    save(net, tmp_path / "net")
    other = load(tmp_path / "net").fit(X / 16, y)
    np.testing.assert_allclose(
        other.predict_proba(X / 16), net.fit(X / 16, y).predict_proba(X / 16), rtol=1e-5
    )


def test_a_model_function_stays_behind(saved):
    folder, estimators = saved
    net = load(folder / "own")
    assert net.model is None and net.get_params()["model__units"] == 6
    net.set_params(model=network).fit(X, y)
    np.testing.assert_allclose(
        net.predict_proba(X), estimators["own"].predict_proba(X), rtol=1e-5
    )


@pytest.mark.parametrize(
    "step",
    [
        MaxAbsScaler(),
        MinMaxScaler(),
        PCA(3, random_state=0),
        QuantileTransformer(n_quantiles=10, random_state=0),
        RobustScaler(),
        SimpleImputer(),
        StandardScaler(),
    ],
    ids=lambda step: type(step).__name__,
)
def test_transformers_of_scikit_learn(step, tmp_path):
    pipeline = make_pipeline(step).fit(X)
    save(pipeline, tmp_path / "file")
    np.testing.assert_array_equal(
        load(tmp_path / "file").transform(X), pipeline.transform(X)
    )


def test_names_of_columns_survive(tmp_path):
    frame = pd.DataFrame(X, columns=[f"pixel {k}" for k in range(64)])
    save(StandardScaler().fit(frame), tmp_path / "file")
    loaded = load(tmp_path / "file")
    assert loaded.feature_names_in_.tolist() == list(frame)
    loaded.transform(frame)


def test_the_same_estimator_gives_the_same_bytes_and_readable_json(tmp_path):
    scaler = PixelScaler(16).fit(X)
    for name in ("a", "b"):
        save(scaler, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as archive:
        document = json.loads(archive.read("kerasweep.json"))
    assert document["format"] == 1
    assert document["estimator"]["parameters"] == {"max_value": 16}


class Sub(PixelScaler):
    """Does what no file says."""


def mine(rows):
    return rows


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            FunctionTransformer(mine).fit(X),
            "func of FunctionTransformer.*Got <function mine",
        ),
        (make_pipeline(Sub(16)).fit(X), "Got Sub of test_save_and_load"),
        (
            make_pipeline(PixelScaler(16)).fit(X).set_params(memory="cache"),
            "memory of Pipeline",
        ),
        (mine, "Got function of builtins"),
    ],
    ids=["function", "subclass", "cache", "no estimator"],
)
def test_what_can_not_be_saved_is_refused_before_anything_is_written(
    estimator, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.iterdir())
    (tmp_path / "file").write_text("old")
    with pytest.raises(ValueError, match=message):
        save(estimator, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "old"
    assert set(tmp_path.iterdir()) - before <= {tmp_path / "file"}


def test_networks_that_hold_code_are_refused(tmp_path):
    import keras

    def doubling(meta):
        return keras.Sequential(
            [
                keras.Input((meta["n_features_in_"],)),
                keras.layers.Lambda(lambda x: 2 * x, output_shape=(64,)),
                keras.layers.Dense(meta["n_classes_"], activation="softmax"),
            ]
        )

    net = KerasClassifier(doubling, epochs=1).fit(X, y)
    with pytest.raises(ValueError, match=r"model_ of KerasClassifier.*Lambda"):
        save(net, tmp_path / "file")
    net = DenseClassifier((4,), epochs=1, random_state=np.random.RandomState(0))
    net.own = np.random.default_rng(0)
    with pytest.raises(ValueError, match="own of DenseClassifier"):
        save(net.fit(X / 16, y), tmp_path / "file")
    assert not list(tmp_path.iterdir())


def test_what_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(NotFittedError):
        save(make_pipeline(DenseClassifier()), tmp_path / "file")


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    save(PixelScaler(16).fit(X), tmp_path / "file")
    old = (tmp_path / "file").read_bytes()

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        save(PixelScaler(8).fit(X / 2), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == old
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_no_file_is_its_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none")
