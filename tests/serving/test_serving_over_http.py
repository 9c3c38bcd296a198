"""`mlflow models serve`, as its user starts it, asked over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerasweep import (
    DenseClassifier,
    DenseRegressor,
    MlflowTracking,
    PixelScaler,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
D, T = load_digits(return_X_y=True)


class Server:
    """A scoring server of a registered model, in a process of its own."""

    def __init__(self, name, store_uri, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "mlflow", "models", "serve", "-m"]
        command += [f"models:/{name}@champion", "--env-manager", "local"]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        bin_folder = os.path.dirname(sys.executable)
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={
                **os.environ,
                "MLFLOW_TRACKING_URI": store_uri,
                "PATH": bin_folder + os.pathsep + os.environ["PATH"],
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 200
        while True:
            try:
                with urllib.request.urlopen(self.url("ping"), timeout=5):
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.close()
                    raise

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}"

    def ask(self, content, kind="application/json"):
        body = content if isinstance(content, str) else json.dumps(content)
        request = urllib.request.Request(
            self.url("invocations"), body.encode(), {"Content-Type": kind}
        )
        with urllib.request.urlopen(request, timeout=100) as answer:
            return np.array(json.loads(answer.read())["predictions"])

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(30)


def serve(model, data, name, store_uri, folder, **options):
    tracking = MlflowTracking(
        "serving", register_as=name, tracking_uri=store_uri, **options
    )
    model.set_callbacks(tracking).fit(*data)
    return Server(name, store_uri, folder)


def test_a_classifier_answers_images_and_rows_with_labels_and_shares(
    store_uri, tmp_path
):
    names = np.array([f"digit {k}" for k in range(10)])
    model = make_pipeline(PixelScaler(16), DenseClassifier((32,), epochs=3))
    server = serve(
        model, (D, names[T]), "http-digits", store_uri, tmp_path, image_shape=(8, 8)
    )
    try:
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
    finally:
        server.close()


def test_a_regressor_answers_rows(store_uri, tmp_path):
    X, y = load_diabetes(return_X_y=True)
    model = make_pipeline(StandardScaler(), DenseRegressor((16,), epochs=3))
    server = serve(model, (X, y), "http-diabetes", store_uri, tmp_path)
    try:
        np.testing.assert_allclose(
            server.ask({"instances": X[:4].tolist()}), model.predict(X[:4]), rtol=1e-4
        )
    finally:
        server.close()
