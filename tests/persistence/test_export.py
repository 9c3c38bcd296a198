"""Exported graphs answer as the estimators do, without this package."""

import keras
import numpy as np
import pytest
from saved_estimators import FAST, X, fitted, y
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, RobustScaler, StandardScaler

from kerasweep import (
    DenoisingAutoencoder,
    DenseClassifier,
    DenseRegressor,
    KerasClassifier,
    MinMaxScaler,
    PixelScaler,
    SaltAndPepper,
    export_keras,
    export_onnx,
)

ROWS = X.astype("float32")
# Beyond what was fitted on, so that clipping shows.
WIDE = np.vstack([ROWS, 2 * ROWS - 8])


def logits(meta):
    return keras.Sequential(
        [keras.Input((meta["n_features_in_"],)), keras.layers.Dense(1)]
    )


PIPELINES = {
    "dense": lambda: fitted("dense"),
    "conv": lambda: fitted("conv"),
    "regressor": lambda: fitted("regressor"),
    "own": lambda: fitted("own"),
    "denoiser": lambda: fitted("denoiser"),
    "codes": lambda: fitted("normal"),
    "denoised first": lambda: make_pipeline(
        PixelScaler(16), DenoisingAutoencoder((4,), **FAST), DenseClassifier(4, **FAST)
    ).fit(X, y),
    "one logit": lambda: make_pipeline(
        MinMaxScaler((-1, 2)),
        KerasClassifier(
            logits, loss=keras.losses.BinaryCrossentropy(from_logits=True), **FAST
        ),
    ).fit(X, y > 4),
}


def answer(estimator, rows):
    for name in ("predict_proba", "predict", "transform"):
        if hasattr(estimator, name):
            return np.asarray(getattr(estimator, name)(rows)).reshape(len(rows), -1)


@pytest.fixture(scope="module", params=PIPELINES)
def pipeline(request):
    return PIPELINES[request.param]()


def by_keras(path, rows):
    return keras.saving.load_model(path, safe_mode=True)(rows).numpy()


def by_onnx(path, rows):
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    return session.run(None, {"features": rows})[0]


def test_keras_gives_the_same_numbers(pipeline, tmp_path):
    path = tmp_path / "model.keras"
    export_keras(pipeline, path)
    np.testing.assert_allclose(
        by_keras(path, ROWS), answer(pipeline, X), rtol=1e-4, atol=1e-5
    )
    assert list(tmp_path.iterdir()) == [path]


def test_onnx_gives_the_same_numbers(pipeline, tmp_path):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    path = tmp_path / "model.onnx"
    export_onnx(pipeline, path)
    expected = answer(pipeline, X)
    np.testing.assert_allclose(by_onnx(path, ROWS), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(  # any number of rows
        by_onnx(path, ROWS[:1]), expected[:1], rtol=1e-4, atol=1e-4
    )
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "scaler",
    [
        MaxAbsScaler(),
        MinMaxScaler((-1, 3)),
        MinMaxScaler(clip=True),
        RobustScaler(),
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
    ],
    ids=repr,
)
def test_scalers_are_in_the_graph(scaler, tmp_path):
    pipeline = make_pipeline(scaler, DenseRegressor(4, **FAST)).fit(X, y)
    export_keras(pipeline, tmp_path / "model.keras")
    np.testing.assert_allclose(
        by_keras(tmp_path / "model.keras", WIDE),
        answer(pipeline, WIDE),
        rtol=1e-3,
        atol=1e-4,
    )


def test_images_instead_of_rows(tmp_path):
    for kind in ("dense", "conv"):
        pipeline = fitted(kind)
        export_keras(pipeline, tmp_path / "model.keras", image_shape=(8, 8))
        np.testing.assert_allclose(
            by_keras(tmp_path / "model.keras", ROWS.reshape(-1, 8, 8)),
            pipeline.predict_proba(X),
            rtol=1e-4,
            atol=1e-5,
        )
    with pytest.raises(ValueError, match=r"`image_shape` of export_keras .*\(64,\)"):
        export_keras(pipeline, tmp_path / "m.keras", image_shape=(8, 9))


def test_the_file_needs_keras_alone(ready_python, tmp_path):
    pipeline = fitted("dense")
    export_keras(pipeline, tmp_path / "model.keras")
    np.save(tmp_path / "rows.npy", ROWS)
    code = (
        "import sys, numpy as np, keras\n"
        "model = keras.saving.load_model('model.keras')\n"
        "np.save('answer.npy', model(np.load('rows.npy')))\n"
        "assert 'kerasweep' not in sys.modules\n"
    )
    done = ready_python.run(["-c", code], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(
        np.load(tmp_path / "answer.npy"), pipeline.predict_proba(X), rtol=1e-4
    )


@pytest.mark.parametrize("export", [export_keras, export_onnx])
def test_what_keras_has_no_layers_for(export, tmp_path, monkeypatch):
    name = export.__name__
    monkeypatch.setattr("kerasweep.persistence._export.find_spec", lambda name: name)
    path = tmp_path / "model.keras"
    noisy = SaltAndPepper(0.1, apply="always", random_state=0)
    for step, kind in ((PCA(4), "PCA"), (noisy, "SaltAndPepper")):
        pipeline = make_pipeline(step, DenseRegressor(4, **FAST)).fit(X / 16, y)
        with pytest.raises(ValueError, match=rf"{name}'s pipeline, {kind}, must be"):
            export(pipeline, path)
    with pytest.raises(ValueError, match=rf"{name} must be a network of this"):
        export(StandardScaler().fit(X), path)
    with pytest.raises(NotFittedError):
        export(DenseRegressor(), path)
    assert not list(tmp_path.iterdir())


def test_a_wrong_suffix(tmp_path):
    with pytest.raises(ValueError, match=r"must end in '\.keras'"):
        export_keras(DenseRegressor(), tmp_path / "model.h5")


def test_missing_packages_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("kerasweep.persistence._export.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"needs onnx and tf2onnx: pip install"):
        export_onnx(DenseRegressor(), tmp_path / "model.onnx")
