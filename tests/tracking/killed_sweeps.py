"""Kill a sweep at random moments, resume it each time, and report what went wrong.

``python killed_sweeps.py DATABASE KILLS``; each sweep is a fork of this process, which
has imported everything and touched no store.
"""

import json
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

import mlflow.store.tracking.sqlalchemy_store  # noqa: F401 - before a fork, for speed
import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from tracking_toys import ToyNet

from kerasweep.tracking import MlflowTracking

GRID = {"l2": [1e-5, 1e-4, 1e-3, 1e-2, 0.9], "random_state": [0, 1, 2]}
N_FITS = 2 * 15
LOG = Path("trained.txt")


def logs_fit(net, epoch):
    """Note each fit at its start, but for the refit of the winner."""
    task = getattr(net._callback_fit_ctx, "source_task_name", None)
    if epoch == 0 and task == "candidate-split-evaluation":
        with LOG.open("a") as log:
            log.write(f"{net.l2} {net.random_state}\n")


def search():
    net = ToyNet(raises=logs_fit, seconds=0.005)
    cv = StratifiedKFold(2, shuffle=True, random_state=0)
    return GridSearchCV(net, GRID, cv=cv, return_train_score=True)


def sweep(uri, experiment):
    tracking = MlflowTracking(
        experiment, tracking_uri=uri, resume="auto", log_model=False
    )
    search_ = search().set_params(scoring=tracking.scoring("accuracy"))
    search_.set_callbacks(tracking).fit(*load_iris(return_X_y=True))
    scores = {k: v.tolist() for k, v in scores_of(search_).items()}
    Path("results.json").write_text(json.dumps(scores))


def scores_of(fitted):
    return {k: v for k, v in fitted.cv_results_.items() if "split" in k}


def finished_fits(database, experiment):
    """Read, without MLflow, how often each fit's result is in the store."""
    query = """
        SELECT l2.value, seed.value, COUNT(DISTINCT fit.value) FROM runs
        JOIN experiments USING (experiment_id)
        JOIN params l2 ON l2.run_uuid = runs.run_uuid AND l2.key = 'l2'
        JOIN params seed ON seed.run_uuid = runs.run_uuid AND seed.key = 'random_state'
        JOIN tags fit ON fit.run_uuid = runs.run_uuid AND fit.key = 'kerasweep.fit'
        JOIN tags result ON result.run_uuid = runs.run_uuid
            AND result.key = 'kerasweep.result'
        WHERE experiments.name = ? GROUP BY 1, 2
    """
    with sqlite3.connect(database) as connection:
        rows = connection.execute(query, (experiment,)).fetchall()
    return {(float(l2), int(seed)): n for l2, seed, n in rows}


def which_finished(database, experiment):
    """Say of each search, in order of their starts, if it ran to its end."""
    query = """
        SELECT runs.status FROM runs JOIN experiments USING (experiment_id)
        JOIN tags search ON search.run_uuid = runs.run_uuid
            AND search.key = 'kerasweep.search'
        WHERE experiments.name = ? ORDER BY runs.start_time
    """
    with sqlite3.connect(database) as connection:
        rows = connection.execute(query, (experiment,)).fetchall()
    return [status == "FINISHED" for (status,) in rows]


def run_forked(uri, experiment, seconds, in_training):
    """Run a sweep in a fork, and kill it. Say if it was killed.

    The seconds are from its start, or from its first fit.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            sweep(uri, experiment)
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    deadline = None if in_training else time.monotonic() + seconds
    while deadline is None or time.monotonic() < deadline:
        if deadline is None and LOG.stat().st_size:
            deadline = time.monotonic() + seconds
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if status:
                raise RuntimeError(f"the sweep ended with status {status}")
            return False
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def main():
    database, kills = sys.argv[1], int(sys.argv[2])
    uri = f"sqlite:///{database}"
    draw = random.Random(0)
    report = {"kills": 0, "kills_in_training": 0, "trained_again": [], "lost": []}
    whole = search().set_params(scoring="accuracy").fit(*load_iris(return_X_y=True))
    expected = {k: v.tolist() for k, v in scores_of(whole).items()}
    report["same_results"] = True
    attempt = 0
    while report["kills"] < kills:
        attempt += 1
        experiment = f"killed {attempt}"
        known: dict = {}
        while True:
            LOG.write_text("")
            last = report["kills"] >= kills
            in_training = not last and draw.random() < 0.6
            seconds = 600 if last else draw.uniform(0, 0.4 if in_training else 4)
            killed = run_forked(uri, experiment, seconds, in_training)
            trained = [tuple(line.split()) for line in LOG.read_text().splitlines()]
            finished = which_finished(database, experiment)
            if any(finished[:-1]):
                # The one before was killed when it had reached its end, and before
                # MLflow knew: this one has sent that, and has begun anew.
                known = finished_fits(database, experiment)
                report["kills"] += killed
                break
            for l2, seed in {(float(a), int(b)) for a, b in trained}:
                n = sum((float(a), int(b)) == (l2, seed) for a, b in trained)
                if n > 2 - known.get((l2, seed), 0):
                    report["trained_again"].append([experiment, l2, seed])
            now_known = finished_fits(database, experiment)
            report["lost"] += [k for k, n in known.items() if now_known.get(k, 0) < n]
            known = now_known
            report["kills"] += killed
            report["kills_in_training"] += killed and bool(trained)
            if not killed or any(finished):
                break  # the next one would begin anew
        if not killed:  # else after its end, perhaps before these were written
            results = json.loads(Path("results.json").read_text())
            report["same_results"] &= all(
                np.array_equal(expected[k], results[k]) for k in expected
            )
        if sum(known.values()) != N_FITS:
            report["lost"].append([experiment, sum(known.values())])
    print(json.dumps(report))


if __name__ == "__main__":
    main()
