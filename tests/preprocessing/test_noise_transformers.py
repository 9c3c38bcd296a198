"""What both noise transformers promise."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, clone
from sklearn.callback import CallbackSupportMixin, ProgressBar
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from kerasweep.preprocessing import (
    GaussianNoise,
    PixelScaler,
    SaltAndPepper,
    _noise as noise_module,
)

NOISES = [SaltAndPepper(amount=0.3), GaussianNoise(std=0.3)]
GREY = np.full((50, 40), 0.5, dtype=np.float32)

both = pytest.mark.parametrize("noise", NOISES, ids=lambda noise: type(noise).__name__)


@both
def test_same_seed_same_corruption(noise):
    noise = clone(noise).set_params(random_state=3)
    first = noise.fit_transform(GREY)
    assert (first != GREY).any()
    np.testing.assert_array_equal(noise.fit_transform(GREY), first)
    np.testing.assert_array_equal(clone(noise).fit_transform(GREY), first)
    thawed = pickle.loads(pickle.dumps(noise))
    np.testing.assert_array_equal(thawed.fit_transform(GREY), first)
    other = noise.set_params(random_state=4).fit_transform(GREY)
    assert (other != first).any()


@both
def test_no_seed_gives_fresh_corruption_and_leaves_the_global_state(noise):
    np.random.seed(0)
    before = np.random.get_state()[1].copy(), np.random.get_state()[2]
    first, second = (clone(noise).fit_transform(GREY) for _ in range(2))
    assert (first != second).any()
    np.random.seed(0)
    third = clone(noise).fit_transform(GREY)
    assert (first != third).any(), "the global random state was read"
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])
    assert np.random.get_state()[2] == before[1]


@both
def test_random_state_instance_seeds_each_call(noise):
    def two(seed):
        noisy = clone(noise).set_params(random_state=np.random.RandomState(seed))
        return noisy.fit_transform(GREY), noisy.fit_transform(GREY)

    (a1, a2), (b1, b2) = two(0), two(0)
    np.testing.assert_array_equal(a1, b1)
    np.testing.assert_array_equal(a2, b2)
    assert (a1 != a2).any()


@both
def test_apply_fit_leaves_new_data_clean(noise):
    noise = clone(noise).fit(GREY)
    np.testing.assert_array_equal(noise.transform(GREY), GREY)


@both
def test_apply_always_corrupts_new_data_too(noise):
    noise = clone(noise).set_params(apply="always", random_state=0)
    np.testing.assert_array_equal(noise.fit_transform(GREY), noise.transform(GREY))
    assert (noise.transform(GREY) != GREY).any()


@both
@pytest.mark.parametrize(
    ("given_dtype", "dtype"),
    [
        (np.float16, np.float32),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int64, np.float32),
        (bool, np.float32),
    ],
)
@pytest.mark.parametrize("apply", ["fit", "always"])
def test_types(noise, given_dtype, dtype, apply):
    X = np.eye(6).astype(given_dtype)
    noise = clone(noise).set_params(apply=apply)
    assert noise.fit_transform(X).dtype == dtype
    assert noise.transform(X).dtype == dtype


@pytest.mark.parametrize("noise", [SaltAndPepper(amount=0), GaussianNoise(std=0)])
def test_zero_noise_copies_nothing(noise):
    assert noise.fit_transform(GREY) is GREY
    assert noise.set_params(apply="always").transform(GREY) is GREY


@both
@pytest.mark.parametrize("chunk_size", [1, 79, 80, 1 << 17])
def test_result_does_not_depend_on_the_chunks(noise, chunk_size, monkeypatch):
    noise = clone(noise).set_params(random_state=0)
    whole = noise.fit_transform(GREY)
    monkeypatch.setattr(noise_module, "_CHUNK_SIZE", chunk_size)
    np.testing.assert_array_equal(noise.fit_transform(GREY), whole)


@both
def test_order_in_memory_does_not_matter(noise):
    noise = clone(noise).set_params(random_state=0)
    X = np.random.default_rng(0).random((30, 20), dtype=np.float32)
    columns_first = noise.fit_transform(np.asfortranarray(X))
    np.testing.assert_array_equal(columns_first, noise.fit_transform(X))


@both
def test_bad_parameters_are_refused_in_fit(noise):
    name = type(noise).__name__
    for parameters, words in [
        ({"apply": "never"}, f"'apply' parameter of {name}"),
        ({"random_state": "0"}, f"'random_state' parameter of {name}"),
        ({"high": "1"}, f"'high' parameter of {name}"),
        ({"low": 2.0}, rf"`low` of {name} must be at most `high` \(=1.0\). Got 2.0"),
    ]:
        wrong = clone(noise).set_params(**parameters)
        with pytest.raises(ValueError, match=words):
            wrong.fit(GREY)
        with pytest.raises(ValueError, match=words):
            wrong.fit_transform(GREY)


@both
def test_8_bit_pixels_are_refused_unless_high_fits(noise):
    X = np.array([[0, 128, 255]], dtype=np.uint8)
    with pytest.raises(ValueError, match=r"below the 8-bit value 255.*PixelScaler"):
        clone(noise).fit_transform(X)
    assert clone(noise).set_params(high=255).fit_transform(X).dtype == np.float32


@both
def test_sparse_and_missing_values_are_refused(noise):
    with pytest.raises(TypeError, match="Sparse data was passed"):
        clone(noise).fit_transform(csr_array([[0.0, 1.0]]))
    with pytest.raises(ValueError, match="contains NaN"):
        clone(noise).fit_transform([[np.nan, 1.0]])


@both
def test_data_frames_keep_their_names(noise):
    X = pd.DataFrame({"a": [0.0, 0.5], "b": [1.0, 0.5]}, index=["p", "q"])
    noisy = clone(noise).set_output(transform="pandas").fit_transform(X)
    assert list(noisy.columns) == ["a", "b"]
    assert list(noisy.index) == ["p", "q"]


unit_arrays = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(0, 1, width=32),
)


@both
@settings(max_examples=50)
@given(X=unit_arrays, seed=st.integers(0, 2**32 - 1), strength=st.floats(0, 1))
def test_input_is_untouched_and_result_in_bounds(noise, X, seed, strength):
    before = X.copy()
    X.flags.writeable = False
    name = "amount" if isinstance(noise, SaltAndPepper) else "std"
    noisy = (
        clone(noise)
        .set_params(**{name: strength, "random_state": seed})
        .fit_transform(X)
    )
    np.testing.assert_array_equal(X, before)
    assert noisy.shape == X.shape and noisy.dtype == np.float32
    assert noisy.min() >= 0 and noisy.max() <= 1


class Spread(CallbackSupportMixin, BaseEstimator):
    """A last step that tells whether its training data were noisy."""

    def fit(self, X, y=None):
        from sklearn.callback._callback_support import callback_management_context

        with callback_management_context(self):
            context = self._init_callback_context()
            context.call_on_fit_task_begin(estimator=self, X=X, y=y)
            self.spread_ = float(np.std(X))
            context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def score(self, X, y=None):
        return self.spread_ - float(np.std(X))


def test_callbacks_over_a_grid_search_do_not_warn(capsys):
    pipeline = Pipeline(
        [
            ("scale", PixelScaler()),
            ("salt", SaltAndPepper(random_state=0)),
            ("gauss", GaussianNoise(random_state=0)),
            ("spread", Spread()),
        ]
    )
    search = GridSearchCV(pipeline, {"salt__amount": [0, 0.5]}, cv=2)
    X = np.full((20, 30), 100, dtype=np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.set_callbacks(ProgressBar()).fit(X, np.arange(20) % 2)
    assert search.best_params_ == {"salt__amount": 0.5}
    assert (search.cv_results_["mean_test_score"] > 0.05).all()
    assert "fit" in capsys.readouterr().out


class Recorder:
    """A callback that writes down its hooks."""

    def __init__(self):
        self.calls = []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def on_fit_task_begin(self, estimator, context, **kwargs):
        self.calls.append("begin")

    def on_fit_task_end(self, estimator, context, **kwargs):
        self.calls.append("end")

    def teardown(self, estimator, context):
        self.calls.append("teardown")


@pytest.mark.parametrize("transformer", [PixelScaler(), *NOISES])
@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_one_fit_is_one_task(transformer, method):
    transformer = clone(transformer)
    recorder = Recorder()
    transformer.set_callbacks(recorder)
    getattr(transformer, method)(GREY)
    assert recorder.calls == ["setup", "begin", "end", "teardown"]


@both
def test_callbacks_are_torn_down_when_the_data_are_bad(noise):
    noise = clone(noise)
    recorder = Recorder()
    noise.set_callbacks(recorder)
    with pytest.raises(ValueError, match="contains NaN"):
        noise.fit_transform([[np.nan]])
    assert recorder.calls[-1] == "teardown"
