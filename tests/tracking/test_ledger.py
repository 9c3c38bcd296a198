"""Records that are written when their tree is over, or their block."""

import threading

import pytest

from kerasweep.tracking import MlflowTracking
from kerasweep.tracking._careful import Refusals
from kerasweep.tracking._journal import Journal
from kerasweep.tracking._ledger import Ledger
from kerasweep.tracking._messages import (
    RootClosed,
    RunAdopted,
    RunKey,
    RunStarted,
    now,
)
from kerasweep.tracking._store import Store

ROOT = RunKey("tree", ())


class StoreThatIsAway:
    """Refuses until it is `back`; notes each run's parent."""

    def __init__(self):
        self.back = False
        self.refusals = Refusals()
        self.parents = {}

    def create_run(self, name, tags, parent, start):
        if not self.back:
            raise ConnectionError("away")
        self.parents[name] = parent
        return f"id of {name}"

    def log(self, *arguments, **more):
        pass

    end = log


@pytest.fixture
def store():
    return StoreThatIsAway()


@pytest.fixture
def ledger(store, tmp_path):
    journal = Journal(tmp_path)
    yield Ledger(lambda: store, lambda: (None, None), journal, {})
    journal.clear()


def started(key, parent, name):
    return RunStarted(key, parent, "candidate", name, {}, "", now())


def test_run_written_after_its_root_closed_keeps_its_parent(store, ledger):
    ledger.handle(RunAdopted(ROOT, "root id"))
    outer, inner = ROOT.child(0), ROOT.child(0, 1)
    for message in (started(outer, ROOT, "outer"), started(inner, outer, "inner")):
        try:
            ledger.handle(message)
        except ConnectionError:
            pass
    ledger.handle(RootClosed(ROOT, "FINISHED", None, now(), terminate=True))
    assert not ledger.has_open_fits
    store.back = True
    assert ledger.write_all() is None
    assert store.parents == {"outer": "root id", "inner": "id of outer"}


def test_run_that_is_told_of_after_its_root_closed_keeps_its_parent(store, ledger):
    store.back = True
    ledger.handle(RunAdopted(ROOT, "root id"))
    ledger.handle(RootClosed(ROOT, "FINISHED", None, now(), terminate=True))
    ledger.handle(started(ROOT.child(0), ROOT, "late"))
    assert store.parents == {"late": "root id"}


def test_runs_in_the_queue_at_the_end_of_a_block_belong_to_it(
    mlflow_store, monkeypatch
):
    """Those that worker processes began, and the writer has not come to yet."""
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    gate = threading.Event()
    create = Store.create_run

    def create_later(self, *arguments):
        assert gate.wait(30)
        return create(self, *arguments)

    with tracking:
        monkeypatch.setattr(Store, "create_run", create_later)
        for name in ("first", "second"):
            tracking._channel.send(started(RunKey(name, ()), None, name))
            tracking._channel.send(
                RootClosed(RunKey(name, ()), "FINISHED", None, now(), terminate=True)
            )
        threading.Timer(0.3, gate.set).start()
    children = mlflow_store.children(tracking.run_id)
    assert {run.info.run_name for run in children} == {"first", "second"}
