"""Parts of a user's own in copies, in pickles, in worker processes and in files."""

import copy
import pickle
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

import keras
import numpy as np
import own_code
import pytest
from own_code import FAST, MADE, Fading, Share, X, dense, y
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate
from tiers import fast_are, in_slow_tier

from kerasweep import DenseClassifier, KerasClassifier, KerasRegressor, load, save

READ = """
import glob, pickle, sys
import numpy as np
from sklearn.base import clone
from own_rows import X, y
for path in sorted(glob.glob(sys.argv[1] + "/*.pickle")):
    with open(path, "rb") as file:
        net, expected = pickle.load(file)
    np.testing.assert_allclose(net.predict_proba(X), expected, rtol=1e-5, err_msg=path)
    pickle.loads(pickle.dumps(net))
    clone(net).fit(X, y)
    net.partial_fit(X, y)
print("read")
"""


@cache
def fitted(kind):
    """Fit each kind once; tests that train it on leave it fitted."""
    return MADE[kind]().set_params(warm_start=True).fit(X, y)


def by_pickle(net):
    return pickle.loads(pickle.dumps(net))


#: A part of each kind; the others differ from these in where it stands.
SOME = [
    "loss",
    "metric",
    "schedule of ours",
    "optimizer",
    "regularizer",
    "two activations of one name",
    "layer",
    "adapted layer",
    "Lambda",
    "compiled",
]


@pytest.mark.parametrize("kind", fast_are(SOME, MADE))
@pytest.mark.parametrize("again", [by_pickle, *in_slow_tier(copy.deepcopy, copy.copy)])
def test_own_parts_survive(kind, again):
    net = fitted(kind)
    other = again(net)
    np.testing.assert_allclose(other.predict_proba(X), net.predict_proba(X), rtol=1e-5)
    more, expected = other.partial_fit(X, y), net.partial_fit(X, y)
    assert more.history_.keys() == expected.history_.keys()
    for name, curve in more.history_.items():
        np.testing.assert_allclose(curve, expected.history_[name], rtol=1e-3)


@pytest.mark.slow
def test_a_script_that_has_ended_left_its_code_in_the_pickles(tmp_path):
    rows = "from sklearn.datasets import load_iris\nX, y = load_iris(return_X_y=True)\n"
    (tmp_path / "own_rows.py").write_text(rows)
    (tmp_path / "main.py").write_text(Path(own_code.__file__).read_text())
    (tmp_path / "read.py").write_text(READ)
    for script in ("main.py", "read.py"):
        done = subprocess.run(
            [sys.executable, script, str(tmp_path)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("read\n")


@pytest.mark.slow
def test_workers_take_and_return_own_parts():
    def own(y_true, y_pred):
        return 2 * keras.losses.categorical_crossentropy(y_true, y_pred)

    net = KerasClassifier(dense(), loss=own, metrics=[Share(0.0)], **FAST)
    done = cross_validate(net, X, y, cv=2, n_jobs=2, return_estimator=True)
    assert [e.history_["share"] for e in done["estimator"]] == [[1.0], [1.0]]
    rows = np.eye(3)[y[:2]]
    assert all(e.loss(rows, rows).shape == (2,) for e in done["estimator"])


def test_what_no_pickle_can_hold_is_refused_by_its_name():
    net = KerasClassifier(dense(), callbacks=[own_code.Ending()], **FAST)
    net.callbacks[0].lock = threading.Lock()
    with pytest.raises(pickle.PicklingError, match="callbacks of KerasClassifier must"):
        pickle.dumps(net)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("loss function", r"loss of KerasClassifier .* own_code\.own_loss is code"),
        ("loss", r"loss of KerasClassifier .* own_code\.OwnLoss is code"),
        ("metric", r"metrics of KerasClassifier .* own_code\.Share is code"),
        ("schedule", r"optimizer of KerasClassifier .* own_code\.Fading is code"),
        ("schedule of ours", r"learning_rate of DenseClassifier .* own_code\.Fading"),
        ("optimizer", r"optimizer of KerasClassifier .* own_code\.Slow is code"),
        ("regularizer", r"the kernel_regularizer of its layer .* own_code\.Squares"),
        ("constraint", r"the kernel_constraint of its layer .* own_code\.Positive"),
        ("initializer", r"the kernel_initializer of its layer .* own_code\.Halves"),
        ("two activations of one name", r"the activation of its layer .* is code"),
        ("layer", r"its layer 'gain.*', of the class own_code\.Gain, is code"),
        ("Lambda", r"the function of its layer .*Lambda.* is code"),
        ("callback", r"callbacks of KerasClassifier .* own_code\.Ending is code"),
        ("compiled", r"model_ of KerasClassifier .*own_code\.Slow, is"),
    ],
)
def test_a_file_says_whose_code_it_does_not_hold(kind, message, tmp_path):
    with pytest.raises(ValueError, match=message) as raised:
        save(fitted(kind), tmp_path / "file")
    assert "Pickle the estimator or log it with MLflow" in str(raised.value)
    assert not list(tmp_path.iterdir())


def huber(meta, delta=20.0):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", keras.losses.Huber(delta))
    return model


def loss_of(net):
    return net.history_["loss"][0]


def test_a_loss_keeps_what_its_configuration_lacks():
    """Keras' own Huber does not say its delta."""
    target = 100.0 * y
    settings = {**FAST, "epochs": 1}
    expected = loss_of(KerasRegressor(huber, **settings).fit(X, target))
    other = loss_of(KerasRegressor(huber, model__delta=1.0, **settings).fit(X, target))
    assert expected > 5 * other
    for net in (
        KerasRegressor(huber({}), **settings),
        clone(KerasRegressor(huber({}), **settings)),
        by_pickle(KerasRegressor(huber({}), **settings)),
    ):
        assert loss_of(net.fit(X, target)) > 5 * other

    def plain(meta):
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])

    net = KerasRegressor(plain, loss=keras.losses.Huber(20.0), **settings)
    for again in (clone, by_pickle, copy.deepcopy):
        assert loss_of(again(net).fit(X, target)) > 5 * other
    trained_on = by_pickle(net.fit(X, target)).partial_fit(X, target)
    assert trained_on.history_["loss"][1] > 5 * other


@keras.saving.register_keras_serializable("tests")
class Scaled(keras.losses.Loss):
    """Has no `get_config`, so that Keras makes every copy with the default."""

    def __init__(self, factor=1.0, **settings):
        super().__init__(**settings)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * keras.ops.abs(y_true - y_pred)


@pytest.mark.parametrize("loss", [keras.losses.Huber, Scaled])
def test_a_search_over_losses_that_their_configuration_does_not_describe(loss):
    def plain(meta):
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])

    losses = [loss(1.0), loss(20.0)]
    search = GridSearchCV(
        KerasRegressor(plain, optimizer="sgd", **FAST),
        {"loss": losses},
        cv=2,
        refit=False,
    ).fit(X, 100.0 * y)
    one, other = search.cv_results_["mean_test_score"]
    assert abs(one - other) > 0.01
    rows = np.eye(3, dtype="float32")[[0, 1, 1]]
    metric = keras.metrics.CosineSimilarity(axis=0)
    metric.update_state(rows, rows[::-1])
    again = copy.deepcopy(metric)
    again.update_state(rows, rows[::-1])
    assert float(again.result()) == float(metric.result()) != 1 / 3


def test_a_file_refuses_a_loss_that_keras_does_not_describe(tmp_path):
    net = KerasRegressor(huber, **FAST).fit(X, y)
    with pytest.raises(ValueError, match="Keras' configuration of Huber lacks"):
        save(net, tmp_path / "file")
    usual = KerasRegressor(huber, model__delta=1.0, **FAST).fit(X, y)
    save(usual, tmp_path / "file")
    np.testing.assert_array_equal(load(tmp_path / "file").predict(X), usual.predict(X))


@pytest.mark.parametrize("engine", ["compiled", *in_slow_tier("keras")])
@pytest.mark.parametrize("share", [1.0, 0.0])
def test_a_metric_keeps_its_arguments(engine, share):
    above = 1.0 - share
    settings = {**FAST, "engine": engine, "epochs": 2}
    given = Share(above)
    for net in (
        KerasClassifier(dense(), metrics=[given], **settings),
        clone(KerasClassifier(dense(), metrics=[given], **settings)),
        KerasClassifier(dense(), metrics=[Share], metrics__above=above, **settings),
    ):
        assert net.fit(X, y).history_["share"] == [share, share]
    assert not float(given.count), "the fit has changed the user's object"


@pytest.mark.parametrize("engine", ["compiled", *in_slow_tier("keras")])
def test_a_schedule_needs_no_configuration(engine):
    settings = {**FAST, "engine": engine, "epochs": 2}
    flat = {"optimizer__learning_rate": 1e-9, **settings}
    still = KerasClassifier(dense(), **flat).fit(X, y).history_["loss"]
    for net in (
        KerasClassifier(dense(), optimizer__learning_rate=Fading(), **settings),
        KerasClassifier(dense(), optimizer=keras.optimizers.Adam(Fading()), **settings),
        DenseClassifier((4,), learning_rate=Fading(0.05), **settings),
    ):
        losses = clone(net).fit(X, y).history_["loss"]
        assert losses[1] < losses[0] and abs(still[1] - still[0]) < 1e-5
        slow = clone(net).set_params(
            **{
                name: Fading(1e-9) if "learning_rate" in name else value
                for name, value in net.get_params().items()
                if name.endswith("learning_rate")
            }
        )
        if "optimizer" in net.get_params() and not isinstance(net.optimizer, str):
            slow.set_params(optimizer=keras.optimizers.Adam(Fading(1e-9)))
        losses = slow.fit(X, y).history_["loss"]
        assert abs(losses[1] - losses[0]) < 1e-4, "another schedule's program"


def test_a_fit_leaves_a_schedule_with_a_state_alone():
    class Counting(keras.optimizers.schedules.LearningRateSchedule):
        calls = 0

        def __call__(self, step):
            self.calls += 1
            return 0.01

    for net in (
        DenseClassifier((4,), learning_rate=Counting(), **FAST),
        KerasClassifier(dense(), optimizer__learning_rate=Counting(), **FAST),
    ):
        net.fit(X, y)
        rates = [v for n, v in net.get_params().items() if n.endswith("learning_rate")]
        assert [rate.calls for rate in rates] == [0]


def test_a_compiled_network_that_was_never_trained_is_copied():
    model = dense()({})
    metrics = [keras.metrics.F1Score(average="macro"), keras.metrics.AUC(name="auc")]
    model.compile("adam", keras.losses.CategoricalCrossentropy(), metrics=metrics)
    net = by_pickle(clone(KerasClassifier(model, **FAST)))
    assert set(net.fit(X, y).history_) == {"loss", "f1_score", "auc"}


def test_what_weight_decay_leaves_alone_is_copied():
    given = keras.optimizers.AdamW(0.1, weight_decay=0.5)
    given.exclude_from_weight_decay(var_names=["kernel"])

    def network(meta, names=None):
        return keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(3, "softmax", name="last")]
        )

    net = KerasClassifier(network, optimizer=given, **FAST).fit(X, y)
    for one in (net, by_pickle(net)):
        optimizer = one.model_.optimizer
        if not optimizer.built:
            optimizer.build(one.model_.trainable_variables)
        kernel, bias = one.model_.trainable_variables
        decayed = [optimizer._use_weight_decay(v) for v in (kernel, bias)]
        assert decayed == [False, True]

    model = network({})
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[model.layers[-1].bias])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    net = KerasClassifier(model, **FAST).fit(X, y)
    kernel, bias = net.model_.trainable_variables
    decayed = [net.model_.optimizer._use_weight_decay(v) for v in (kernel, bias)]
    assert decayed == [True, False]


def test_a_layer_that_no_copy_can_be_made_of_is_refused():
    hidden = iter((3.0, 5.0, 7.0))

    class Secret(keras.layers.Layer):
        """Computes with what is drawn when it is made."""

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.holder = _Holder(next(hidden))

        def call(self, x):
            return x * self.holder.by

    def network(meta):
        return dense(Secret())(meta)

    net = KerasClassifier(network, **FAST).fit(X, y)
    with pytest.raises(ValueError, match="a copy made from its configuration"):
        pickle.dumps(net)


class _Holder:
    def __init__(self, by):
        self.by = by
        self.lock = threading.Lock()  # keeps it from being copied
