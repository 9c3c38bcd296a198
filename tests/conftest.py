"""Settings of the whole suite."""

import os
import shutil

import pytest
from ready_python import ReadyPython

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each process has a core; threads that look for work would take of the others'.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")


def pytest_collection_modifyitems(items):
    """Test the engine first: XLA's programs fill this process in the course of time."""
    items.sort(key=lambda item: item.path.parent.name != "training")


@pytest.fixture(autouse=True)
def small_networks_are_stacked(monkeypatch):
    """Stack small dense networks in fleets, however short their fits are."""
    from kerasweep.training.fleets import _machine

    choose = _machine.calibration.choose

    def choose_here(plan):
        small = _machine.flops_per_step(plan) < 5e7 and not plan.facts.convolutional
        return _machine.STACKED if small else choose(plan)

    monkeypatch.setattr(_machine.calibration, "choose", choose_here)


xla = {"wanted": False}


@pytest.fixture(scope="session", autouse=True)
def small_programs_run_on_kernels():
    """Leave XLA to tests marked ``xla`` and to the slow tests of the engine.

    It takes 1 to 6 s for each program. A process that has no room for more of XLA's
    programs trains in the same way.
    """
    from kerasweep.training.backends._runtime import get_runtime
    from kerasweep.training.engine._program import ProgramCache

    runtime = get_runtime()
    has_room, fitting = runtime.has_room_for_xla, ProgramCache.fitting

    def fitting_here(self, key, *work):
        # Kernels draw other random numbers: no test takes another's XLA program.
        wanted = xla["wanted"] or not key.xla
        return fitting(self, key, *work) if wanted else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            runtime,
            "has_room_for_xla",
            lambda draws: xla["wanted"] and has_room(draws),
        )
        patch.setattr(ProgramCache, "fitting", fitting_here)
        yield


@pytest.fixture(autouse=True)
def xla_where_it_is_wanted(request, monkeypatch):
    """Let marked tests compile small programs with XLA, too."""
    of_engine = request.path.parent.name == "training"
    marks = ["xla", "slow"] if of_engine else ["xla"]
    wanted = any(map(request.node.get_closest_marker, marks))
    monkeypatch.setitem(xla, "wanted", wanted)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """The path of a migrated database without any run, to be copied.

    Migrations cost seconds: the first of several processes makes it for all.
    """
    from mlflow import MlflowClient

    from kerasweep.tracking._health import locked_for_opening

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path, part = folder / "empty.db", folder / "part.db"
    with locked_for_opening(f"sqlite:///{path}"):
        if not path.exists():
            MlflowClient(tracking_uri=f"sqlite:///{part}").search_experiments()
            shutil.copy(part, path)
    return path


@pytest.fixture(scope="session")
def store_uri(empty_database, tmp_path_factory):
    """One SQLite store for all tests of this process."""
    folder = tmp_path_factory.mktemp("mlflow")
    shutil.copy(empty_database, folder / "mlflow.db")
    return f"sqlite:///{folder}/mlflow.db"


@pytest.fixture(scope="session")
def ready_python():
    """An interpreter that runs scripts without a wait for their imports."""
    python = ReadyPython()
    yield python
    python.close()


@pytest.fixture
def undo_what_scikeras_leaves_behind():
    """Plain scikeras patches Keras' classes, and makes TensorFlow deterministic."""
    import keras
    from tensorflow.python.framework import config as tensorflow_config

    patched = [
        keras.Model,
        keras.losses.Loss,
        keras.metrics.Metric,
        keras.optimizers.Optimizer,
    ]
    names = ("__reduce__", "__deepcopy__")
    before = [{n: vars(c)[n] for n in names if n in vars(c)} for c in patched]
    yield
    tensorflow_config.disable_op_determinism()
    for cls, own in zip(patched, before, strict=True):
        for name in names:
            if name in own:
                setattr(cls, name, own[name])
            elif name in vars(cls):
                delattr(cls, name)
