"""Importing the package, or its estimators, loads no framework."""

import subprocess
import sys

import pytest

SLOW = ("tensorflow", "keras", "mlflow", "scikeras", "jax")


@pytest.mark.parametrize(
    "statement",
    [
        "import kerasweep",
        "from kerasweep import DenseClassifier, DenseRegressor; DenseClassifier()",
        "from kerasweep.estimators import KerasClassifier; KerasClassifier(print)",
        "from kerasweep.networks import dense_network",
    ],
)
def test_import_is_light(statement):
    code = f"{statement}; import sys; print([m for m in {SLOW} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.strip() == "[]"
