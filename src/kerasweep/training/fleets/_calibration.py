"""Which way of training several networks was measured to be the faster one."""

import hashlib
import json
import math
import os
import platform
import threading
from pathlib import Path
from typing import Any

STACKED, SIDE_BY_SIDE = "stacked", "side by side"
# With this much arithmetic in a network's step there is no overhead worth sharing:
# a stacked program could not win back what compiling it costs.
_ARITHMETIC_BOUND = 2e8


class Calibration:
    """Remember seconds a network-epoch of each way, by the size of the work.

    On a GPU networks are stacked. On a CPU the first group of a size is trained
    one way, the next the other way, and after that the faster way is taken. What
    was measured is kept in a file, for the next process on this machine.

    Parameters
    ----------
    path : Path or None
        Default: in the user's cache folder.
    """

    def __init__(self, path: Path | None = None):
        self._path = path
        self._times: dict[str, dict[str, float]] | None = None
        self._lock = threading.Lock()

    def choose(self, plan: Any) -> str:
        """Choose how to train several networks like this one."""
        if on_accelerator():
            return STACKED
        work = flops_per_step(plan)
        if work > _ARITHMETIC_BOUND or plan.facts.convolutional:
            return SIDE_BY_SIDE
        with self._lock:
            known = self._load().get(_size(plan), {})
        for way in (STACKED, SIDE_BY_SIDE):
            if way not in known:
                return way
        return min(known, key=lambda way: known[way])

    def record(self, plan: Any, way: str, seconds: float) -> None:
        """Remember how long a network-epoch took, per step.

        Parameters
        ----------
        plan : Plan
        way : str
        seconds : float
            Per network and step; the best of all measurements counts, because
            whatever else runs on the machine only makes it slower.
        """
        with self._lock:
            known = self._load().setdefault(_size(plan), {})
            if seconds < 0.9 * known.get(way, math.inf):
                known[way] = seconds
                self._save()

    def file(self) -> Path:
        """Return the file of what was measured with this machine, backend and Keras."""
        if self._path is not None:
            return self._path
        import keras

        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        about = f"{platform.node()} {n_cores()} {keras.backend.backend()}"
        about += f" {keras.__version__} {platform.machine()}"
        name = hashlib.sha256(about.encode()).hexdigest()[:16]
        return Path(root) / "kerasweep" / f"calibration-{name}.json"

    def known(self) -> dict[str, dict[str, float]]:
        """Return what was measured: seconds of each way, by the size of the work."""
        with self._lock:
            return {size: dict(times) for size, times in self._load().items()}

    def _load(self) -> dict[str, dict[str, float]]:
        if self._times is None:
            try:
                self._times = json.loads(self.file().read_text())
            except (OSError, ValueError, RuntimeError):
                self._times = {}
        assert self._times is not None
        return self._times

    def _save(self) -> None:
        try:
            file = self.file()
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(f".{os.getpid()}")
            part.write_text(json.dumps(self._times))
            part.replace(file)
        except (OSError, RuntimeError):
            pass  # A cache that cannot be written is measured again.


calibration = Calibration()


def flops_per_step(plan: Any) -> float:
    """Estimate the arithmetic of one update of a dense network."""
    return 6.0 * plan.facts.n_kernel_weights * plan.train.rows.batch_size


def on_accelerator() -> bool:
    """Tell whether Keras computes on something else than the CPU."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() != "cpu"
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def n_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _size(plan: Any) -> str:
    work = flops_per_step(plan)
    depth = plan.facts.n_variables
    return f"2^{round(2 * math.log2(max(work, 1))) / 2} flops, {depth} variables"
