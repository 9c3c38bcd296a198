import subprocess
import sys

CODE = """
import sys
import kerasweep.datasets, kerasweep.preprocessing
heavy = {"keras", "tensorflow", "jax", "mlflow", "scikeras", "matplotlib"}
print(sorted(heavy & set(sys.modules)))
"""


def test_data_folders_import_no_network_library():
    result = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
