"""What works in this installation, what does not, and what to do."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from kerasweep import __version__
from kerasweep.cli._finding import Finding
from kerasweep.cli._installation import installation_findings
from kerasweep.cli._machine import backend_findings, disk_finding
from kerasweep.cli._probe import Probe
from kerasweep.experiments import Option, readers
from kerasweep.experiments.command import click_option, options_or_exit

_HELP = (
    "Say what works in this installation, what does not, and what to do. Nothing is "
    "written, no run is made; the exit code is 1 if anything fails."
)
_TIMEOUT = Option(
    "120", readers.positive, "seconds for Keras, and for the tracking store"
)


def doctor(arguments: Sequence[str]) -> int:
    """Look at everything, print what was found, and return the exit code."""
    as_json = click.Option(["--json"], is_flag=True, help="print one JSON object")
    options: list[click.Parameter] = [click_option("timeout", _TIMEOUT), as_json]
    command = click.Command("doctor", params=options, help=_HELP)
    args = options_or_exit(command, arguments, "kerasweep doctor")
    where = str(Path(__file__).resolve().parents[1])
    if not args["json"]:
        print(f"kerasweep {__version__} in {where}\n", flush=True)
    found = []
    for finding in findings(args["timeout"]):
        found.append(finding)
        if not args["json"]:
            print(finding, flush=True)
    count = {s: sum(f.state == s for f in found) for s in ("OK", "WARN", "FAIL")}
    if args["json"]:
        checks = [vars(finding) for finding in found]
        about = {"version": __version__, "folder": where, "failures": count["FAIL"]}
        print(json.dumps({**about, "checks": checks}, indent=1))
    else:
        print(f"\n{count['OK']} OK, {count['WARN']} warnings, {count['FAIL']} failures")
    return int(count["FAIL"] > 0)


def findings(timeout: float) -> Iterator[Finding]:
    """Look at one thing after the other.

    Parameters
    ----------
    timeout : float
        Seconds for Keras, and for the tracking store, which are asked at once, each
        in a process of its own: a driver or a network may let whoever asks hang.
    """
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "MLFLOW_DISABLE_TELEMETRY": "true"}
    # MLflow's own patience is minutes; whatever the user set is theirs.
    brief = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    env = {**quiet, **brief, **os.environ}
    backend = Probe("kerasweep.training.fleets._machine", "machine_facts", env)
    store = Probe("kerasweep.tracking._health", "store_health", env)
    try:
        yield from _guarded("installation", installation_findings)
        yield from _asked("backend", backend, timeout, backend_findings)
        folders: list[str | None] = []

        def judge(health: Mapping[str, Any]) -> list[Finding]:
            folders.append(health["folder"])
            return store_findings(health)

        yield from _asked("tracking", store, timeout, judge)
        yield from _guarded("disk", lambda: [disk_finding(*folders)])
    finally:
        backend.close()
        store.close()


def store_findings(health: Mapping[str, Any]) -> list[Finding]:
    """Judge what `kerasweep.tracking._health.store_health` found."""
    uri = health["uri"]
    if health["failure"]:
        return [Finding("tracking", "FAIL", uri, health["failure"])]
    counts = "not counted"
    if health["runs"] is not None:
        most = " or more" * (health["runs"] == 1000 and uri.startswith("http"))
        counts = f"{health['experiments']} experiments, {health['runs']}{most} runs"
    elif uri.startswith("sqlite"):
        counts = "not made yet; the first run makes it"
    warnings = [Finding("tracking", "WARN", uri, text) for text in health["warnings"]]
    return warnings or [Finding("tracking", "OK", f"{uri}, {counts}")]


def _asked(
    name: str, probe: Probe, timeout: float, judge: Callable[[Any], Iterable[Finding]]
) -> list[Finding]:
    """Judge a probe's answer, or say that there is none."""
    try:
        return list(judge(probe.result(timeout)))
    except TimeoutError as error:
        advice = (
            "On a busy machine try again with --timeout 300; if that does not help, "
            "look at the driver (backend) or the network (tracking)."
        )
        return [Finding(name, "FAIL", str(error), advice)]
    except RuntimeError as error:
        return [Finding(name, "FAIL", str(error))]


def _guarded(name: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Turn an error of a check into a finding: the other checks still count."""
    try:
        return look()
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        return [Finding(name, "FAIL", f"could not be checked: {said}")]
