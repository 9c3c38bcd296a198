"""Processes that measure when told to, the turns they take, and the table of it."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
READY = "ready\n"


class Side:
    """A process that answers questions, one line of JSON each.

    Parameters
    ----------
    module : str
        Run with ``python -m``; it calls :func:`serve`.
    *arguments : str
        Its command line.
    backend : {"tensorflow", "jax"}
        Of Keras.
    checkout : Path or None
        Whose `src` is measured; None means this one's.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        backend: str = "tensorflow",
        checkout: Path | None = None,
    ):
        self._name = " ".join([module, *arguments])
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=ROOT,
            env=_environment(backend, checkout),
        )
        while self._read() != READY:
            pass  # what a library printed on its import

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return line
        self._process.wait()
        self._errors.seek(0)
        end = "".join(self._errors.readlines()[-20:])
        raise RuntimeError(f"`{self._name}` ended without an answer:\n{end}")

    def ask(self, question: Any = None) -> Any:
        """Send a question, and return the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._read())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._errors.close()


def serve(answer: Callable[[Any], Any]) -> None:
    """Answer the questions on standard input until it ends.

    What else is printed goes to standard error.
    """
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        print(READY, end="", file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


def whole_process(
    module: str, *arguments: str, checkout: Path | None = None
) -> tuple[float, Any]:
    """Return the wall time of a process, and the JSON that it printed last."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=_environment("tensorflow", checkout),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        end = "\n".join(done.stderr.splitlines()[-20:])
        raise RuntimeError(f"`{' '.join([module, *arguments])}` failed:\n{end}")
    return seconds, json.loads(done.stdout.splitlines()[-1])


def in_turn(
    sides: Mapping[str, Callable[[int], Any]], repeats: int
) -> dict[str, list[Any]]:
    """Call each side with the number of the repeat, the sides taking turns."""
    measured: dict[str, list[Any]] = {name: [] for name in sides}
    for repeat in range(repeats):
        for name, measure in sides.items():
            measured[name].append(measure(repeat))
    return measured


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table whose first column is text and whose others are figures."""
    lines = [list(header), ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def times_faster(base: Sequence[float] | None, seconds: Sequence[float]) -> str:
    """Return the ratio of two medians; nothing where the peer was left out."""
    if not base:
        return ""
    ratio = median(base) / median(seconds)
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def chosen(text: str) -> list[str]:
    """Split an option's comma-separated names."""
    return [name.strip() for name in text.split(",")]


def is_installed(packages: str) -> bool:
    """Tell whether each of several modules can be imported."""
    return all(find_spec(package) is not None for package in packages.split())


def _environment(backend: str, checkout: Path | None) -> dict[str, str]:
    source = str((checkout or ROOT).resolve() / "src")
    path = [source, os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "PYTHONWARNINGS": "ignore",  # scikit-learn's, of 20 epochs that do not converge
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
