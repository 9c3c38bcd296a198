"""Put this checkout's package before any installed one; each script imports this first.

`mlflow run` keeps one environment for each text of conda.yaml, and the package that it
holds is that of the checkout which made it: another one, perhaps gone by now. In a
wheel the scripts are a folder of the package, and there is nothing to put before it.
"""

import sys
from pathlib import Path

_SOURCE = Path(__file__).resolve().parents[1] / "src"

if _SOURCE.is_dir():
    sys.path.insert(0, str(_SOURCE))
