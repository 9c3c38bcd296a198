import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "pipelines"))  # as for a script that is run


@pytest.fixture(scope="session")
def project_root():
    return ROOT


@pytest.fixture(scope="session")
def load_script():
    """Return a function that imports a pipeline by its name."""

    def load(name):
        path = ROOT / "pipelines" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"pipelines_{name}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="module")
def quick_run(load_script, store_uri, tmp_path_factory):
    """Return a function that runs an experiment on digits, and returns its folder."""

    def run(name, *options):
        out = tmp_path_factory.mktemp(name)
        typed = ["--data", "digits", "--quick", "1", *options, "--out", str(out)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_TRACKING_URI", store_uri)
            load_script(name).main(typed)
        return out

    return run
