"""A Python that has the heavy imports behind it, and starts scripts in moments.

A fresh interpreter needs ten seconds for TensorFlow and MLflow. This one imports them
once, computes nothing, and forks for each script. Forking a process is safe as long as
it has one thread, and this one refuses to fork with more: TensorFlow starts its threads
with its first computation, OpenBLAS and Arrow are told to start none. Nothing of this
package is imported before the fork. In all else the fork is as a fresh interpreter:
arguments, variables, folder, path, main module, and how it ends.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

THREADLESS = {
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
IMPORTED = (
    *(
        "keras",
        "matplotlib",
        "mlflow.sklearn",
        "mlflow.store.tracking.sqlalchemy_store",
    ),
    *("pandas", "sklearn.model_selection", "tensorflow"),
)
#: Read while these are imported, so that a fork can't change them.
FIXED = ("KERAS_BACKEND", "MPLBACKEND", "TF_CPP_MIN_LOG_LEVEL")


class ReadyPython:
    """Starts the interpreter with the first script.

    Its methods take the arguments of ``python``: a path, ``-c`` or ``-m`` first.
    """

    def __init__(self):
        self._server = None
        self._outputs = tempfile.TemporaryDirectory(prefix="ready-python-")

    def run(self, arguments, *, cwd, env=None, timeout=300):
        """Run a script to its end, as `subprocess.run` does, and return the same."""
        if sys.platform != "linux":  # threads can't be counted
            return subprocess.run(
                [sys.executable, *arguments],
                **{"cwd": cwd, "env": env, "timeout": timeout},
                capture_output=True,
                text=True,
            )
        process = self.start(arguments, cwd=cwd, env=env)
        try:
            process.wait(timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(
            arguments,
            process.returncode,
            process.read("stdout"),
            process.read("stderr"),
        )

    def start(self, arguments, *, cwd, env=None):
        """Start a script, and return its process."""
        env = dict(os.environ if env is None else env)
        own = {name: os.environ.get(name) for name in FIXED}
        assert all(env.get(name, value) == value for name, value in own.items())
        output = tempfile.mkdtemp(dir=self._outputs.name)
        for name in ("stdout", "stderr"):
            Path(output, name).touch()
        request = {"arguments": [str(one) for one in arguments], "cwd": str(cwd)}
        answer = self.ask(**request, env=env, output=output)
        return _Process(self, answer["pid"], Path(output))

    def ask(self, **request):
        """Send a request, and return the answer."""
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **THREADLESS},
                text=True,
            )
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    def close(self):
        """End the interpreter."""
        self._outputs.cleanup()
        if self._server is not None:
            self._server.communicate()


class _Process:
    """Waits for a script; what of `subprocess.Popen` the tests use."""

    def __init__(self, python, pid, output):
        self._python, self.pid, self._output = python, pid, output
        self.returncode = None

    def poll(self):
        if self.returncode is None:
            self.returncode = self._python.ask(ended=self.pid)["code"]
        return self.returncode

    def wait(self, timeout):
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.02)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)
        self.wait(60)

    def read(self, name):
        """Return what the script has written so far to stdout or stderr."""
        return (self._output / name).read_text()


# The interpreter itself ---------------------------------------------------------------


def serve():
    """Answer requests; in a fork, return what is to be run."""
    sys.modules["polars"] = None  # starts threads when MLflow imports it
    for name in IMPORTED:
        __import__(name)
    del sys.modules["polars"]
    gc.freeze()  # else each fork copies all that it looks through
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        if "ended" in request:
            pid, status = os.waitpid(request["ended"], os.WNOHANG)
            answer = {"code": os.waitstatus_to_exitcode(status) if pid else None}
        elif (n_threads := len(os.listdir("/proc/self/task"))) > 1:
            answer = {"error": f"{n_threads} threads: this process must not fork"}
        elif pid := os.fork():
            answer = {"pid": pid}
        else:
            answers.close()
            return request
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    return None


def become(request):
    """Make this process what a fresh interpreter would be, and return its script."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name in enumerate(("/dev/null", "stdout", "stderr")):
        path = os.path.join(request["output"], name)
        file = os.open(path, os.O_RDWR | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own = [path for path in sys.path[1:] if path not in known]
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    more = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    first, *rest = request["arguments"]
    sys.path[:] = [os.path.dirname(first) if first[0] != "-" else "", *more, *own]
    sys.argv[:] = ["-c", *rest[1:]] if first == "-c" else [first, *rest]
    return first, rest


def main():
    """Serve, and run in a fork what was asked for."""
    import runpy
    import types

    request = serve()
    if request is None:
        return
    first, rest = become(request)
    import numpy

    numpy.random.seed()  # else each fork draws the same
    if first == "-m":
        sys.argv[:] = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        return
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    module.__builtins__ = __builtins__
    if first != "-c":
        module.__file__ = first
    source = rest[0] if first == "-c" else Path(first).read_text()
    exec(compile(source, "<string>" if first == "-c" else first, "exec"), vars(module))


if __name__ == "__main__":
    main()
