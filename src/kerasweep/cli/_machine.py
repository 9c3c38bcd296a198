"""What the machine offers, and what Keras makes of it."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib

from kerasweep.cli._finding import Finding
from kerasweep.training.backends._facts import has_nvidia_driver, thread_settings

_GIB = 2**30
_LITTLE, _TOO_LITTLE = 2.0, 0.1  # GiB


def backend_findings(facts: Mapping[str, Any]) -> list[Finding]:
    """Judge what `machine_facts` of `training.fleets` found."""
    backend = f"{facts['backend']} {facts['version']}"
    chosen = os.environ.get("KERAS_BACKEND")
    how = f"KERAS_BACKEND={chosen}" if chosen else "KERAS_BACKEND is not set"
    devices = ", ".join(facts["devices"])
    idle = has_nvidia_driver() and not facts["accelerated"]
    advice = (
        "This machine has an NVIDIA driver: pip install 'tensorflow[and-cuda]', or "
        "'jax[cuda12]' for KERAS_BACKEND=jax."
    )
    ways = [f"{way} for {n}" for way, n in facts["faster"].items()]
    measured = "nothing measured yet"
    if ways:
        measured = f"faster, by size of network: {', '.join(ways)}"
    if facts["accelerated"]:
        measured = "not used: on an accelerator networks are stacked"
    return [
        Finding("backend", "OK", f"{backend}, {how}"),
        Finding("devices", "WARN", devices, advice)
        if idle
        else Finding("devices", "OK", devices),
        _threads(facts["threads"]),
        Finding("calibration", "OK", f"{facts['calibration']} ({measured})"),
    ]


def _threads(intra_op: int | None) -> Finding:
    cores, settings = _allowed_cores(), thread_settings()
    found = f"{cores} of {os.cpu_count()} cores may be used"
    told = [f"{name}={value}" for name, value in settings.items()]
    if intra_op is not None:
        told.append(f"TensorFlow's threads an operation: {intra_op or 'all cores'}")
    found = ", ".join([found, *told])
    granted = joblib.cpu_count()
    if granted < cores:
        advice = (
            f"The container grants the time of {granted} cores, so threads wait for "
            "each other: start it with as many cores (cpuset) as it has time for."
        )
        return Finding("threads", "WARN", found, advice)
    return Finding("threads", "OK", found)


def _allowed_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def disk_finding(folder: str | None = None) -> Finding:
    """Judge the room for results, and for the store that is in `folder`."""
    places = {str(Path.cwd()), folder or str(Path.cwd())}
    free = {place: shutil.disk_usage(place).free / _GIB for place in places}
    place = min(free, key=lambda name: free[name])
    found = f"{free[place]:.1f} GiB free in {place}"
    if not os.access(Path.cwd(), os.W_OK):
        advice = "Change to a folder that you may write to, or pass --out."
        return Finding("disk", "FAIL", f"{Path.cwd()} can't be written to", advice)
    if free[place] < _TOO_LITTLE:
        return Finding("disk", "FAIL", found, "Make room before any experiment.")
    if free[place] < _LITTLE:
        advice = "Make room: all experiments together write about 1 GiB."
        return Finding("disk", "WARN", found, advice)
    return Finding("disk", "OK", found)
