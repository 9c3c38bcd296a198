"""Put this checkout's package before any installed one; each script imports this first.

`mlflow run` keeps one environment for each text of conda.yaml, and the package that it
holds is that of the checkout which made it: another one, perhaps gone by now.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
