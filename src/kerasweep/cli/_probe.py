"""Ask in a process of its own what might take long, hang or crash."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any

_MARK = "kerasweep-probe:"
_CALL = """
import dataclasses, json
from {module} import {function} as f
found = f()
if dataclasses.is_dataclass(found):
    found = dataclasses.asdict(found)
print({mark!r} + json.dumps(found), flush=True)
"""


class Probe:
    """Call a function without arguments in another process, and wait so long for it.

    Parameters
    ----------
    module, function : str
        The function returns a dataclass, or what JSON can hold.
    env : dict of str to str
        The process's environment.
    """

    def __init__(self, module: str, function: str, env: Mapping[str, str]):
        code = _CALL.format(module=module, function=function, mark=_MARK)
        self._start = time.monotonic()
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self._child = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            env=dict(env),
        )

    def result(self, seconds: float) -> Any:
        """Return what the function returned.

        Parameters
        ----------
        seconds : float
            Since the process was started; it is killed then.

        Raises
        ------
        TimeoutError
            If there is no answer by then.
        RuntimeError
            If the function raised an error, whose message this is, or the process
            crashed.
        """
        try:
            self._child.wait(max(0.0, self._start + seconds - time.monotonic()))
            said, complaints = self._read(self._out), self._read(self._err)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"no answer within {seconds:g} s") from None
        finally:
            self.close()
        for line in said:
            if line.startswith(_MARK):
                return json.loads(line.removeprefix(_MARK))
        last = complaints[-1] if complaints else "it said nothing"
        code = self._child.returncode
        raise RuntimeError(last if code == 1 else f"it ended with code {code}: {last}")

    def close(self) -> None:
        """End the process, if it still runs."""
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._out.close()
        self._err.close()

    @staticmethod
    def _read(file: Any) -> list[str]:
        file.seek(0)
        return file.read().decode(errors="replace").strip().splitlines()
