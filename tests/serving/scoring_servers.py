"""`mlflow models serve` and `mlflow models predict`, as their user starts them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
from scoring_thread import ScoringThread

from kerasweep import MlflowTracking

# Read by Python as it starts: no source tree and no editable install of the package
# is there, so that a model can only bring its own copy.
NO_PROJECT = """
import os, sys
sys.path[:] = [
    p
    for p in sys.path
    if os.path.basename(p) == "site-packages"
    or not os.path.isdir(os.path.join(p, "kerasweep"))
]
sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in repr(f)]
"""


def environment(store_uri, folder):
    """Return the variables of a process that does not know the project's tree."""
    (folder / "start").mkdir(exist_ok=True)
    (folder / "start" / "sitecustomize.py").write_text(NO_PROJECT)
    bin_folder = os.path.dirname(sys.executable)
    return {
        **os.environ,
        "PYTHONPATH": str(folder / "start"),
        "MLFLOW_TRACKING_URI": store_uri,
        "PATH": bin_folder + os.pathsep + os.environ["PATH"],
    }


def register(model, data, name, store_uri, **options):
    """Fit a model with tracking, so that it is its name's champion."""
    tracking = MlflowTracking(
        "serving", register_as=name, tracking_uri=store_uri, **options
    )
    return model.set_callbacks(tracking).fit(*data)


def predict(name, content, kind, store_uri, folder):
    """Run `mlflow models predict` on a file, and return what it prints."""
    path = folder / f"rows.{kind}"
    path.write_text(content)
    command = [sys.executable, "-m", "mlflow", "models", "predict", "-m"]
    command += [f"models:/{name}@champion", "--env-manager", "local"]
    command += ["-i", str(path), "-t", kind, "-o", str(folder / "answer.json")]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(store_uri, folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads((folder / "answer.json").read_text())
    return answer["predictions"] if isinstance(answer, dict) else answer


class Server:
    """A scoring server in a process of its own, by `mlflow models serve`."""

    def __init__(self, name, store_uri, folder):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        try:
            self.start(f"models:/{name}@champion", store_uri, folder)
            self._wait()
        except BaseException:
            self.close()
            raise

    def start(self, model, store_uri, folder):
        """Start a process that does not know the project's tree."""
        self.socket.close()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "mlflow", "models", "serve", "-m", model),
                *("--env-manager", "local"),
                *("--host", "127.0.0.1", "--port", str(self.port)),
            ],
            cwd=folder,
            env=environment(store_uri, folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def lives(self):
        return self.process.poll() is None

    def close(self):
        if self.lives():
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(30)

    def _wait(self):
        deadline = time.monotonic() + 500
        while True:
            try:
                with urllib.request.urlopen(self.url("ping"), timeout=5):
                    return
            except OSError:
                if not self.lives() or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}"

    def ask(self, content, kind="application/json"):
        """POST a request and return its predictions."""
        body = content if isinstance(content, str) else json.dumps(content)
        request = urllib.request.Request(
            self.url("invocations"), body.encode(), {"Content-Type": kind}
        )
        with urllib.request.urlopen(request, timeout=100) as answer:
            return np.array(json.loads(answer.read())["predictions"])


class ThreadServer(Server):
    """The same application, in a thread: there in moments."""

    def start(self, model, store_uri, folder):
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("MLFLOW_TRACKING_URI", store_uri)
        self.thread = ScoringThread(model, self.socket)

    def lives(self):
        return self.thread.lives()

    def close(self):
        self.thread.close()
        self.patch.undo()


def serve(kind, model, data, name, store_uri, folder, **options):
    """Register a model and serve it in a "thread" or a "process"."""
    register(model, data, name, store_uri, **options)
    return {"thread": ThreadServer, "process": Server}[kind](name, store_uri, folder)
