"""The learning rate's schedule over a whole fit."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

from kerasweep import DenseClassifier, DenseRegressor

X, y = load_iris(return_X_y=True)


def rates(schedule, n_updates, peak=1.0):
    k = np.arange(n_updates)
    if schedule == "constant":
        return np.full(n_updates, peak)
    if schedule == "cosine":
        return peak * (1 + np.cos(np.pi * k / n_updates)) / 2
    rising = round(0.3 * n_updates)
    up = peak / 25 + (peak - peak / 25) * k / rising
    down = peak * (1 + np.cos(np.pi * (k - rising) / (n_updates - rising))) / 2
    return np.where(k < rising, up, down)


@pytest.mark.parametrize("engine", ["compiled", "keras"])
@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
def test_plain_descent_at_the_scheduled_rates(schedule, engine):
    # One linear unit on one feature that is always 1: its gradient is 2 (b - 3).
    ones, target = np.ones((20, 1)), np.full(20, 3.0)
    net = DenseRegressor(
        (),
        standardize_target=False,
        optimizer="sgd",
        learning_rate=0.1,
        learning_rate_schedule=schedule,
        batch_size=10,
        epochs=5,
        random_state=0,
        engine=engine,
    ).fit(ones, target)
    start = DenseRegressor((), optimizer="sgd", learning_rate=1e-30, epochs=1)
    start.set_params(standardize_target=False, random_state=0).fit(ones, target)
    kernel, bias = (float(w.ravel()[0]) for w in start.model_.get_weights())
    for rate in rates(schedule, 10, 0.1):
        gradient = 2 * (kernel + bias - 3)
        kernel, bias = kernel - rate * gradient, bias - rate * gradient
    found = [float(w.ravel()[0]) for w in net.model_.get_weights()]
    assert found == pytest.approx([kernel, bias], rel=1e-4)


def test_a_fit_of_one_update():
    for schedule in ("cosine", "one_cycle"):
        net = DenseClassifier(
            (4,), epochs=1, batch_size=200, learning_rate_schedule=schedule
        )
        assert np.isfinite(net.fit(X, y).history_["loss"]).all()


def test_training_on_after_the_end_is_refused():
    net = DenseClassifier((4,), epochs=1, learning_rate_schedule="cosine")
    with pytest.raises(ValueError, match="must be 'constant' with warm_start=True"):
        net.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="must be 'constant' with warm_start=True"):
        net.set_params(warm_start=True).fit(X, y)


def test_two_schedules_at_once_are_refused():
    import keras

    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    net = DenseClassifier(learning_rate=rate, learning_rate_schedule="cosine")
    with pytest.raises(ValueError, match="learning_rate of DenseClassifier must be a"):
        net.fit(X, y)
