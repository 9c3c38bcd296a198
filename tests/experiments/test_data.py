import numpy as np
import pytest
from sklearn.utils import Bunch

from kerasweep import load_dataset
from kerasweep.experiments.data import experiment_data


def test_a_published_test_part_is_kept_whole():
    X = np.arange(600).reshape(300, 2)
    y = np.repeat([0, 1, 2], 100)
    dataset = Bunch(
        name="made",
        data=X,
        target=y,
        data_test=X[:7] + 1000,
        target_test=y[:7],
        target_names=np.array([0, 1, 2]),
    )
    data = experiment_data(dataset)
    assert data.X_test is dataset.data_test
    ((train, validation),) = data.cv.split(data.X)
    assert (len(train), len(validation)) == (250, 50)
    assert np.bincount(data.y[validation]).tolist() in (
        [17, 17, 16],
        [17, 16, 17],
        [16, 17, 17],
    )


def test_without_one_a_fifth_is_drawn_and_no_row_is_in_both():
    digits = load_dataset("digits")
    digits.data = np.hstack([digits.data, np.arange(1797)[:, None]])  # mark the rows
    data = experiment_data(digits, train_size=600)
    assert (len(data.X), len(data.X_test)) == (600, 360)
    assert not set(data.X[:, -1]) & set(data.X_test[:, -1])


def test_more_rows_than_there_are_is_refused():
    with pytest.raises(ValueError, match=r"train_size must be at most 1437.*Got 1500"):
        experiment_data(load_dataset("digits"), train_size=1500)


def test_a_continuous_target_is_refused():
    with pytest.raises(ValueError, match="The target of made must hold classes"):
        experiment_data(Bunch(name="made", target_names=None))
