"""The variational autoencoder as an estimator: shapes, labels, errors, company."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from kerasweep import DenseClassifier, PixelScaler, VariationalAutoencoder, fleet
from kerasweep.training import programs

X, y = load_digits(return_X_y=True)
X, y = X[:300] / 16, y[:300]
NAMES = np.array([f"digit {i}" for i in range(10)])
SETTINGS = {"epochs": 3, "batch_size": 64, "random_state": 0}


def vae(**settings):
    settings = {**SETTINGS, **settings}
    return VariationalAutoencoder(2, (16,), **settings)


@pytest.fixture(scope="module")
def fitted():
    return vae().fit(X)


@pytest.fixture(scope="module")
def conditional():
    return vae(conditional=True, binarize=True).fit(X, NAMES[y])


def test_shapes_and_engine(fitted):
    assert fitted.engine_ == "compiled"
    assert fitted.transform(X).shape == (300, 2)
    assert fitted.inverse_transform(np.zeros((4, 2))).shape == (4, 64)
    assert fitted.sample(5).shape == (5, 64)
    assert fitted.score_samples(X).shape == (300,)
    assert fitted.log_likelihood(X[:7], n_importance_samples=60).shape == (7,)
    assert np.isscalar(fitted.score(X))
    assert not hasattr(fitted, "classes_")
    assert list(fitted.get_feature_names_out()) == [
        "variationalautoencoder0",
        "variationalautoencoder1",
    ]


def test_history_has_the_parts_of_the_loss_in_nats():
    net = vae(beta=3.0, validation_fraction=0.2).fit(X)
    for prefix in ("", "val_"):
        loss, kl, rest = (
            np.array(net.history_[prefix + name])
            for name in ("loss", "kl", "reconstruction")
        )
        np.testing.assert_allclose(loss, rest + 3 * kl, rtol=1e-4)
    assert net.score(X) == pytest.approx(
        -net.history_["reconstruction"][-1] - net.history_["kl"][-1], rel=0.1
    )


@pytest.mark.slow
def test_incomplete_batches_are_trained_on():
    nets = [vae(batch_size=70, engine=e).fit(X) for e in ("compiled", "keras")]
    assert [net.engine_ for net in nets] == ["compiled", "keras"]
    # Each engine draws the codes of a batch by itself: close, not equal.
    losses = [net.history_["loss"][-1] for net in nets]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_the_same_seed_gives_the_same_network_and_samples(fitted):
    again = clone(fitted).fit(X)
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))
    np.testing.assert_array_equal(again.sample(3), fitted.sample(3))
    np.testing.assert_array_equal(
        fitted.score_samples(X, random_state=1), again.score_samples(X, random_state=1)
    )
    assert not np.array_equal(
        fitted.sample(3, random_state=1), fitted.sample(3, random_state=2)
    )


def test_draws_of_pixels_average_to_their_means(fitted, conditional):
    draws = fitted.sample(4000, pixels="draw", random_state=0)
    assert set(np.unique(draws)) == {0.0, 1.0}
    means = fitted.sample(4000, random_state=0)
    np.testing.assert_allclose(draws.mean(axis=0), means.mean(axis=0), atol=0.04)


def test_a_copy_needs_neither_the_original_nor_new_training(fitted, conditional):
    for net, labels in ((fitted, None), (conditional, NAMES[y])):
        copy = pickle.loads(pickle.dumps(net))
        np.testing.assert_array_equal(copy.transform(X), net.transform(X))
        assert copy.score(X, labels) == net.score(X, labels)


def test_labels_of_any_type_condition_the_samples(conditional):
    assert list(conditional.classes_) == list(NAMES)
    assert conditional.transform(X).shape == (300, 2)
    codes = np.zeros((10, 2))
    rows = conditional.inverse_transform(codes, NAMES)
    assert len(np.unique(rows, axis=0)) == 10
    assert conditional.sample(y=NAMES[[3, 3, 5]]).shape == (3, 64)
    assert conditional.sample(6, y="digit 4").shape == (6, 64)
    assert conditional.sample(6).shape == (6, 64)
    # The label matters to the bound, by more than the draws do.
    seeds = {"n_draws": 20, "random_state": 0}
    right = conditional.score_samples(X, NAMES[y], **seeds)
    wrong = conditional.score_samples(X, NAMES[(y + 1) % 10], **seeds)
    assert right.mean() > wrong.mean()


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda n: vae(conditional=True).fit(X), "requires y to be passed"),
        (lambda n: n.score(X), "requires y to be passed"),
        (lambda n: n.inverse_transform(np.zeros((2, 2))), "requires y to be passed"),
        (lambda n: n.inverse_transform(np.zeros((2, 3))), "must have 2 columns"),
        (lambda n: n.sample(2, y=["zero", "one"]), "must hold only the classes"),
        (lambda n: n.sample(3, y=NAMES[:2]), "one label or 3"),
        (lambda n: n.sample(0), "integer of at least 1"),
        (lambda n: n.sample(1, pixels="mode"), "'mean' or 'draw'"),
        (lambda n: n.score_samples(X, NAMES[y], n_draws=0), "at least 1"),
        (lambda n: n.score(X, NAMES[y][:5]), "equally many rows"),
        (lambda n: n.score(X * 16, NAMES[y]), r"from 0 to 16 instead. Scale it"),
        (lambda n: vae().fit(X - 1), r"must lie in \[0, 1\]"),
        (lambda n: vae(likelihood="gaussian", binarize=True).fit(X), "binarize of"),
        (lambda n: vae().fit(X).sample(y=1), "must be None without conditional"),
        (lambda n: vae(conditional=True).fit(X, y, X_val=X), "given together"),
        (lambda n: vae().fit(X, y_val=y), "given together"),
    ],
)
def test_mistakes_are_told_in_one_sentence(act, sentence, conditional):
    with pytest.raises(ValueError, match=sentence):
        act(conditional)


def test_validation_rows_need_labels_only_where_the_network_does():
    assert "val_kl" in vae().fit(X, X_val=X[:50]).history_
    net = vae(conditional=True).fit(X, y, X_val=X[:50], y_val=y[:50])
    assert "val_kl" in net.history_


def test_a_step_before_a_classifier():
    pipe = make_pipeline(
        PixelScaler(16), vae(conditional=True), DenseClassifier((8,), **SETTINGS)
    )
    pipe.fit(X * 16, y)
    assert pipe.predict(X * 16).shape == (300,)
    pipe.set_output(transform="pandas").fit(X * 16, y)
    frame = pipe[:-1].transform(X * 16)
    assert list(frame.columns) == [f"variationalautoencoder{i}" for i in range(2)]


def test_warm_start_goes_on():
    net = vae(warm_start=True).fit(X)
    before = net.history_["loss"][-1]
    net.fit(X)
    assert net.n_epochs_ == 6
    assert net.history_["loss"][-1] < before


def test_networks_of_different_beta_rate_and_seed_share_a_program():
    vae(random_state=5).fit(X)
    before = programs.compilations
    for change in ({"beta": 4.0}, {"learning_rate": 0.01}, {"random_state": 9}):
        vae(**change).fit(X)
    assert programs.compilations == before


@pytest.mark.slow
def test_a_search_in_a_fleet_finds_what_it_finds_alone():
    def search():
        grid = {"latent_dim": [1, 2], "beta": [1.0, 4.0], "random_state": [0, 1]}
        return GridSearchCV(vae(), grid, cv=2).fit(X)

    alone = search()
    with fleet():
        together = search()
    for name in ("mean_test_score", "std_test_score"):
        np.testing.assert_allclose(
            together.cv_results_[name], alone.cv_results_[name], rtol=1e-3
        )
    assert together.best_estimator_.engine_ == "compiled"
    assert together.best_score_ < 0  # nats, higher is better


@pytest.mark.slow
def test_encoder_and_decoder_load_without_kerasweep(fitted, tmp_path):
    fitted.encoder_.save(tmp_path / "encoder.keras")
    fitted.decoder_.save(tmp_path / "decoder.keras")
    np.save(tmp_path / "X.npy", X.astype("f4"))
    code = (
        "import sys; sys.modules['kerasweep'] = None\n"
        "import keras, numpy as np\n"
        "encode, decode = (keras.models.load_model(f'{n}.keras')\n"
        "                  for n in ('encoder', 'decoder'))\n"
        "z = encode.predict(np.load('X.npy'), verbose=0)[:, :2]\n"
        "np.save('p.npy', decode.predict(z, verbose=0))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    np.testing.assert_allclose(
        np.load(tmp_path / "p.npy"),
        fitted.inverse_transform(fitted.transform(X)),
        atol=1e-5,
    )


@pytest.mark.slow
def test_a_pickle_opens_in_a_fresh_process(conditional, tmp_path):
    (tmp_path / "vae.pkl").write_bytes(pickle.dumps(conditional))
    code = (
        "import pickle; net = pickle.load(open('vae.pkl', 'rb'));"
        "print(net.sample(y='digit 1').sum())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
    )
    total = conditional.sample(y="digit 1").sum()
    assert float(done.stdout) == pytest.approx(total, rel=1e-4)
