"""Targets with a column of zeros and ones for each label."""

import pickle

import keras
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score, hamming_loss, log_loss, make_scorer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neural_network import MLPClassifier

from kerasweep import (
    ClassReportDisplay,
    ConvClassifier,
    DenseClassifier,
    KerasClassifier,
    MisclassifiedDisplay,
    export_keras,
    fleet,
    load,
    save,
)

X, Y = make_multilabel_classification(200, 9, n_classes=4, random_state=0)
X = (X - X.mean(axis=0)) / X.std(axis=0)
FAST = {"epochs": 15, "batch_size": 32, "random_state": 0}


def sigmoids(meta, activation="sigmoid"):
    assert meta["target_type_"] == "multilabel-indicator"
    return keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(meta["n_classes_"], activation=activation),
        ]
    )


def dense(**settings):
    return DenseClassifier((16,), **{"learning_rate": 0.01, **FAST, **settings})


def conv(**settings):
    settings = {"dense": (16,), "learning_rate": 0.01, **FAST, **settings}
    return ConvClassifier((4,), **settings)


def own(**settings):
    settings = {"optimizer__learning_rate": 0.01, **FAST, **settings}
    return KerasClassifier(settings.pop("model", sigmoids), **settings)


@pytest.mark.parametrize("make", [dense, conv, own])
class TestEachClassifier:
    def test_it_answers_as_mlp_classifier_does(self, make, tmp_path):
        net, other = make().fit(X, Y), MLPClassifier(max_iter=1)
        with pytest.warns(UserWarning, match="Maximum iterations"):
            other.fit(X, Y)
        np.testing.assert_array_equal(net.classes_, other.classes_)
        assert net.multilabel_ and net.engine_ == "compiled"
        shares, labels = net.predict_proba(X), net.predict(X)
        assert shares.shape == other.predict_proba(X).shape == Y.shape
        assert labels.dtype == other.predict(X).dtype
        np.testing.assert_array_equal(labels, shares > 0.5)
        assert (labels == Y).mean() > 0.65
        assert net.score(X, Y) == (labels == Y).all(axis=1).mean()
        others = [pickle.loads(pickle.dumps(net))]
        if make is not own:  # whose model is code
            save(net, tmp_path / "net")
            others.append(load(tmp_path / "net"))
        for same in others:
            np.testing.assert_allclose(same.predict_proba(X), shares, rtol=1e-6)
        if make is not conv:
            export_keras(net, tmp_path / "net.keras")
            plain = keras.saving.load_model(tmp_path / "net.keras")
            np.testing.assert_allclose(plain(X), shares, atol=1e-6)

    def test_the_loss_is_the_mean_over_labels(self, make):
        rate = "optimizer__learning_rate" if make is own else "learning_rate"
        net = make(epochs=1, batch_size=len(X), **{rate: 1e-30})
        shares = net.fit(X, Y).predict_proba(X)
        losses = [log_loss(Y[:, i], shares[:, i]) for i in range(4)]
        assert net.history_["loss"] == pytest.approx([np.mean(losses)], rel=1e-4)
        accuracy = (net.predict(X) == Y).mean()
        assert net.history_["binary_accuracy"] == pytest.approx([accuracy], rel=1e-5)

    @pytest.mark.parametrize(
        ("target", "match"),
        [
            (Y + 1, "that hold 2 instead"),
            (0.5 * Y, "that hold 0.5 instead"),
            (Y.astype(str), "that hold '1' instead"),
            (np.where(Y, np.nan, 0), "NaN"),
        ],
    )
    def test_other_columns_are_refused(self, make, target, match):
        with pytest.raises(ValueError, match=match):
            make().fit(X, target)

    def test_no_row_has_one_class_to_weigh(self, make):
        with pytest.raises(ValueError, match=r"class_weight of .* must be None for 4"):
            make(class_weight="balanced").fit(X, Y)

    def test_it_trains_on(self, make):
        net = make().partial_fit(X, Y).partial_fit(X, csr_matrix(Y), range(4))
        assert net.n_epochs_ == 2
        for target in (Y[:, 0], Y[:, :3]):
            with pytest.raises(ValueError, match="must hold 4 columns of zeros and on"):
                net.partial_fit(X, target)
        with pytest.raises(ValueError, match=r"classes of .* None or range\(4\)"):
            make().partial_fit(X, Y, classes=[0, 1])
        if make is not own:  # whose function is for labels
            with pytest.raises(ValueError, match="must hold one class for each row, a"):
                make().fit(X, Y[:, 0]).partial_fit(X, Y)


def test_columns_of_booleans_and_lists_are_labels_too():
    expected = dense().fit(X, Y).predict_proba(X)
    for target in (Y.astype(bool), Y.tolist(), csr_matrix(Y), Y.astype(float)):
        np.testing.assert_array_equal(dense().fit(X, target).predict_proba(X), expected)


def test_rows_of_weight_zero_do_not_count():
    weight = np.r_[np.ones(100), np.zeros(100)]
    other = np.r_[Y[:100], 1 - Y[100:]]
    nets = [dense(batch_size=200).fit(X, target, weight) for target in (Y, other)]
    np.testing.assert_allclose(*(net.predict_proba(X) for net in nets), rtol=1e-5)


def test_both_engines_agree():
    nets = [dense(engine=e, early_stopping=True).fit(X, Y) for e in ("auto", "keras")]
    np.testing.assert_allclose(*(net.predict_proba(X) for net in nets), rtol=1e-4)
    for name, values in nets[0].history_.items():
        np.testing.assert_allclose(nets[1].history_[name], values, rtol=1e-4)


def test_validation_rows_hold_each_frequent_set_of_labels():
    sets = np.repeat([[0, 1, 1], [1, 0, 0], [1, 1, 1]], [100, 80, 3], axis=0)
    seen = []

    class Recording(DenseClassifier):
        def _validation_rows(self, rows, seed):
            seen.append(rows.target)
            return rows

    rng = np.random.default_rng(0)
    net = Recording((4,), epochs=1, validation_fraction=0.1, random_state=0)
    net.fit(rng.normal(size=(183, 3)), sets)
    shares = [(seen[0] == each).all(axis=1).mean() for each in sets[[0, 100]]]
    np.testing.assert_allclose(shares, [100 / 183, 80 / 183], atol=1 / len(seen[0]))
    # More sets than validation rows: not stratified, and no error.
    net.set_params(validation_fraction=0.01).fit(X, Y)
    assert len(seen[1]) == 2


def test_scikit_learns_scorers_work():
    names = ["f1_micro", "roc_auc", "average_precision"]
    scorers = {name: name for name in names}
    scorers["f1_samples"] = make_scorer(f1_score, average="samples", zero_division=0)
    scorers["hamming"] = make_scorer(hamming_loss, greater_is_better=False)
    scores = cross_validate(dense(), X, Y, scoring=scorers, error_score="raise")
    assert scores["test_roc_auc"].mean() > 0.7
    assert scores["test_f1_micro"].mean() > 0.5
    search = GridSearchCV(dense(), {"l2": [0.0, 1e-3]}, scoring="roc_auc", cv=3)
    with fleet():
        search.fit(X, Y)
    assert search.best_score_ > 0.7


class TestOwnModels:
    def test_logits(self):
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        settings = {"model__activation": "linear", "loss": loss}
        net = own(metrics=["accuracy"], **settings).fit(X, Y)
        expected = own().fit(X, Y).predict_proba(X)
        np.testing.assert_allclose(net.predict_proba(X), expected, atol=1e-4)
        # binary, not that of the largest of several
        assert net.history_["accuracy"][-1] == pytest.approx(
            own().fit(X, Y).history_["binary_accuracy"][-1], abs=0.01
        )

    @pytest.mark.parametrize(
        "settings",
        [{"loss": "categorical_crossentropy"}, {"metrics": ["categorical_accuracy"]}],
    )
    def test_what_compares_outputs_is_refused(self, settings):
        with pytest.raises(ValueError, match="must not compare several outputs for"):
            own(**settings).fit(X, Y)

    def test_outputs_that_are_no_probabilities_are_refused(self):
        net = own(model__activation="linear").fit(X, Y)
        with pytest.raises(ValueError, match="must be a probability for each label"):
            net.predict_proba(X)

    def test_shares_of_one_whole_were_taken_for_labels(self):
        """No row could have two of them."""

        def apart(meta):
            net = sigmoids(meta, activation="linear")
            net.add(keras.layers.Softmax())
            return net

        def nested(meta):
            rows = keras.Input((meta["n_features_in_"],))
            return keras.Model(rows, sigmoids(meta, activation="softmax")(rows))

        for change in ({"model__activation": "softmax"}, {"model": apart}):
            with pytest.raises(ValueError, match="Got a softmax layer instead"):
                own(**change).fit(X, Y)
        with pytest.raises(ValueError, match="Got a softmax layer instead"):
            own(model=nested).fit(X, Y)


def test_pictures_of_one_class_a_row_are_refused():
    net = dense().fit(X, Y)
    for display in (ClassReportDisplay, MisclassifiedDisplay):
        with pytest.raises(ValueError, match="y should be a 1d array"):
            display.from_estimator(net, X, Y)
