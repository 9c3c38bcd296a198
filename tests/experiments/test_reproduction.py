import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from kerasweep.experiments import EXPERIMENT_TAG, SETTINGS_TAG
from kerasweep.experiments.reproduction import (
    Reproduction,
    Step,
    choose_steps,
    outcome_table,
)
from kerasweep.experiments.scripts import load_command

SCRIPT = """
import os, sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from kerasweep.experiments import Command, ExperimentSettings, options as opt

@dataclass(frozen=True)
class Toy(ExperimentSettings):
    name: ClassVar[str] = "toy"
    epochs: int = opt.epochs("40", quick="1")
    out: Path = opt.out("results")

def run(settings, run): ...

main = Command(Toy, run)

if __name__ == "__main__":
    args = main.read(sys.argv[1:])
    assert "MLFLOW_RUN_ID" not in os.environ
    args.out.mkdir(parents=True)
    (args.out / "epochs").write_text(f"{args.data} {args.seed} {args.epochs}")
    sys.exit(3 if args.epochs == 13 else 0)
"""
REPORT = "import sys, pathlib; pathlib.Path(sys.argv[2]).mkdir()"


@pytest.fixture
def scripts(tmp_path):
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "toy.py").write_text(SCRIPT)
    (folder / "report.py").write_text(REPORT)
    (folder / "broken.py").write_text("import no_such_module")
    return folder


def reproduction(steps, scripts, found=(), **options):
    common = {"data": "digits", "seed": "5"}
    out = scripts.parent / "out"
    return Reproduction(steps, scripts, out, common=common, finished=found, **options)


@pytest.fixture
def finished(scripts):
    """Return a function that makes up a finished run of the toy."""

    def make(script="toy", seconds=60.0, **given):
        given = {"data": "digits", "seed": "5", **given}
        typed = [text for name, value in given.items() for text in (f"--{name}", value)]
        settings = load_command(scripts / "toy.py").read(typed)
        return SimpleNamespace(
            run_id="0123456789",
            tags={
                EXPERIMENT_TAG: script,
                SETTINGS_TAG: settings.tags()[SETTINGS_TAG],
            },
            record={"settings": settings.texts()},
            seconds=seconds,
        )

    return make


def states(outcomes):
    return [outcome.state for outcome in outcomes]


def test_each_step_runs_and_a_failure_stops_no_other(scripts, monkeypatch, capfd):
    monkeypatch.setenv("MLFLOW_RUN_ID", "the project's")
    steps = [
        Step("bad", "toy", 1, {"epochs": "13"}),
        Step("absent", "absent", 1),
        Step("broken", "broken", 1),
        Step("no-such-option", "toy", 1, {"preset": "strong"}),
        Step("good", "toy", 1, {"epochs": "7"}),
        Step("report", "report", 1, is_report=True),
    ]
    outcomes = reproduction(steps, scripts).run()
    assert states(outcomes) == ["failed"] * 4 + ["finished"] * 2
    details = [outcome.detail for outcome in outcomes]
    assert "exit code 3" in details[0] and "there is no script" in details[1]
    assert "no_such_module" in details[2] and "--preset" in details[3]
    out = scripts.parent / "out"
    assert (out / "good" / "epochs").read_text() == "digits 5 7"
    assert (out / "report").is_dir()
    said = capfd.readouterr().out
    assert "1 of 6, bad: about 3 min left, a first guess" in said
    assert "5 of 6, good: about" in said
    assert outcome_table(outcomes)["outcome"].tolist() == states(outcomes)


def test_only_the_very_same_settings_are_skipped(scripts, finished):
    steps = [
        Step("same", "toy", 1),
        Step("wide", "toy", 1, {"epochs": "2"}, tags=("wide",)),
        Step("other", "toy", 1, {"epochs": "3"}),
    ]
    store = [
        finished(),
        finished("wide", epochs="2"),
        finished(epochs="3", seed="6"),
        finished("another", epochs="3"),
        finished(epochs="3", data="mnist"),
    ]
    outcomes = reproduction(steps, scripts, store).run()
    assert states(outcomes) == ["skipped", "skipped", "finished"]
    assert "01234567" in outcomes[0].detail
    assert not (scripts.parent / "out" / "same").exists()


def test_small_settings_have_options_of_their_own(scripts):
    steps = [
        Step("default", "toy", 1),
        Step("wide", "toy", 1, {"epochs": "40"}, {"epochs": "2"}),
        Step("report", "report", 1, is_report=True),
    ]
    outcomes = reproduction(steps, scripts, quick=True).run()
    assert states(outcomes) == ["finished"] * 3
    out = scripts.parent / "out"
    assert (out / "default" / "epochs").read_text() == "digits 5 1"
    assert (out / "wide" / "epochs").read_text() == "digits 5 2"


def test_the_time_left_is_scaled_by_what_is_known(scripts, finished):
    steps = [
        Step("known", "toy", 2),
        Step("other-seed", "toy", 2, {"epochs": "3"}),
        Step("unknown", "toy", 10, {"epochs": "4"}),
    ]
    assert reproduction(steps, scripts).seconds_left() == (14 * 60, False)
    store = [finished(seconds=60), finished(epochs="3", seed="6", seconds=60)]
    # twice as fast as guessed; what is skipped takes no time
    assert reproduction(steps, scripts, store).seconds_left() == (60 + 300, True)


def test_steps_are_chosen_by_name():
    steps = [Step(name, name, 1) for name in ("a", "b", "c")]
    assert choose_steps(steps) == steps
    assert choose_steps(steps, only=["c", "a"], skip=["a"]) == [steps[2]]
    with pytest.raises(ValueError, match=r"skip must hold names among a, b, c.*'d'"):
        choose_steps(steps, skip=["d"])
    with pytest.raises(ValueError, match="nothing to run"):
        choose_steps(steps, only=["a"], skip=["a"])


STUBBORN = """
import os, signal, time
{}
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a job's processes
from kerasweep.experiments._exits import interruption_exits
from kerasweep.experiments.reproduction import run_child
with interruption_exits("Kept."):
    run_child([sys.executable, "-c", sys.argv[1]], (0.5, 0.5))
"""


@pytest.mark.parametrize(
    ("habit", "number", "code"),
    [
        ("pass", signal.SIGINT, 130),
        ("signal.signal(signal.SIGINT, signal.SIG_IGN)", signal.SIGINT, 130),
        ("pass", signal.SIGTERM, 143),
    ],
)
def test_no_child_outlives_an_interruption(habit, number, code):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, STUBBORN.format(habit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child = int(parent.stdout.readline())
    parent.send_signal(number)
    _, error = parent.communicate(timeout=60)
    assert parent.returncode == code
    assert "Kept." in error or number == signal.SIGTERM
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _lives(child):
        time.sleep(0.05)
    assert not _lives(child)


def _lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
