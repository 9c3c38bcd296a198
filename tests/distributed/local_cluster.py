"""A real Dask cluster on this machine."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

TOYS = Path(__file__).parents[1] / "tracking"


class Cluster:
    """Starts and ends the processes.

    Attributes
    ----------
    address : str
        The scheduler's.
    """

    def __init__(self, folder):
        self._folder = folder
        self._processes = []
        self._file = folder / "scheduler.json"
        self._start("scheduler", "--port", "0", "--scheduler-file", self._file)
        _wait(self._file.exists)
        self.address = json.loads(self._file.read_text())["address"]

    def add_worker(self, threads=1):
        self._start(
            "worker",
            *("--scheduler-file", self._file, "--nthreads", threads),
            *("--local-directory", self._folder / f"worker-{len(self._processes)}"),
        )

    def _start(self, kind, *options):
        log = (self._folder / f"{kind}-{len(self._processes)}.log").open("w")
        with log:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", f"distributed.cli.dask_{kind}"),
                    *("--host", "127.0.0.1", "--no-dashboard", *map(str, options)),
                ],
                cwd=self._folder,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([*sys.path, str(TOYS)]),
                    "XDG_CACHE_HOME": str(self._folder / "cache"),
                },
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)

    def stop(self):
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(timeout=60)


def _wait(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
