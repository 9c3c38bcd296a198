"""The command as its user types it."""

import subprocess
import sys
from pathlib import Path

import pytest

from kerasweep import __version__
from kerasweep.cli import main
from kerasweep.experiments.scripts import find_scripts, load_command, run_script

ROOT = Path(__file__).parents[2]
HEAVY = {"sklearn", "numpy", "keras", "tensorflow", "mlflow", "matplotlib", "pandas"}
SCRIPTS = find_scripts()


def _command(*arguments, **options):
    command = [sys.executable, "-m", "kerasweep", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, **options
    )


def test_the_scripts_are_those_of_the_checkout():
    assert {path.parent for path in SCRIPTS.values()} == {ROOT / "pipelines"}
    assert {"sweep", "report", "reproduce"} <= set(SCRIPTS)
    assert "_checkout" not in SCRIPTS


def test_help_lists_each_command_with_what_it_does(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for name in [*SCRIPTS, "doctor"]:
        (line,) = [x for x in said.splitlines() if x.startswith(f"  {name} ")]
        assert line.endswith("."), line


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"kerasweep {__version__}\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("swep", "sweep"), ("conv-sweep", "conv_sweep"), ("x", None)]
)
def test_an_unknown_command_is_one_sentence(typed, meant, capsys):
    assert main([typed]) == 2
    error = capsys.readouterr().err
    assert repr(typed) in error and error.count("\n") == 1
    assert ("Did you mean" in error) == (meant is not None)
    assert meant is None or f"Did you mean {meant}?" in error


def test_no_command_shows_the_help_and_fails(capsys):
    assert main([]) == 2
    assert "usage: kerasweep COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize(
    "typed", [["--help"], ["--version"], *([name, "--help"] for name in SCRIPTS)]
)
def test_nothing_heavy_is_imported_to_help(typed):
    code = (
        "import sys; from kerasweep.cli import main\n"
        "try: sys.exit(main(sys.argv[1:]))\n"
        f"finally: print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *typed], capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stderr == "[]\n"
    if typed[0] in SCRIPTS:
        usage = f"Usage: kerasweep {typed[0]} [--option value ...]"
        assert done.stdout.startswith(usage)


def test_a_wrong_option_is_one_sentence_and_exit_code_2():
    done = _command("sweep", "--epochs", "none")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == (
        "kerasweep sweep: argument --epochs: must be a whole number of at least 1. "
        "Got 'none' instead.\n"
    )


def test_a_script_is_run_as_python_would(tmp_path, monkeypatch, capsys):
    (tmp_path / "_neighbour.py").write_text("WORD = 'found'")
    script = tmp_path / "own.py"
    script.write_text(
        "import pickle, sys\nimport _neighbour\n"
        "class Own: pass\n"
        "if __name__ == '__main__':\n"
        "    pickle.loads(pickle.dumps(Own()))\n"
        "    print(__file__, sys.argv, _neighbour.WORD)\n"
        "    sys.exit(3)\n"
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    with pytest.raises(SystemExit) as stop:
        run_script(script, ["--n", "5"])
    assert stop.value.code == 3
    said = capsys.readouterr().out
    assert said == f"{script} ['kerasweep own', '--n', '5'] found\n"


def test_a_script_without_a_command_is_named(tmp_path):
    script = tmp_path / "bare.py"
    script.write_text('"""Bare."""\n')
    with pytest.raises(ValueError, match=r"bare\.py must have `main = Command"):
        load_command(script)


def test_an_experiment_runs_under_the_command(ready_python, tmp_path):
    options = "--data digits --epochs 1 --replicates 1 --hidden 8".split()
    done = ready_python.run(["-m", "kerasweep", "baseline", *options], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mlflow.db").is_file()
    assert (tmp_path / "results" / "baseline").is_dir()
