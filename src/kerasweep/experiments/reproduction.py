"""All experiments in order, but those that are finished already."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerasweep.experiments.scripts import load_command
from kerasweep.experiments.settings import (
    EXPERIMENT_TAG,
    SETTINGS_TAG,
    ExperimentSettings,
)

#: Seconds that a child gets for what Ctrl-C makes it do, and then to end at all.
_GRACE = (30.0, 10.0)
_QUICK_SECONDS = 40.0


@dataclass(frozen=True)
class Step:
    """One experiment to reproduce.

    Parameters
    ----------
    name : str
        As it is chosen and printed.
    script : str
        Stem of its script.
    minutes : float
        What it takes on two cores, roughly; the others' durations rescale it.
    options : dict of str to str, default={}
        Its options besides the common ones.
    quick_options : dict of str to str or None, default=None
        Instead of them, where the settings are small.
    tags : tuple of str, default=()
        Names that its runs are tagged with besides the script's.
    is_report : bool, default=False
        Whether it only reads: it is always run, and takes no option but ``out``.
    """

    name: str
    script: str
    minutes: float
    options: Mapping[str, str] = field(default_factory=dict)
    quick_options: Mapping[str, str] | None = None
    tags: tuple[str, ...] = ()
    is_report: bool = False


@dataclass
class Outcome:
    """What became of a step: its state is "finished", "skipped" or "failed"."""

    name: str
    state: str
    detail: str = ""
    seconds: float | None = None


def choose_steps(
    steps: Sequence[Step], *, only: Sequence[str] = (), skip: Sequence[str] = ()
) -> list[Step]:
    """Return the steps to run, in their order.

    Raises
    ------
    ValueError
        If a name is unknown, or no step is left.
    """
    known = [step.name for step in steps]
    for option, names in (("only", only), ("skip", skip)):
        for name in names:
            if name not in known:
                raise ValueError(
                    f"{option} must hold names among {', '.join(known)}. "
                    f"Got {name!r} instead."
                )
    chosen = [s for s in steps if (not only or s.name in only) and s.name not in skip]
    if not chosen:
        raise ValueError("only and skip leave nothing to run.")
    return chosen


class Reproduction:
    """Run experiments in order, but those that MLflow holds already.

    A step counts as finished if a finished run has the tags of the very settings that
    it would be run with, and a finished record. A step that fails stops no other.

    Parameters
    ----------
    steps : list of Step
    scripts : Path
        The folder of the scripts. Each has ``main``, a
        :class:`~kerasweep.experiments.Command`.
    out : Path
        A folder for all; each step gets its own in it.
    common : dict of str to str
        Options that all experiments get, such as ``data`` and ``seed``.
    quick : bool, default=False
        Whether to use small settings.
    finished : list of FinishedExperiment, default=()
        From :func:`kerasweep.tracking.finished_experiments`.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        scripts: Path,
        out: Path,
        *,
        common: Mapping[str, str],
        quick: bool = False,
        finished: Sequence[Any] = (),
    ):
        self._scripts, self._out = scripts, out
        self._common, self._quick = common, quick
        self._plans = [self._plan(step, finished) for step in steps]

    def run(self) -> list[Outcome]:
        """Run what is not finished, and return what became of each step."""
        outcomes = []
        for i, plan in enumerate(self._plans):
            outcome = plan.known or self._run(i, plan)
            if plan.known:
                self._say(i, f"{outcome.state}: {outcome.detail}")
            outcomes.append(outcome)
        return outcomes

    def seconds_left(self, position: int = 0) -> tuple[float, bool]:
        """Estimate what the steps from a position on take.

        Returns
        -------
        seconds : float
        measured : bool
            Whether any step's duration is known; else the estimate is a first guess.
        """
        timed = [(p.seconds, p.weight) for p in self._plans if p.seconds is not None]
        pace = sum(t for t, _ in timed) / sum(w for _, w in timed) if timed else 1.0
        left = [p for p in self._plans[position:] if p.known is None]
        seconds = sum(p.weight * pace if p.seconds is None else p.seconds for p in left)
        return seconds, bool(timed)

    def _plan(self, step: Step, finished: Sequence[Any]) -> "_Plan":
        weight = 60 * step.minutes
        if self._quick and not step.is_report:
            weight = _QUICK_SECONDS
        plan = _Plan(step, self._arguments(step), weight)
        path = self._scripts / f"{step.script}.py"
        if not path.is_file():
            plan.known = Outcome(step.name, "failed", f"there is no script {path}")
        elif not step.is_report:
            try:
                settings = load_command(path).read(plan.arguments)
            except Exception as error:
                text = " ".join(str(error).split()) or type(error).__name__
                plan.known = Outcome(step.name, "failed", text)
            else:
                self._look_up(plan, settings, finished)
        return plan

    def _look_up(
        self, plan: "_Plan", settings: ExperimentSettings, finished: Sequence[Any]
    ) -> None:
        step = plan.step
        names = (step.script, *step.tags)
        digest = settings.tags()[SETTINGS_TAG]
        wanted = _without_seed(settings.texts())
        like = []
        for run in finished:  # the newest first
            if run.tags.get(EXPERIMENT_TAG) not in names:
                continue
            if run.tags.get(SETTINGS_TAG) == digest:
                found = f"finished already, run {run.run_id[:8]}"
                plan.known = Outcome(step.name, "skipped", found, None)
                plan.seconds = run.seconds
                return
            if _without_seed(run.record.get("settings", {})) == wanted:
                like.append(run.seconds)
        plan.seconds = like[0] if like else None

    def _arguments(self, step: Step) -> list[str]:
        out = str(self._out / step.name)
        if step.is_report:
            return ["--out", out]
        own = step.options
        if self._quick and step.quick_options is not None:
            own = step.quick_options
        options = {**self._common, **own, "out": out}
        if self._quick:
            options["quick"] = "1"
        return [
            text
            for name, value in options.items()
            for text in ("--" + name.replace("_", "-"), value)
        ]

    def _run(self, i: int, plan: "_Plan") -> Outcome:
        seconds, measured = self.seconds_left(i)
        guess = "" if measured else ", a first guess"
        self._say(i, f"about {_long_duration(seconds)} left{guess}")
        start = time.monotonic()
        path = self._scripts / f"{plan.step.script}.py"
        code = run_child([sys.executable, str(path), *plan.arguments])
        taken = time.monotonic() - start
        if code:
            plan.known = Outcome(plan.step.name, "failed", _ending(code), taken)
            return plan.known
        plan.seconds = taken
        return Outcome(plan.step.name, "finished", "", taken)

    def _say(self, i: int, text: str) -> None:
        name = self._plans[i].step.name
        print(f"{i + 1} of {len(self._plans)}, {name}: {text}", flush=True)


@dataclass
class _Plan:
    """A step, its command line, and what is known of it."""

    step: Step
    arguments: list[str]
    weight: float
    seconds: float | None = None
    known: Outcome | None = None


def run_child(command: Sequence[str], grace: tuple[float, float] = _GRACE) -> int:
    """Run a command with this terminal, and return its exit code.

    Whatever stops this function, Ctrl-C above all, ends the command first: it is
    interrupted, after `grace` seconds terminated, and at last killed.
    """
    # Under `mlflow run` all children would adopt the one run of the project.
    env = {k: v for k, v in os.environ.items() if k != "MLFLOW_RUN_ID"}
    with _sigterm_exits():
        child = subprocess.Popen(command, env=env)
        try:
            return child.wait()
        finally:
            _end(child, grace)


def _end(child: "subprocess.Popen[bytes]", grace: tuple[float, float]) -> None:
    # On a terminal Ctrl-C has reached the child, too; another would cut its end short.
    for stop, seconds in (
        (None, 1.0),
        (signal.SIGINT, grace[0]),
        (signal.SIGTERM, grace[1]),
        (signal.SIGKILL, None),
    ):
        if child.poll() is not None:
            return
        if stop is not None:
            child.send_signal(stop)
        try:
            child.wait(seconds)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            continue


@contextmanager
def _sigterm_exits() -> Iterator[None]:
    """Turn SIGTERM, which runs no ``finally``, into SystemExit."""

    def stop(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _without_seed(settings: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in settings.items() if key != "seed"}


def _ending(code: int) -> str:
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return "interrupted" if code == 130 else f"exit code {code}, see above"


def _long_duration(seconds: float) -> str:
    from kerasweep.experiments.progress import duration

    minutes = round(seconds / 60)
    if minutes < 2:
        return duration(seconds)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def outcome_table(outcomes: Sequence[Outcome]) -> Any:
    """Return what became of each step as a DataFrame of texts."""
    import pandas as pd

    return pd.DataFrame(
        {
            "experiment": [o.name for o in outcomes],
            "outcome": [o.state for o in outcomes],
            "took": [
                "" if o.seconds is None else _long_duration(o.seconds) for o in outcomes
            ],
            "": [o.detail for o in outcomes],
        }
    )
