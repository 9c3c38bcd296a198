"""What a loss and metrics take is asked of them, and never answered wrongly."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.preprocessing import scale
from tiers import in_slow_tier

from kerasweep import KerasClassifier, KerasRegressor

X, y = load_iris(return_X_y=True)
X, binary = scale(X), (y == 2).astype(int)
FAST = {"epochs": 1, "random_state": 0, "optimizer__learning_rate": 0.01}


def network(meta, units=3, activation="softmax"):
    dense = keras.layers.Dense(units, activation=activation)
    return keras.Sequential([keras.Input((4,)), dense])


def of_numbers(y_true, y_pred):
    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def of_rows(y_true, y_pred):
    return -keras.ops.sum(y_true * keras.ops.log(y_pred), axis=-1)


class OfNumbers(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return of_numbers(y_true, y_pred)


def of_nothing(y_true, y_pred):
    raise RuntimeError("out of order")


def multiclass(target=y, units=3, activation="softmax", **settings):
    return KerasClassifier(
        network, model__units=units, model__activation=activation, **FAST | settings
    ).fit(X, target)


def one_unit(activation="sigmoid", **settings):
    return multiclass(binary, 1, activation, **settings)


def last(net, name):
    return net.history_[name][-1]


@pytest.mark.parametrize("loss", [of_numbers, of_rows, OfNumbers(), OfNumbers])
def test_an_own_loss_is_given_what_it_takes(loss):
    expected = multiclass().history_["loss"]
    np.testing.assert_allclose(multiclass(loss=loss).history_["loss"], expected, 1e-5)


@pytest.mark.parametrize("loss", ["kl_divergence", "mse", "poisson", "huber"])
def test_losses_between_numbers_are_given_one_hot_rows(loss):
    rows = keras.losses.get(loss)(np.eye(3, dtype="f4")[y], one_step_before(loss))
    assert last(multiclass(loss=loss, epochs=1), "loss") == pytest.approx(
        float(np.mean(rows)), rel=0.2
    )


def one_step_before(loss):
    net = multiclass(loss=loss, optimizer__learning_rate=1e-9)
    return net.predict_proba(X).astype("f4")


@pytest.mark.parametrize(
    ("metric", "score"),
    [
        ("AUC", lambda p: roc_auc_score(np.eye(3)[y].ravel(), p.ravel())),
        ("CategoricalAccuracy", lambda p: accuracy_score(y, p.argmax(1))),
        ("sparse_categorical_accuracy", lambda p: accuracy_score(y, p.argmax(1))),
        ("F1Score", lambda p: f1_score(y, p.argmax(1), average="macro")),
        ("KLDivergence", lambda p: log_loss(y, p)),
    ],
)
def test_metrics_of_several_classes(metric, score):
    net = multiclass(metrics=[metric], validation_fraction=None)
    net = net.set_params(epochs=2).fit(X, y, X_val=X, y_val=y)
    expected = score(net.predict_proba(X))
    assert last(net, f"val_{metric}") == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("activation", ["sigmoid", None])
@pytest.mark.parametrize(
    "metric", ["accuracy", "AUC", *in_slow_tier("Precision", "BinaryAccuracy")]
)
def test_metrics_of_one_unit_are_those_of_probabilities(activation, metric):
    loss = keras.losses.BinaryCrossentropy(from_logits=activation is None)
    net = one_unit(activation, loss=loss, metrics=[metric], epochs=3)
    sure = one_unit("sigmoid", metrics=[metric], epochs=3)
    assert last(net, metric) == pytest.approx(last(sure, metric), abs=1e-5)


def test_the_default_accuracy_of_logits_is_the_score():
    net = KerasClassifier(
        network, model__units=1, model__activation=None, loss="binary_crossentropy",
        loss__from_logits=True, **FAST | {"epochs": 4},
    ).fit(X, binary, X_val=X, y_val=binary)  # fmt: skip
    assert last(net, "val_accuracy") == pytest.approx(net.score(X, binary))


def test_f1_of_one_unit():
    net = one_unit(metrics=["F1Score"]).set_params(epochs=2)
    net.fit(X, binary, X_val=X, y_val=binary)
    expected = f1_score(binary, net.predict(X))
    assert last(net, "val_F1Score") == pytest.approx(expected, abs=1e-3)


CASES = {
    "the loss's other form": (
        {"loss": "sparse_categorical_crossentropy", "metrics": ["AUC"]},
        r"metrics .* class numbers .* 'AUC' .*loss=\"categorical_crossentropy\"",
    ),
    "rows as a class": (
        {"loss": "sparse_categorical_crossentropy", "metrics": ["CategoricalAccuracy"]},
        "metrics .* class numbers .* 'CategoricalAccuracy'",
    ),
    "numbers for rows": (
        {
            "loss": "categorical_crossentropy",
            "metrics": [keras.metrics.SparseCategoricalAccuracy],
        },
        "metrics .* one-hot rows .* SparseCategoricalAccuracy",
    ),
    "two forms": ({"metrics": ["AUC", "SparseCategoricalAccuracy"]}, "like the other"),
    "values": ({"metrics": ["Mean"]}, "takes values alone"),
    "classes": ({"metrics": [keras.metrics.Accuracy()]}, 'Pass "accuracy"'),
    "classes of an IoU": ({"metrics": [keras.metrics.MeanIoU(3)]}, "sparse_y_pred=F"),
    "arguments": ({"metrics": ["PrecisionAtRecall"]}, "missing .* 'recall'"),
    "probabilities": (
        {
            "activation": None,
            "loss": keras.losses.CategoricalCrossentropy(from_logits=True),
            "metrics": ["Precision"],
        },
        "metrics .* logits, .* 'Precision'",
    ),
    "a made metric of probabilities": (
        {
            "activation": None,
            "loss": keras.losses.CategoricalCrossentropy(from_logits=True),
            "metrics": [keras.metrics.AUC()],
        },
        r"AUC\(from_logits=True\)",
    ),
    "a vector": ({"metrics": [keras.metrics.F1Score()]}, "average='macro'"),
    "nothing": ({"loss": of_nothing}, "loss .* of_nothing .* RuntimeError: out of"),
    "several classes of one unit": (
        {"target": binary, "units": 1, "loss": "categorical_crossentropy"},
        "loss .* several outputs .* 'categorical_crossentropy'",
    ),
}


@pytest.mark.parametrize(("settings", "message"), CASES.values(), ids=CASES)
def test_what_cannot_work_is_named_before_training(settings, message):
    with pytest.raises(ValueError, match=message) as caught:
        multiclass(**settings)
    assert len(str(caught.value)) < 700
    assert "\n" not in str(caught.value)


def test_a_regressor_asks_too():
    net = KerasRegressor(network, model__units=1, model__activation=None, epochs=1)
    assert "R2Score" in net.set_params(metrics=["R2Score"]).fit(X, y).history_
    with pytest.raises(ValueError, match="loss of KerasRegressor must not compare"):
        net.set_params(loss="sparse_categorical_crossentropy").fit(X, y)


def test_a_compiled_model_is_asked():
    def compiled(meta):
        model = network(meta)
        model.compile("adam", of_rows)
        return model

    net = KerasClassifier(compiled, epochs=1, random_state=0).fit(X, y)
    assert np.isfinite(last(net, "loss"))

    def with_metrics(meta):
        model = network(meta)
        model.compile("adam", of_numbers, weighted_metrics=["AUC"])
        return model

    with pytest.raises(ValueError, match=r"metrics of KerasClassifier .* 'AUC'"):
        KerasClassifier(with_metrics, epochs=1).fit(X, y)
