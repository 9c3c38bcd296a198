"""A fork of the interpreter that is ready behaves as a fresh one."""

import signal
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts threads")


def test_arguments_and_output(ready_python, tmp_path):
    code = (
        "import sys; print(__name__, sys.argv, sys.path[0]); print(1, file=sys.stderr)"
    )
    done = ready_python.run(["-c", code, "x"], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "__main__ ['-c', 'x'] \n")
    assert done.stderr == "1\n"
    script = tmp_path / "script.py"
    script.write_text("import sys; print(__file__, sys.argv[1:], sys.path[0])")
    done = ready_python.run([script, "x"], cwd=tmp_path)
    assert done.stdout == f"{script} ['x'] {tmp_path}\n"
    done = ready_python.run(["-m", "kerasweep", "--version"], cwd=tmp_path)
    assert done.stdout.startswith("kerasweep ")


def test_variables_and_folder(ready_python, tmp_path):
    code = "import os, sys; print(dict(os.environ), os.getcwd(), sys.path[1])"
    env = {"PYTHONPATH": "/nowhere"}
    done = ready_python.run(["-c", code], cwd=tmp_path, env=env)
    assert done.stdout == f"{env} {tmp_path} /nowhere\n"


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("1 / 0", 1, "ZeroDivisionError"),
        ("raise SystemExit('bad')", 1, "bad"),
        ("raise SystemExit(3)", 3, ""),
        ("import atexit, sys; atexit.register(sys.exit)", 0, ""),
        ("import os; os.abort()", -signal.SIGABRT, ""),
    ],
)
def test_how_it_ends(code, status, said, ready_python, tmp_path):
    done = ready_python.run(["-c", code], cwd=tmp_path)
    assert done.returncode == status
    assert said in done.stderr


def test_threads_and_hooks_at_its_end(ready_python, tmp_path):
    code = (
        "import atexit, threading\n"
        "atexit.register(print, 'last')\n"
        "threading.Timer(0.2, print, ['first']).start()\n"
    )
    assert ready_python.run(["-c", code], cwd=tmp_path).stdout == "first\nlast\n"


def test_signals(ready_python, tmp_path):
    code = "import time; print('ready', flush=True); time.sleep(60)"
    process = ready_python.start(["-c", code], cwd=tmp_path)
    while "ready" not in process.read("stdout"):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == -signal.SIGINT
    assert "KeyboardInterrupt" in process.read("stderr")


def test_tensorflow_computes_and_nothing_of_ours_was_imported(ready_python, tmp_path):
    code = (
        "import sys; assert 'kerasweep' not in sys.modules\n"
        "import tensorflow as tf\n"
        "print(float(tf.linalg.matmul(tf.ones((500, 500)), tf.ones((500, 500)))[0, 0]))"
    )
    for _ in range(2):
        done = ready_python.run(["-c", code], cwd=tmp_path)
        assert done.stdout == "500.0\n", done.stderr
