import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def project_root():
    return ROOT


@pytest.fixture
def load_script(monkeypatch):
    """Return a function that imports a pipeline by its name."""
    monkeypatch.syspath_prepend(ROOT / "pipelines")

    def load(name):
        path = ROOT / "pipelines" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"pipelines_{name}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
