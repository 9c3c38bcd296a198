"""What the two folders may not load."""

import subprocess
import sys


def test_neither_folder_loads_keras_tensorflow_mlflow_or_matplotlib():
    code = (
        "import sys, kerasweep.model_selection, kerasweep.plotting\n"
        "print(*{'keras', 'tensorflow', 'mlflow', 'matplotlib', 'pandas'}"
        " & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    # scikit-learn itself may have loaded pandas
    assert set(done.stdout.split()) <= {"pandas"}
