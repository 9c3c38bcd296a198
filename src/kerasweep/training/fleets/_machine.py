"""What this machine can do: how many networks at once, and which way is faster."""

import hashlib
import json
import math
import os
import platform
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import psutil

from kerasweep.training.backends._facts import backend_facts, on_accelerator

if TYPE_CHECKING:
    from kerasweep.training.engine._plan import Plan

# The state is held as given, as updated, as gradients, and as the best epoch's.
_COPIES_OF_STATE = 4
_USABLE = 0.6
STACKED, SIDE_BY_SIDE = "stacked", "side by side"
# Floating-point operations in a network's step below which stacking won where it was
# measured (784-64-64-10, batches of 128: 4e7), and above which there is no overhead
# worth sharing (784-500-300-10: 4e8). Between them this machine is measured.
_LITTLE_WORK, _MUCH_WORK = 5e7, 2e8
# Operations in a whole fit, a second or less of a few cores, below which a stack's
# program would take longer to compile than it could save.
_SHORT_FIT = 2e10
# Groups of each way before one of them is chosen: one may have met a busy machine.
_MEASUREMENTS = 2


class Calibration:
    """Remember seconds a network-epoch of each way, by the size of the work.

    On a GPU networks are stacked. On a CPU short fits, large networks and convolutions
    are trained side by side, by the program of a lone fit and with its very results;
    longer fits of small networks are stacked. Of sizes between them the first groups
    are trained one way, the next ones the other way, and after that the faster way is
    taken. What was measured is kept in a file, for the next process on this machine.

    Parameters
    ----------
    path : Path or None
        Default: in the user's cache folder.
    """

    def __init__(self, path: Path | None = None):
        self._path = path
        self._times: dict[str, dict[str, list[float]]] | None = None
        self._lock = threading.Lock()

    def choose(self, plan: Any) -> str:
        """Choose how to train several networks like this one."""
        if on_accelerator():
            return STACKED
        work = flops_per_step(plan)
        if is_short(plan) or work > _MUCH_WORK or plan.facts.convolutional:
            return SIDE_BY_SIDE
        if work < _LITTLE_WORK:
            return STACKED
        with self._lock:
            known = self._load().get(_size(plan), {})
        for way in (STACKED, SIDE_BY_SIDE):
            if len(known.get(way, ())) < _MEASUREMENTS:
                return way
        return min(known, key=lambda way: min(known[way]))

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
            times = self._load().setdefault(_size(plan), {}).setdefault(way, [])
            if len(times) < _MEASUREMENTS or seconds < 0.9 * min(times):
                times[:] = sorted([*times, seconds])[:_MEASUREMENTS]
                self._save()

    def file(self) -> Path:
        """Return the file of what was measured with this machine, backend and Keras."""
        if self._path is not None:
            return self._path
        import keras

        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        about = f"{platform.node()} {joblib.cpu_count()} {keras.backend.backend()}"
        about += f" {keras.__version__} {platform.machine()}"
        name = hashlib.sha256(about.encode()).hexdigest()[:16]
        return Path(root) / "kerasweep" / f"calibration-2-{name}.json"

    def faster(self) -> dict[str, int]:
        """Count the sizes of work for which each way was measured to be the faster."""
        with self._lock:
            known = [times for times in self._load().values() if len(times) > 1]
            return dict(
                Counter(min(times, key=lambda w: min(times[w])) for times in known)
            )

    def _load(self) -> dict[str, dict[str, list[float]]]:
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


def is_short(plan: Any) -> bool:
    """Tell whether a dense network is trained in a second or less."""
    whole_fit = flops_per_step(plan) * plan.train.n_steps * plan.job.epochs
    return whole_fit < _SHORT_FIT and not plan.facts.convolutional


def networks_that_fit(plans: Sequence["Plan"]) -> int:
    """Bound the networks of a stack by the memory that is free.

    Parameters
    ----------
    plans : sequence of Plan
        Of one key and group.

    Returns
    -------
    n_networks : int
        At least 1.
    """
    free = free_memory()
    if free is None:
        return len(plans)
    plan = plans[0]
    state = 4 * _COPIES_OF_STATE * plan.facts.n_state
    rows = plan.train.rows.batch_size
    if plan.validation is not None:
        rows = max(rows, plan.validation.rows.batch_size)
    # Twice: once on the host, laid end to end, and once on the device.
    each = state + 8 * rows * plan.facts.n_outputs + 2 * _bytes_of_rows(plan)
    return max(1, min(len(plans), int(_USABLE * free / each)))


def fits_that_fit(plan: "Plan") -> int:
    """Bound the fits under way by the memory that is free on the host.

    Each holds its rows: as a pipeline gave them, and as they are trained on.

    Parameters
    ----------
    plan : Plan
        Of one of them.

    Returns
    -------
    n_fits : int
        At least 1.
    """
    free = psutil.virtual_memory().available
    return max(1, int(_USABLE * free / max(1, 2 * _bytes_of_rows(plan))))


def free_memory() -> int:
    """Give the bytes that are free where Keras computes."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        device: Any = jax.local_devices()[0]
        if device.platform != "cpu":
            stats = device.memory_stats() or {}
            if "bytes_limit" in stats:
                return stats["bytes_limit"] - stats.get("bytes_in_use", 0)
    return psutil.virtual_memory().available


def _bytes_of_rows(plan: "Plan") -> int:
    visited = [plan.train, *([plan.validation] if plan.validation else [])]
    return sum(a.nbytes for rows in visited for a in rows.arrays)


def _size(plan: Any) -> str:
    work = flops_per_step(plan)
    depth = plan.facts.n_variables
    return f"2^{round(2 * math.log2(max(work, 1))) / 2} flops, {depth} variables"


def machine_facts() -> dict[str, Any]:
    """Say what Keras computes with, and what was measured of it.

    Returns
    -------
    facts : dict
        Those of :func:`backend_facts`; ``calibration``, the file's path, and
        ``faster``, for how many sizes of network it holds that training them stacked,
        or side by side, is faster.
    """
    return {
        **backend_facts(),
        "calibration": str(calibration.file()),
        "faster": calibration.faster(),
    }
