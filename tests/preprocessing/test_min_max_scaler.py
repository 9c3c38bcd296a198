import numpy as np
from sklearn.utils.estimator_checks import parametrize_with_checks

from kerasweep.preprocessing import MinMaxScaler


@parametrize_with_checks([MinMaxScaler()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_each_column_is_brought_to_its_own_range():
    X = np.array([[0.0, 10.0], [5.0, 30.0]])
    assert MinMaxScaler().fit_transform(X).tolist() == [[0, 0], [1, 1]]


def test_callbacks_may_pass():
    assert hasattr(MinMaxScaler(), "set_callbacks")
