"""How pytest collects the tests, and spreads them over processes."""

import os
from importlib.util import find_spec

import pytest

collect_ignore_glob = ["tests/*/conftest.py"]  # of one name, and without doctests
collect_ignore = []
if find_spec("jax") is None:
    collect_ignore.append("src/kerasweep/training/backends/_jax.py")


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

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)
