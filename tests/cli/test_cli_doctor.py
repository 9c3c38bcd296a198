"""What the doctor says of sound and of broken installations."""

import json
import os
import subprocess
import sys
import time
from email.message import Message
from importlib import metadata

import pytest

from kerasweep.cli import _doctor as doctor_module, _installation, _machine
from kerasweep.cli._doctor import doctor, store_findings
from kerasweep.cli._finding import Finding
from kerasweep.cli._installation import installation_findings
from kerasweep.cli._machine import backend_findings, disk_finding
from kerasweep.cli._probe import Probe

BACKEND = {
    "backend": "tensorflow",
    "version": "2.21.0",
    "devices": ["CPU"],
    "accelerated": False,
    "threads": 0,
    "calibration": "/c.json",
    "faster": {"stacked": 2},
}
STORE = {
    "uri": "sqlite:///mlflow.db",
    "experiments": 2,
    "runs": 7,
    "folder": None,
    "failure": "",
    "warnings": [],
}


@pytest.fixture
def answers(monkeypatch):
    """Answer for both processes; an exception is raised."""
    found = {"machine_facts": BACKEND, "store_health": dict(STORE)}

    class Answer:
        def __init__(self, module, function, env):
            self.function = function

        def result(self, seconds):
            if isinstance(found[self.function], Exception):
                raise found[self.function]
            return found[self.function]

        def close(self):
            pass

    monkeypatch.setattr(doctor_module, "Probe", Answer)
    monkeypatch.setattr(_machine, "has_nvidia_driver", lambda: False)
    sound = [Finding("python", "OK", "3.11")]
    monkeypatch.setattr(doctor_module, "installation_findings", lambda: sound)
    return found


def _states(findings):
    return {finding.name: finding.state for finding in findings}


def test_all_well_exits_with_0(answers, capsys):
    assert doctor([]) == 0
    said = capsys.readouterr().out
    assert "OK    tracking      sqlite:///mlflow.db, 2 experiments, 7 runs" in said
    assert "stacked for 2" in said
    assert said.endswith("0 failures\n") and "WARN " not in said


def test_json_holds_what_the_lines_say(answers, capsys):
    answers["store_health"]["failure"] = "It is locked: close the other program."
    assert doctor(["--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["failures"] == 1
    (failed,) = [check for check in said["checks"] if check["state"] == "FAIL"]
    assert failed == {
        "name": "tracking",
        "state": "FAIL",
        "found": "sqlite:///mlflow.db",
        "advice": "It is locked: close the other program.",
    }


@pytest.mark.parametrize("error", [TimeoutError("no answer"), RuntimeError("no Keras")])
def test_a_backend_that_fails_leaves_the_rest(error, answers, capsys):
    answers["machine_facts"] = error
    assert doctor([]) == 1
    said = capsys.readouterr().out
    assert f"FAIL  backend       {error}" in said and "OK    tracking" in said


def test_a_check_that_breaks_is_a_failure_of_its_own(answers, monkeypatch, capsys):
    monkeypatch.setattr(doctor_module, "disk_finding", lambda *folder: 1 / 0)
    assert doctor([]) == 1
    assert "FAIL  disk          could not be checked" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--nope"], ["--timeout", "0"]])
def test_a_wrong_option_exits_with_2(options, capsys):
    with pytest.raises(SystemExit) as stop:
        doctor(options)
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_this_installation_has_what_it_needs():
    states = _states(installation_findings())
    assert states["python"] == states["experiments"] == states["data"] == "OK"


def test_packages_are_held_against_what_pyproject_says(monkeypatch):
    monkeypatch.setattr(
        _installation,
        "requires",
        lambda name: [
            "numpy>=999",
            "no-such-package",
            "scipy>=1",
            'numpy>=999; extra == "big"',
            'no-such-package; extra == "more"',
            'pytest; extra == "test"',
            'no-such-package; python_version < "3"',
        ],
    )
    monkeypatch.setattr(_installation, "metadata", _metadata)
    numpy, missing, good, big, more = [
        *_installation._packages(),
        *_installation._extras(),
    ]
    assert numpy.state == "FAIL" and numpy.advice == "pip install 'numpy>=999'"
    assert missing.found == "not installed" and missing.state == "FAIL"
    assert good.found == f"scipy {metadata.version('scipy')}"
    assert (big.name, big.state) == ("[big]", "WARN")
    assert more.state == "OK" and "pip install 'kerasweep[more]'" in more.found


def _metadata(name):
    found = Message()
    for extra in ("big", "more", "test"):
        found["Provides-Extra"] = extra
    return found


def test_a_gpu_that_keras_does_not_see_is_a_warning(monkeypatch):
    monkeypatch.setattr(_machine, "has_nvidia_driver", lambda: True)
    findings = backend_findings(BACKEND)
    assert _states(findings)["devices"] == "WARN"
    seen = {**BACKEND, "accelerated": True, "devices": ["GPU:0 H100"]}
    assert _states(backend_findings(seen))["devices"] == "OK"


def test_less_time_than_cores_is_a_warning(monkeypatch):
    monkeypatch.setattr(_machine, "_allowed_cores", lambda: 4)
    for granted, state in ((2, "WARN"), (4, "OK")):
        monkeypatch.setattr(_machine.joblib, "cpu_count", lambda n=granted: n)
        assert _machine._threads(0).state == state


def test_a_full_disk_fails(monkeypatch):
    usage = _machine.shutil.disk_usage("/")
    for free, state in ((1e12, "OK"), (1e9, "WARN"), (1e6, "FAIL")):
        left = usage._replace(free=int(free))
        monkeypatch.setattr(_machine.shutil, "disk_usage", lambda path, n=left: n)
        assert disk_finding().state == state


def test_a_store_that_was_not_counted_is_not_called_empty():
    (fresh,) = store_findings({**STORE, "runs": None, "experiments": None})
    assert fresh.state == "OK" and "the first run makes it" in fresh.found
    (warned,) = store_findings({**STORE, "warnings": ["It is slow."]})
    assert (warned.state, warned.advice) == ("WARN", "It is slow.")


def test_a_probe_answers():
    assert Probe("platform", "python_version", os.environ).result(60).startswith("3.")


def test_a_probe_that_hangs_is_ended():
    probe = Probe("signal", "pause", os.environ)
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="no answer within"):
        probe.result(0.5)
    assert time.monotonic() - start < 10
    assert probe._child.returncode is not None


def test_a_probe_that_crashes_or_raises_says_so():
    with pytest.raises(RuntimeError, match="it ended with code -6"):
        Probe("os", "abort", os.environ).result(60)
    with pytest.raises(RuntimeError, match="ImportError: cannot import name 'none'"):
        Probe("platform", "none", os.environ).result(60)


@pytest.mark.slow
def test_the_doctor_makes_no_file(tmp_path):
    env = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
    done = subprocess.run(
        [sys.executable, "-m", "kerasweep", "doctor", "--json", "--timeout", "300"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
    )
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert found["backend"]["state"] == found["tracking"]["state"] == "OK"
    assert not list(tmp_path.iterdir())
