"""The tests of training again, in a process where Keras runs on JAX."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

pytest.importorskip("jax")


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="this is that process")
@pytest.mark.parametrize(
    "module",
    "same_answer programs padded predict fleet sound_keys as_model_fit".split(),
)
def test_on_jax(module):
    file = Path(__file__).with_name(f"test_training_{module}.py")
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            str(file),
        ],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
