"""What a served model answers over HTTP."""

import json
import subprocess
import sys
import urllib.error

import numpy as np
import pytest
from scoring_servers import environment, predict, register, serve
from sklearn.datasets import load_diabetes, load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerasweep import (
    DenoisingAutoencoder,
    DenseClassifier,
    DenseRegressor,
    PixelScaler,
    VariationalAutoencoder,
)

D, T = load_digits(return_X_y=True)
SLOW = pytest.mark.slow
# Of a frame's columns; a server of its own writes it in its log.
pytestmark = pytest.mark.filterwarnings("ignore:X has feature names, but PixelScaler")


@pytest.fixture(params=["thread", pytest.param("process", marks=SLOW)])
def serving(request, store_uri, tmp_path):
    """Serve a model, and end its server with the test."""
    servers = []
    kind = request.param

    def start(model, data, name, **options):
        name = f"{name}-{kind}"  # a model's own: versions compete
        servers.append(serve(kind, model, data, name, store_uri, tmp_path, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


# A process of its own serves each model as it serves another.
in_a_thread = pytest.mark.parametrize("serving", ["thread"], indirect=True)


def test_its_processes_do_not_know_the_project(store_uri, tmp_path):
    code = "import importlib.util as u; print(u.find_spec('kerasweep'))"
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(store_uri, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "None" or "site-packages" in found.stdout


def test_a_classifier_answers_images_and_rows_with_labels_and_shares(serving):
    names = np.array([f"digit {k}" for k in range(10)])
    model = make_pipeline(PixelScaler(16), DenseClassifier((32,), epochs=3))
    server = serving(model, (D, names[T]), "http-digits", image_shape=(8, 8))
    rows, expected = D[:5], model.predict(D[:5]).tolist()
    images = rows.reshape(-1, 8, 8).tolist()
    frame = {"columns": [f"pixel_{k}" for k in range(64)], "data": rows.tolist()}
    assert server.ask({"inputs": images}).tolist() == expected
    assert server.ask({"instances": rows.tolist()}).tolist() == expected
    assert server.ask({"dataframe_split": frame}).tolist() == expected
    csv = ",".join(frame["columns"]) + "\n"
    csv += "\n".join(",".join(map(str, row)) for row in rows.tolist())
    assert server.ask(csv, "text/csv").tolist() == expected
    asked = {"inputs": images, "params": {"method": "predict_proba"}}
    np.testing.assert_allclose(
        server.ask(asked), model.predict_proba(rows), rtol=1e-4, atol=1e-6
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.ask({"inputs": images, "params": {"method": "fit"}})
    assert "must be one of predict" in refused.value.read().decode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.ask({"inputs": [[[1.0, 2.0]]]})
    assert "image_shape" in refused.value.read().decode()


@SLOW
def test_a_classifier_answers_files_without_a_server(store_uri, tmp_path):
    model = make_pipeline(PixelScaler(16), DenseClassifier((32,), epochs=3))
    register(model, (D, T), "digits-of-files", store_uri, image_shape=(8, 8))
    rows, expected = D[:5], model.predict(D[:5]).tolist()
    images = rows.reshape(-1, 8, 8).tolist()
    csv = ",".join(f"pixel_{k}" for k in range(64)) + "\n"
    csv += "\n".join(",".join(map(str, row)) for row in rows.tolist())
    sent = json.dumps({"inputs": images, "params": {"method": "predict_proba"}})
    shares = predict("digits-of-files", sent, "json", store_uri, tmp_path)
    np.testing.assert_allclose(shares, model.predict_proba(rows), rtol=1e-4, atol=1e-6)
    labels = predict("digits-of-files", csv, "csv", store_uri, tmp_path)
    assert np.ravel(labels).tolist() == expected


@in_a_thread
def test_a_regressor_answers_rows(serving):
    X, y = load_diabetes(return_X_y=True)
    model = make_pipeline(StandardScaler(), DenseRegressor((16,), epochs=3))
    server = serving(model, (X, y), "http-diabetes")
    np.testing.assert_allclose(
        server.ask({"instances": X[:4].tolist()}), model.predict(X[:4]), rtol=1e-4
    )


def test_a_denoiser_gives_images_for_images(serving):
    noisy = D[:3].copy()
    noisy[:, ::7] = 16.0
    model = make_pipeline(PixelScaler(16), DenoisingAutoencoder((16,), epochs=2))
    server = serving(model, (D,), "http-denoiser", image_shape=(8, 8))
    expected = model.transform(noisy) * 16
    frame = {"columns": [f"pixel_{k}" for k in range(64)], "data": noisy.tolist()}
    images = server.ask({"inputs": noisy.reshape(3, 8, 8).tolist()})
    assert images.shape == (3, 8, 8)
    np.testing.assert_allclose(images.reshape(3, 64), expected, rtol=1e-4)
    for content in ({"instances": noisy.tolist()}, {"dataframe_split": frame}):
        np.testing.assert_allclose(server.ask(content), expected, rtol=1e-4)
    instances = server.ask({"instances": noisy.reshape(3, 8, 8).tolist()})
    np.testing.assert_allclose(instances, images)
    asked = {"inputs": noisy.tolist(), "params": {"method": "transform"}}
    np.testing.assert_allclose(server.ask(asked) * 16, expected, rtol=1e-4)
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.ask({"inputs": (noisy + 5).tolist()})
    assert refused.value.code == 400
    assert "Pass max_value=255" in refused.value.read().decode()


@in_a_thread
@pytest.mark.parametrize("conditional", [False, True])
def test_a_sampler_draws_images(conditional, serving):
    names = np.array([f"digit {k}" for k in range(10)])
    net = VariationalAutoencoder(2, (16,), conditional=conditional, epochs=2)
    model = make_pipeline(PixelScaler(16), net)
    name = f"http-sampler-{conditional}".lower()
    server = serving(model, (D, names[T]), name, image_shape=(8, 8))
    asked = ["digit 3", "digit 7"] if conditional else [0, 0]
    y = asked if conditional else None
    expected = net.sample(2, y, random_state=5).reshape(2, 8, 8) * 16
    params = {"method": "sample", "random_state": 5}
    column = [[value] for value in asked]
    frame = {"columns": ["label"], "data": column}
    for content in (
        {"inputs": column},
        {"instances": column},
        {"inputs": asked},
        {"dataframe_split": frame},
    ):
        drawn = server.ask({**content, "params": params})
        np.testing.assert_allclose(drawn, expected, rtol=1e-4, atol=1e-5)
    again = server.ask(
        {"inputs": column, "params": {"method": "sample", "random_state": 6}}
    )
    assert not np.allclose(again, drawn)
    codes = server.ask({"inputs": D[:2].reshape(2, 8, 8).tolist()})
    np.testing.assert_allclose(codes, model.transform(D[:2]), rtol=1e-3, atol=1e-5)
    if conditional:
        with pytest.raises(urllib.error.HTTPError) as refused:
            server.ask({"inputs": [["a letter"]], "params": params})
        assert refused.value.code == 400
        assert "must hold only the classes" in refused.value.read().decode()
