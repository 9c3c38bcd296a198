"""Records that are written when their tree is over, or their block."""

import threading

import pytest

from kerasweep.tracking import MlflowTracking
from kerasweep.tracking._messages import RootClosed, RunKey, RunRecord, now
from kerasweep.tracking._store import Refusals, Store
from kerasweep.tracking._unsent import Journal
from kerasweep.tracking._writer import Ledger

ROOT = RunKey("tree", ())


class StoreThatIsAway:
    """Refuses until it is `back`; notes each run's parent."""

    def __init__(self):
        self.back = False
        self.refusals = Refusals()
        self.parents = {}

    def write_together(self, records, numbers_follow):
        if not self.back:
            raise ConnectionError("away")

    def create_run(self, name, tags, parent, start):
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
    return RunRecord(key, "candidate", name, parent, now())


def test_run_written_after_its_root_closed_keeps_its_parent(store, ledger):
    ledger.handle(RunRecord(ROOT, run_id="root id"))
    outer, inner = ROOT.child(0), ROOT.child(0, 1)
    ledger.handle(started(outer, ROOT, "outer"))
    ledger.handle(started(inner, outer, "inner"))
    assert isinstance(ledger.write_urgent(), ConnectionError)
    ledger.handle(RootClosed(ROOT, "FINISHED", None, now(), terminate=True))
    assert not ledger.has_open_runs
    store.back = True
    assert ledger.write_all() is None
    assert store.parents == {"outer": "root id", "inner": "id of outer"}


def test_run_that_is_told_of_after_its_root_closed_keeps_its_parent(store, ledger):
    store.back = True
    ledger.handle(RunRecord(ROOT, run_id="root id"))
    ledger.handle(RootClosed(ROOT, "FINISHED", None, now(), terminate=True))
    ledger.handle(started(ROOT.child(0), ROOT, "late"))
    assert ledger.write_all() is None
    assert store.parents == {"late": "root id"}


def test_runs_in_the_queue_at_the_end_of_a_block_belong_to_it(
    mlflow_store, monkeypatch
):
    """Those that worker processes began, and the writer has not come to yet."""
    tracking = MlflowTracking(mlflow_store.name, log_model=False)
    gate = threading.Event()
    write = Store.write_together

    def write_later(self, *arguments):
        assert gate.wait(30)
        return write(self, *arguments)

    with tracking:
        monkeypatch.setattr(Store, "write_together", write_later)
        for name in ("first", "second"):
            tracking._channel.send(started(RunKey(name, ()), None, name))
            tracking._channel.send(
                RootClosed(RunKey(name, ()), "FINISHED", None, now(), terminate=True)
            )
        threading.Timer(0.3, gate.set).start()
    children = mlflow_store.children(tracking.run_id)
    assert {run.info.run_name for run in children} == {"first", "second"}


def test_runs_in_one_transaction_are_written_alone_if_one_is_refused(mlflow_store):
    store = Store(mlflow_store.uri, mlflow_store.name)
    key, end = RunKey("tree", ()), now()

    def record(status=None, **texts):
        metrics = [("a", 1.0, end, 1)]
        known = {"metrics": metrics, **texts}
        return RunRecord(key, "candidate", "first", start=end, status=status, **known)

    first = record("FINISHED", params={"l2": "1"})
    child = RunRecord(key.child(0), name="child", start=end, parent_record=first)
    one, other = store.write_together([first, child], False)
    run = store.client.get_run(one)
    assert run.info.status == "FINISHED" and run.info.run_name == "first"
    assert run.data.metrics == {"a": 1.0} and run.data.params == {"l2": "1"}
    assert store.client.get_run(other).data.tags["mlflow.parentRunId"] == one

    again = record(run_id=one, params={"l2": "another value"})
    assert store.write_together([record(), again], False) is None
    orphan = RunRecord(key.child(1), start=end, parent_record=record())
    assert store.write_together([orphan], False) is None
    assert len(mlflow_store.runs()) == 2
    # MLflow takes the same number twice, but on its own
    same = record(run_id=one, tags={"b": "c"})
    assert store.write_together([same], False) is None
    assert "b" not in store.client.get_run(one).data.tags
    store.log(one, same.metrics, {}, same.tags)
    assert store.client.get_run(one).data.tags["b"] == "c"
