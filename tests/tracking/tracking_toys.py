"""A network's manners without a network: epochs as tasks, in microseconds."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from kerasweep.tracking._messages import now

_HERE = Path(__file__).parent


def environment(**more):
    """For a fresh process: this checkout's package, and these toys."""
    path = os.pathsep.join([str(_HERE.parents[1] / "src"), str(_HERE)])
    return {**os.environ, "PYTHONPATH": path, **more}


def run_python(python, code, cwd, **more):
    """Run code by a `ReadyPython`, or by a fresh one if there is none."""
    env = environment(**more)
    if python is None:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    else:
        done = python.run(["-c", code], cwd=cwd, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


class ToyNet(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """Predicts the nearest class mean; `l2` and `random_state` change the score."""

    _parameter_constraints: ClassVar = {"epochs": [int]}

    def __init__(self, l2=0.0, epochs=3, random_state=0, raises=None, seconds=0.0):
        self.l2 = l2
        self.epochs = epochs
        self.random_state = random_state
        self.raises = raises
        self.seconds = seconds

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        context = self._init_callback_context(max_subtasks=self.epochs)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        try:
            self._train(X, y, context)
        except Exception as error:
            context.call_on_fit_task_end(estimator=self, metadata={"error": error})
            raise
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _train(self, X, y, context):
        X, y = validate_data(self, X, y)
        self.classes_ = np.unique(y)
        self.means_ = np.stack([X[y == c].mean(axis=0) for c in self.classes_])
        for epoch in range(self.epochs):
            task = context.subcontext(task_name="epoch")
            task.call_on_fit_task_begin(estimator=self)
            time.sleep(self.seconds)
            if callable(self.raises):
                self.raises(self, epoch)
            elif self.raises == "error" and epoch == 1:
                raise ArithmeticError("the loss became nan")
            elif self.raises == "interrupt" and epoch == 1:
                raise KeyboardInterrupt
            loss = 1 / (epoch + 1)
            logs = {"loss": loss, "accuracy": 1 - loss, "val_loss": loss + self.l2}
            task.call_on_fit_task_end(estimator=self, metadata=logs)

    def predict(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        distance = ((X[:, None] - self.means_) ** 2).sum(-1)
        if self.l2 > 0.5:
            distance = -distance
        return self.classes_[distance.argmin(axis=1)]


class ToyScaler(CallbackSupportMixin, BaseEstimator):
    def fit(self, X, y=None):
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self.scale_ = np.abs(X).max()
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def transform(self, X):
        return X / self.scale_


def looks_at_store(net, epoch):
    """Record, in the second epoch, how the store shows this very fit."""
    if epoch != 1:
        return
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=LOOK["uri"])
    deadline = now() + 5000
    while now() < deadline:
        found = client.search_runs([LOOK["experiment_id"]], "tags.stage = 'candidate'")
        running = [r for r in found if r.info.status == "RUNNING"]
        if running:
            break
        time.sleep(0.05)
    LOOK["seen"].append([(r.info.run_name, r.info.status) for r in found])


LOOK: dict = {"seen": []}


def counts_fits(net, epoch):
    """Note each fit at its start; stop the search at one of them, or fail."""
    if epoch == 0:
        TRAINED["fits"].append((net.l2, net.random_state))
        if TRAINED["stop"] == len(TRAINED["fits"]):
            raise KeyboardInterrupt
        if TRAINED.get("fails") == net.l2:
            raise ArithmeticError("the loss became nan")


TRAINED: dict = {"fits": [], "stop": None}
