import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.model_selection import GridSearchCV

from kerasweep import fit_replicates
from kerasweep.experiments.progress import SearchProgress


class Counter(ClassifierMixin, CallbackSupportMixin, BaseEstimator):
    """Speaks callbacks as the networks do, and stops after three of four epochs."""

    def __init__(self, a=0, epochs=4):
        self.a = a
        self.epochs = epochs

    _parameter_constraints = {}  # noqa: RUF012

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        context = self._init_callback_context(max_subtasks=self.epochs)
        context.call_on_fit_task_begin(estimator=self)
        for _ in range(3):
            epoch = context.subcontext(task_name="epoch")
            epoch.call_on_fit_task_begin(estimator=self)
            epoch.call_on_fit_task_end(estimator=self)
        context.call_on_fit_task_end(estimator=self)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_every_fit_and_epoch_is_counted(n_jobs, capsys):
    search = GridSearchCV(Counter(), {"a": [1, 2]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(SearchProgress(n_fits=5, epochs=4, interval=0))
    search.fit(np.zeros((8, 1)), [0, 1] * 4)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5 * 4 + 1
    assert any(line.startswith("4 of 5 fits, 95 % of the epochs") for line in lines)
    assert "5 of 5 fits, 100 % of the epochs, about 0 s left" in lines
    assert lines[-1].startswith("5 of 5 fits done in ")


def test_no_time_is_guessed_at_the_start_and_more_fits_are_counted(capsys):
    search = GridSearchCV(Counter(), {"a": [1, 2]}, cv=2)
    search.set_callbacks(SearchProgress(n_fits=3, epochs=200, interval=0))
    search.fit(np.zeros((8, 1)), [0, 1] * 4)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "0 of 3 fits, 0 % of the epochs"
    assert "left" in lines[6]
    assert lines[-1].startswith("5 of 5 fits done in ")


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_fits_of_their_own_share_a_line_in_a_block(n_jobs, capsys):
    progress = SearchProgress(n_fits=3, epochs=4, interval=0)
    net = Counter().set_callbacks(progress)
    with progress:
        fit_replicates(
            net,
            np.zeros((8, 1)),
            [0, 1] * 4,
            random_states=[1, 2, 3],
            over="a",
            n_jobs=n_jobs,
        )
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 * 4 + 1
    assert lines[-1].startswith("3 of 3 fits done in ")
    net.fit(np.zeros((8, 1)), [0, 1] * 4)
    assert "1 of 3 fits done" in capsys.readouterr().err.splitlines()[-1]
