"""Searches on a Dask cluster of two worker processes."""

import os
import signal
import threading
import time
from collections import Counter

import numpy as np
import pytest
from local_cluster import Cluster
from sklearn.callback import _transport
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from tracking_toys import ToyNet

from kerasweep import DenseClassifier, MlflowTracking
from kerasweep.experiments.progress import SearchProgress

pytest.importorskip("distributed", reason="Dask is not installed")

from distributed import Client

from kerasweep.distributed import _cluster, check_cluster, cluster

IRIS = load_iris(return_X_y=True)
GRID = {"l2": [1e-4, 1e-3, 1e-2, 1e-1, 0.6, 0.9], "random_state": [0, 1]}


def toy_search(tracking, **settings):
    search = GridSearchCV(
        ToyNet(**settings),
        GRID,
        cv=ShuffleSplit(2, test_size=50, random_state=0),
        scoring=tracking.scoring("accuracy"),
    )
    return search.set_callbacks(tracking)


def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


def net_search(tracking=None):
    search = GridSearchCV(
        DenseClassifier((16,), epochs=4, batch_size=32),
        {"l2": [1e-4, 1e-3, 1e-2], "random_state": [0, 1, 2, 3]},
        cv=ShuffleSplit(1, test_size=100, random_state=0),
        scoring="accuracy" if tracking is None else tracking.scoring("accuracy"),
    )
    return search if tracking is None else search.set_callbacks(tracking)


def test_each_fit_is_a_run_with_its_curve(dask_cluster, store):
    tracking = MlflowTracking("x", tracking_uri=store.uri, log_model=False)
    search = toy_search(tracking)
    with cluster(dask_cluster.address):
        search.fit(*IRIS)
    runs = store.candidates()
    assert len(runs) == 24
    for run in runs:
        assert run.info.status == "FINISHED"
        assert set(run.data.metrics) >= {
            "train/loss",
            "score/validation",
            "time/fit_seconds",
        }
    assert sorted(r.data.metrics["score/validation"] for r in runs) == pytest.approx(
        sorted(np.ravel([search.cv_results_[f"split{i}_test_score"] for i in range(2)]))
    )
    curve = store.client.get_metric_history(runs[0].info.run_id, "train/loss")
    assert [m.step for m in curve] == [1, 2, 3]


def test_networks_form_fleets_and_give_the_results_of_this_machine(
    dask_cluster, store, capfd
):
    X, y = digits()
    tracking = MlflowTracking("x", tracking_uri=store.uri, log_model=False)
    there = net_search(tracking)
    there.set_callbacks(tracking, SearchProgress(13, 4))
    with cluster(dask_cluster.address) as client:
        client.run(_stack_short_fits, True)
        there.fit(X, y)
        together = client.run(_most_trained_together)
        client.run(_stack_short_fits, False)
    here = net_search().fit(X, y)
    np.testing.assert_allclose(
        there.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"]
    )
    assert max(together.values()) > 1, "no worker trained two networks at once"
    assert "13 of 13 fits done" in capfd.readouterr().err
    assert {len(_curve(store, run)) for run in store.candidates()} == {4}


def _stack_short_fits(stacked):
    """Runs on a worker."""
    from kerasweep.training.fleets import _machine

    _machine._SHORT_FIT = 0 if stacked else 2e10


def _most_trained_together():
    """Runs on a worker: the widest stack that it has compiled."""
    from kerasweep.training import programs

    shapes = [key.shape for key in programs.keys() if hasattr(key, "shape")]
    return max((shape.width or 1 for shape in shapes), default=1)


def _curve(store, run):
    return store.client.get_metric_history(run.info.run_id, "train/loss")


@pytest.mark.slow
def test_without_fleets_each_network_is_trained_alone(dask_cluster):
    with cluster(dask_cluster.address, fleet_size=0) as client:
        client.run(_forget_programs)
        search = net_search().fit(*digits())
        together = client.run(_most_trained_together)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert set(together.values()) == {1}


def _forget_programs():
    from kerasweep.training import programs

    programs.clear()


def test_fitted_networks_come_back(dask_cluster):
    X, y = digits()
    ensemble = BaggingClassifier(
        DenseClassifier((16,), epochs=8, batch_size=32), 4, random_state=0
    )
    with cluster(dask_cluster.address):
        ensemble.fit(X, y)
    assert ensemble.score(X, y) > 0.5


@pytest.fixture
def after_messages(monkeypatch):
    """Do something once some epochs' messages have come."""
    threads = []

    def arrange(tracking, act, n_epochs=10):
        begun = threading.Event()
        consumers, address = _transport._message_consumers, tracking._channel.handle[0]
        put, came = consumers[address], Counter()

        def count(message):
            put(message)
            came["epochs"] += bool(getattr(message, "metrics", None))
            if came["epochs"] > n_epochs:
                begun.set()

        def run():
            assert begun.wait(120)
            act()

        monkeypatch.setitem(consumers, address, count)
        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()

    yield arrange
    for thread in threads:
        thread.join()


def kill_one_worker(address):
    """Kill, without a chance to say so, one of the workers."""
    with Client(address, set_as_default=False) as client:
        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)


def test_a_killed_worker_costs_only_its_own_fits(dask_cluster, store, after_messages):
    address = dask_cluster.address
    tracking = MlflowTracking("x", tracking_uri=store.uri, log_model=False)
    search = toy_search(tracking, seconds=0.1)
    after_messages(tracking, lambda: kill_one_worker(address))
    with cluster(address):
        search.fit(*IRIS)
    alone = toy_search(MlflowTracking("y", tracking_uri=store.uri, log_model=False))
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"],
        alone.set_callbacks().fit(*IRIS).cv_results_["mean_test_score"],
    )
    runs = store.candidates()
    by_status = Counter(run.info.status for run in runs)
    assert by_status["FINISHED"] == 24
    assert set(by_status) <= {"FINISHED", "KILLED"}
    names = Counter(r.info.run_name for r in runs if r.info.status == "FINISHED")
    assert set(names.values()) == {1}
    for run in runs:
        if run.info.status == "KILLED":
            assert "worker" in run.data.tags["error"]
        else:
            assert [m.step for m in _curve(store, run)] == [1, 2, 3]


def test_a_failed_fit_leaves_the_others(dask_cluster, store):
    tracking = MlflowTracking("x", tracking_uri=store.uri, log_model=False)
    search = toy_search(tracking)
    search.param_grid = {"raises": ["error", None], "l2": [1e-3, 0.9]}
    with (
        cluster(dask_cluster.address),
        pytest.warns(FitFailedWarning, match="became nan"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(*IRIS)
    status = Counter(run.info.status for run in store.candidates())
    assert status == {"FAILED": 4, "FINISHED": 4}
    assert np.isnan(search.cv_results_["mean_test_score"]).sum() == 2


@pytest.mark.slow
def test_a_search_whose_scheduler_died_is_resumed_on_another_cluster(
    dask_cluster, store, tmp_path, after_messages
):
    own = Cluster(tmp_path)
    try:
        own.add_worker()
        tracking = MlflowTracking("x", tracking_uri=store.uri, log_model=False)
        search = toy_search(tracking, seconds=0.1)
        after_messages(tracking, own.stop, n_epochs=20)
        with (
            pytest.raises(Exception, match=r"(?i)cancel|scheduler|closed"),
            cluster(own.address),
        ):
            search.fit(*IRIS)
    finally:
        own.stop()
    status = Counter(run.info.status for run in store.candidates())
    assert 0 < status["FINISHED"] < 24
    assert status["RUNNING"] == 0

    again = MlflowTracking("x", tracking_uri=store.uri, log_model=False, resume="auto")
    resumed = toy_search(again, seconds=0.1)
    with cluster(dask_cluster.address):
        resumed.fit(*IRIS)
    assert len(again.taken_from) == status["FINISHED"]
    alone = toy_search(MlflowTracking("y", tracking_uri=store.uri, log_model=False))
    np.testing.assert_array_equal(
        resumed.cv_results_["mean_test_score"],
        alone.set_callbacks().fit(*IRIS).cv_results_["mean_test_score"],
    )


@pytest.mark.parametrize("address", ["127.0.0.1:8786", "http://127.0.0.1:1", "tcp://"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="scheduler must be an address such as"):
        check_cluster(address)


def test_an_address_without_a_scheduler_is_refused(free_port=9):
    began = time.monotonic()
    with pytest.raises(ConnectionError, match="none answered within 1 s"):
        check_cluster(f"tcp://127.0.0.1:{free_port}", timeout=1)
    assert time.monotonic() - began < 30


def test_workers_with_other_versions_are_refused(dask_cluster, monkeypatch):
    monkeypatch.setattr(_cluster, "version", lambda name: "2.0")
    with pytest.raises(ValueError, match=r"a worker with kerasweep .*, not 2\.0"):
        check_cluster(dask_cluster.address)


def test_a_negative_fleet_is_refused(dask_cluster):
    with (
        pytest.raises(ValueError, match="fleet_size of cluster must be at least 0"),
        cluster(dask_cluster.address, fleet_size=-1),
    ):
        pass


@pytest.mark.timeout(300)
@pytest.mark.slow
def test_a_search_in_a_search_comes_to_an_end(dask_cluster, store):
    X, y = digits()
    tracking = MlflowTracking("x", tracking_uri=store.uri, log_model=False)
    inner = GridSearchCV(
        DenseClassifier((16,), epochs=2, batch_size=32, random_state=0),
        {"l2": [1e-4, 1e-2]},
        cv=ShuffleSplit(1, test_size=100, random_state=0),
    )
    outer = GridSearchCV(
        inner,
        {"estimator__learning_rate": [0.01, 0.001]},
        cv=ShuffleSplit(2, test_size=100, random_state=1),
        scoring=tracking.scoring("accuracy"),
    )
    outer.set_callbacks(tracking)
    with cluster(dask_cluster.address):
        outer.fit(X, y)
    assert np.isfinite(outer.cv_results_["mean_test_score"]).all()
    assert {run.info.status for run in store.candidates()} == {"FINISHED"}
