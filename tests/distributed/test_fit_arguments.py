"""What is sent to a worker with each fit."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.callback import CallbackContext
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.utils.parallel import _FuncWrapper

pytest.importorskip("distributed", reason="Dask is not installed")

from joblib._dask import DaskDistributedBackend

from kerasweep.distributed._backend import ClusterBackend
from kerasweep.distributed._fit_arguments import without_other_tasks


def sizes(value):
    return len(pickle.dumps(value)), len(pickle.dumps(without_other_tasks(value)))


@pytest.fixture
def arguments(monkeypatch):
    """The arguments of the first fit of a search over so many candidates."""

    def of_search(n_candidates):
        seen = []
        call = _FuncWrapper.__call__

        def keep_first(self, *args, **kwargs):
            if not seen:
                given = {k: kwargs[k] for k in ("caller", "callback_ctx")}
                seen.append(
                    {
                        k: (v, without_other_tasks(v), *sizes(v))
                        for k, v in given.items()
                    }
                )
            return call(self, *args, **kwargs)

        monkeypatch.setattr(_FuncWrapper, "__call__", keep_first)
        search = GridSearchCV(
            LogisticRegression(max_iter=500),
            {"C": np.logspace(-2, 1, n_candidates).tolist()},
            cv=ShuffleSplit(1, random_state=0),
        )
        search.fit(*load_iris(return_X_y=True))
        return seen[0]

    return of_search


def test_a_fit_takes_no_other_fits_task_along(arguments):
    few, many = arguments(10), arguments(60)
    _, _, whole, sent = many["callback_ctx"]
    assert whole > few["callback_ctx"][2] + 50 * 50  # else lean has nothing to do
    assert abs(sent - few["callback_ctx"][3]) < 20
    assert abs(many["caller"][3] - few["caller"][3]) < 50 * 12  # its list of C


def test_the_backend_sends_lean_arguments(arguments, monkeypatch):
    context, *_ = arguments(10)["callback_ctx"]
    monkeypatch.setattr(
        DaskDistributedBackend, "submit", lambda self, func, callback: func.items
    )
    backend = object.__new__(ClusterBackend)
    backend._fleet_size = 0
    batch = SimpleNamespace(items=[(print, (context,), {"callback_ctx": context})])
    [(_, (first,), named)] = backend.submit(batch)
    assert sum(1 for _ in context.parent) == 11
    for sent in (first, named["callback_ctx"]):
        assert [task.task_id for task in sent.parent] == [
            context.parent.task_id,
            context.task_id,
        ]


def test_the_way_to_the_root_stays(arguments):
    context, sent, _, _ = arguments(10)["callback_ctx"]
    while context is not None:
        assert (sent.task_id, sent.task_name) == (context.task_id, context.task_name)
        assert sent.root_uuid == context.root_uuid
        context, parent = context.parent, sent.parent
        if parent is not None:
            assert list(parent) == [parent, *sent]
        sent = parent
    assert sent is None


def test_nothing_is_changed_here(arguments):
    found = arguments(10)
    context, sent, _, _ = found["callback_ctx"]
    assert sent is not context
    assert sum(1 for _ in context.parent) == 11
    caller, copied, _, _ = found["caller"]
    assert copied is not caller
    assert isinstance(copied.__dict__["_callback_fit_ctx"], CallbackContext)


@pytest.mark.parametrize("value", [3, None, "x", (1, 2), LogisticRegression()])
def test_all_else_is_left_alone(value):
    assert without_other_tasks(value) is value
