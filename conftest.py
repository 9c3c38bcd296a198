"""How pytest collects the tests, and spreads them over processes."""

import os
import shutil
import tempfile
from importlib.util import find_spec

import pytest

collect_ignore_glob = ["tests/*/conftest.py"]  # of one name, and without doctests
collect_ignore = []
if find_spec("jax") is None:
    collect_ignore += [
        f"src/kerasweep/training/{name}.py"
        for name in ("backends/_jax", "engine/_jaxpr_digest")
    ]

#: Their files share a server or a cluster, which each process would start for itself.
ONE_PROCESS = ("tests/distributed/", "tests/serving/")


def pytest_configure(config):
    """Leave nothing in the user's cache folder, nor in the tree: also in children."""
    if hasattr(config, "workerinput"):
        return  # one of several processes, which has it from the first
    cache = tempfile.mkdtemp(prefix="kerasweep-tests-")
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", cache)
    patch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(cache, "hypothesis"))
    # Else MLflow puts artifacts into the working folder.
    patch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", os.path.join(cache, "artifacts"))
    config.add_cleanup(lambda: shutil.rmtree(cache, ignore_errors=True))
    config.add_cleanup(patch.undo)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Start a process a core with ``-n auto``, of up to 2 GB each, but not many."""
    return min(4, os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hand out whole files, in order: their fixtures start servers and clusters."""
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import LoadFileScheduling

    class FilesAndFolders(LoadFileScheduling):
        def _split_scope(self, nodeid):
            folders = [folder for folder in ONE_PROCESS if nodeid.startswith(folder)]
            return folders[0] if folders else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return FilesAndFolders(config, log)
