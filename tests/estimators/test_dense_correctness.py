"""Dense networks against numbers worked out in NumPy, or by Keras itself."""

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_iris

from kerasweep import DenseClassifier, DenseRegressor, training
from kerasweep.estimators._seeding import draw_seeds
from kerasweep.networks import dense_network

X, y = load_iris(return_X_y=True)
X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype("f4")
N = len(X)
ONE_STEP = {
    "hidden_layer_sizes": (),
    "optimizer": "sgd",
    "learning_rate": 0.5,
    "batch_size": N,
    "random_state": 0,
}


def start(*, hidden=(), n_outputs=3):
    """Return the weights that ``random_state=0`` starts from."""
    model = dense_network(
        4, n_outputs, hidden_layer_sizes=hidden, seed=draw_seeds(0).weights
    )
    return [w.astype("f8") for w in model.get_weights()]


def cross_entropy(kernel, bias, weight=None):
    """Return the weighted mean cross-entropy of a softmax layer, and its gradient."""
    weight = np.ones(N) if weight is None else weight
    weight = weight / weight.sum()
    p = softmax(X @ kernel + bias, axis=1)
    loss = -(weight * np.log(p[np.arange(N), y])).sum()
    delta = weight[:, None] * (p - np.eye(3)[y])
    return loss, X.T @ delta, delta.sum(axis=0)


def weights_of(net):
    return net.model_.get_weights()


def assert_same_weights(a, b, rtol=1e-4, atol=1e-5):
    for left, right in zip(a, b, strict=True):
        np.testing.assert_allclose(left, right, rtol=rtol, atol=atol)


@pytest.mark.parametrize(("l1", "l2"), [(0, 0), (0, 0.1), (0.05, 0), (0.05, 0.1)])
def test_one_step_with_penalties(l1, l2):
    kernel, bias = start()
    loss, d_kernel, d_bias = cross_entropy(kernel, bias)
    loss += l1 * np.abs(kernel).sum() + l2 * (kernel**2).sum()
    d_kernel += l1 * np.sign(kernel) + 2 * l2 * kernel
    net = DenseClassifier(**ONE_STEP, l1=l1, l2=l2, epochs=1).fit(X, y)
    assert net.history_["loss"] == pytest.approx([loss], rel=1e-5)
    assert_same_weights(weights_of(net), [kernel - 0.5 * d_kernel, bias - 0.5 * d_bias])


def test_one_step_with_sample_weights():
    weight = np.random.default_rng(0).uniform(0, 3, N)
    kernel, bias = start()
    loss, d_kernel, d_bias = cross_entropy(kernel, bias, weight)
    net = DenseClassifier(**ONE_STEP, epochs=1).fit(X, y, sample_weight=weight)
    assert net.history_["loss"] == pytest.approx([loss], rel=1e-5)
    assert_same_weights(weights_of(net), [kernel - 0.5 * d_kernel, bias - 0.5 * d_bias])


def test_two_steps_with_momentum():
    kernel, bias = start()
    speed = [0, 0]
    for _ in range(2):
        _, *gradient = cross_entropy(kernel, bias)
        speed = [0.9 * s - 0.5 * g for s, g in zip(speed, gradient, strict=True)]
        kernel, bias = kernel + speed[0], bias + speed[1]
    net = DenseClassifier(**ONE_STEP, momentum=0.9, epochs=2).fit(X, y)
    assert_same_weights(weights_of(net), [kernel, bias])


def test_max_norm_projects_each_hidden_unit():
    settings = {**ONE_STEP, "hidden_layer_sizes": (6,), "activation": "linear"}
    free = weights_of(DenseClassifier(**settings, epochs=1).fit(X, y))
    bound = 0.9 * np.linalg.norm(free[0], axis=0).mean()
    net = DenseClassifier(**settings, max_norm=bound, epochs=1).fit(X, y)
    norms = np.linalg.norm(free[0], axis=0)
    projected = free[0] * np.minimum(norms, bound) / norms
    assert (norms > bound).any() and (norms < bound).any()
    assert_same_weights(weights_of(net), [projected, *free[1:]])


@pytest.mark.parametrize("standardized", [False, True])
def test_regression_step(standardized):
    target = X[:, :2] @ np.array([[1.0, 2.0], [0.5, -1.0]]) + 3
    net = DenseRegressor(**ONE_STEP, epochs=1, standardize_target=standardized)
    net.fit(X, target)
    if standardized:
        target = (target - target.mean(axis=0)) / target.std(axis=0)
    kernel, bias = start(n_outputs=2)
    error = X @ kernel + bias - target
    assert net.history_["loss"] == pytest.approx([(error**2).mean()], rel=1e-5)
    delta = 2 * error / error.size
    assert_same_weights(
        weights_of(net), [kernel - 0.5 * X.T @ delta, bias - 0.5 * delta.sum(axis=0)]
    )


def test_class_weight_is_a_sample_weight():
    by_class = {0: 1.0, 1: 3.0, 2: 0.5}
    net = DenseClassifier((8,), epochs=2, batch_size=32, random_state=0)
    rows = net.fit(X, y, sample_weight=[by_class[c] for c in y]).predict_proba(X)
    net.set_params(class_weight=by_class).fit(X, y)
    np.testing.assert_allclose(net.predict_proba(X), rows, rtol=1e-6)


def test_balanced_class_weight_gives_each_class_the_same_share():
    few = np.r_[0:50, 50:60, 100:105]
    counts = np.bincount(y[few])
    net = DenseClassifier((8,), epochs=2, batch_size=16, random_state=0)
    rows = net.fit(X[few], y[few], sample_weight=1 / counts[y[few]]).predict_proba(X)
    net.set_params(class_weight="balanced").fit(X[few], y[few])
    np.testing.assert_allclose(net.predict_proba(X), rows, rtol=1e-4)


def test_class_weight_holds_for_a_batch_without_some_classes():
    net = DenseClassifier((8,), class_weight={0: 2.0, 2: 3.0}, random_state=0)
    net.partial_fit(X[:100], y[:100], classes=[0, 1, 2])
    assert net.n_epochs_ == 1


def test_rows_of_weight_zero_do_not_matter():
    weight = np.ones(N)
    weight[::3] = 0
    net = DenseClassifier(**{**ONE_STEP, "hidden_layer_sizes": (8,)}, epochs=3)
    weighted = net.fit(X, y, sample_weight=weight).predict_proba(X)
    kept = net.fit(X[weight > 0], y[weight > 0]).predict_proba(X)
    np.testing.assert_allclose(weighted, kept, rtol=1e-4)


def test_weight_two_is_a_row_twice():
    weight = 1 + (np.arange(N) % 2)
    net = DenseClassifier(**{**ONE_STEP, "batch_size": 10_000}, epochs=3)
    weighted = net.fit(X, y, sample_weight=weight).predict_proba(X)
    twice = net.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(twice.predict_proba(X), weighted, rtol=1e-4)


def test_only_ratios_of_weights_matter():
    weight = np.random.default_rng(0).uniform(0.1, 3, N)
    net = DenseClassifier((8,), epochs=2, random_state=0)
    once = net.fit(X, y, sample_weight=weight).predict_proba(X)
    np.testing.assert_allclose(
        net.fit(X, y, sample_weight=1000 * weight).predict_proba(X), once, rtol=1e-4
    )


@pytest.fixture
def jobs(monkeypatch):
    seen = []
    train = training.train

    def spy(job):
        seen.append(job)
        return train(job)

    monkeypatch.setattr(training, "train", spy)
    return seen


def test_validation_rows_are_stratified_and_apart(jobs):
    rows = np.arange(N, dtype="f4")[:, None]
    DenseClassifier((2,), epochs=1, validation_fraction=0.2, random_state=0).fit(
        rows / N, y
    )
    (job,) = jobs
    trained, held_out = (np.rint(f.X[:, 0] * N) for f in (job.train, job.validation))
    assert sorted([*trained, *held_out]) == list(range(N))
    assert np.bincount(job.validation.target).tolist() == [10, 10, 10]
    assert np.bincount(job.train.target).tolist() == [40, 40, 40]


def test_early_stopping_is_keras_own(jobs):
    settings = {"patience": 3, "min_delta": 0.03, "restore_best_weights": True}
    net = DenseClassifier(
        (8,),
        optimizer="sgd",
        learning_rate=0.5,
        epochs=40,
        batch_size=N,
        early_stopping=True,
        validation_fraction=0.3,
        random_state=0,
        **settings,
    ).fit(X, y)
    (job,) = jobs
    model = dense_network(
        4,
        3,
        hidden_layer_sizes=(8,),
        output_activation="softmax",
        seed=draw_seeds(0).weights,
    )
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    stopper = keras.callbacks.EarlyStopping(monitor="val_loss", **settings)
    history = model.fit(
        job.train.X,
        job.train.target,
        validation_data=(job.validation.X, job.validation.target),
        epochs=40,
        batch_size=N,
        callbacks=[stopper],
        verbose=0,
    ).history
    assert net.n_epochs_ == len(history["loss"]) < 40
    assert net.best_epoch_ == stopper.best_epoch
    np.testing.assert_allclose(net.history_["val_loss"], history["val_loss"], rtol=1e-3)
    assert_same_weights(weights_of(net), model.get_weights(), rtol=1e-3, atol=1e-4)


def test_restored_weights_give_the_best_validation_loss(jobs):
    net = DenseClassifier(
        (16,), learning_rate=0.3, epochs=12, early_stopping=True, random_state=1
    ).fit(X, y)
    (job,) = jobs
    p = net.predict_proba(job.validation.X)
    loss = -np.log(p[np.arange(len(p)), job.validation.target]).mean()
    assert loss == pytest.approx(min(net.history_["val_loss"]), rel=1e-3)
    assert net.best_epoch_ == int(np.argmin(net.history_["val_loss"]))


def test_parameter_count_of_the_reference_network():
    rows = np.random.default_rng(0).random((20, 784))
    net = DenseClassifier((64, 64), epochs=1).fit(rows, np.arange(20) % 10)
    assert net.model_.count_params() == 55_050
