"""Whatever comes in: one clear error of our own, or a right result."""

import time
import warnings
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from drawn_examples import few
from hypothesis import given, strategies as st
from own_models import linear_network, softmax_network
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from kerasweep import (
    ConvClassifier,
    DenoisingAutoencoder,
    DenseClassifier,
    DenseRegressor,
    KerasClassifier,
    KerasRegressor,
    VariationalAutoencoder,
)
from kerasweep.preprocessing import (
    GaussianNoise,
    MedianFilter,
    MinMaxScaler,
    PixelScaler,
    SaltAndPepper,
)

_rng = np.random.default_rng(0)
X = _rng.random((20, 9))
Y = np.arange(20) % 2
_tiny = {"epochs": 1, "random_state": 0}
DAY, ARROW = datetime(2020, 1, 1, 12), pd.ArrowDtype
NETWORKS = {
    "DenseClassifier": DenseClassifier((4,), **_tiny),
    "DenseRegressor": DenseRegressor((4,), **_tiny),
    "ConvClassifier": ConvClassifier((2,), kernel_size=2, dense=(), **_tiny),
    "KerasClassifier": KerasClassifier(softmax_network, **_tiny),
    "KerasRegressor": KerasRegressor(linear_network, **_tiny),
    "DenoisingAutoencoder": DenoisingAutoencoder((4,), **_tiny),
    "VariationalAutoencoder": VariationalAutoencoder(2, (4,), **_tiny),
}
TRANSFORMERS = {
    "PixelScaler": PixelScaler(),
    "MinMaxScaler": MinMaxScaler(),
    "SaltAndPepper": SaltAndPepper(random_state=0),
    "GaussianNoise": GaussianNoise(random_state=0),
    "MedianFilter": MedianFilter(),
}
CLASSIFIERS = [name for name in NETWORKS if name.endswith("Classifier")]
REGRESSORS = [name for name in NETWORKS if name.endswith("Regressor")]
networks = pytest.mark.parametrize("name", NETWORKS)
everything = pytest.mark.parametrize("name", [*NETWORKS, *TRANSFORMERS])


def fit_or_refuse(estimator, X, y, new=None, **keywords):
    """Give an estimator's answer; None where it refused as it should."""
    try:
        with warnings.catch_warnings():
            # Rows of no square number of pixels, clipped noise and columns of labels.
            warnings.simplefilter("ignore", UserWarning)
            estimator = clone(estimator).fit(X, y, **keywords)
            rows = X if new is None else new
            predict = hasattr(estimator, "predict")
            out = np.asarray(
                estimator.predict(rows) if predict else estimator.transform(rows)
            )
    except (ValueError, TypeError, MemoryError) as error:
        trace, frames = error.__traceback__, []
        while trace is not None:
            frames.append(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        assert not any("/keras/" in f or "/tensorflow/" in f for f in frames), frames
        message = str(error)
        assert message and "Traceback" not in message
        assert not any(w in message for w in ("{{function_node", "ufunc", "zero-size"))
        return None
    assert len(out) == len(rows)
    if hasattr(estimator, "classes_"):
        assert set(out.tolist()) <= set(np.asarray(y).ravel().tolist())
    else:
        assert np.isfinite(out).all()
    return out


# Types and shapes --------------------------------------------------------------------

TYPES = "f2 f4 f8 g i1 u1 i2 i8 u8 ? c8 O U S M8[D] m8[s] >f4 >i2".split()


@everything
@few(12)
@given(
    shape=st.lists(st.sampled_from([0, 1, 2, 4, 9]), max_size=4).map(tuple),
    dtype=st.sampled_from(TYPES),
    spoil=st.sampled_from([None, np.nan, np.inf, -np.inf, -1, 1e300]),
)
def test_any_type_and_shape(name, shape, dtype, spoil):
    values = np.random.default_rng(len(shape)).random(shape)
    if spoil is not None and values.size:
        values.flat[0] = spoil
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = (
            (values * 9 if dtype[-1] in "1248]" else values)
            .astype("i8" if dtype[0] in "mM" else "f8")
            .astype(dtype)
        )
    labels = np.arange(shape[0] if shape else 1) % 2
    out = fit_or_refuse((NETWORKS | TRANSFORMERS)[name], values, labels)
    if out is not None:
        assert len(shape) >= 2 and 0 not in shape
        assert values.dtype.kind not in "cmMV" or name == "MinMaxScaler"
        # What is not finite is refused; but in types that hold no such number.
        if values.dtype.kind in "fc" and name != "MinMaxScaler":
            assert np.isfinite(values.astype("f8")).all()


@pytest.mark.parametrize(
    "name", [n for n in [*NETWORKS, *TRANSFORMERS] if n != "MinMaxScaler"]
)
@pytest.mark.parametrize(
    ("values", "match"),
    [
        (np.full((20, 9), "2020-01-01", dtype="M8[D]"), "Got dates instead"),
        (pd.DataFrame({"a": pd.date_range("2020", periods=20)}), "Got dates instead"),
        ([[np.datetime64("2020-01-01")] * 9] * 20, "Got dates instead"),
        (np.ones((20, 9), dtype="m8[s]"), "Got durations instead"),
        (np.zeros((20, 9), dtype=[("a", "f4")]), "Got records instead"),
        (pl.DataFrame({"a": X[:, 0], "day": [DAY] * 20}), "Got dates instead"),
        (pl.DataFrame({"time": [DAY.time()] * 20}), "Got dates instead"),
        (pl.DataFrame({"age": [timedelta(1)] * 20}), "Got durations instead"),
        (pa.table({"day": [DAY.date()] * 20}).to_pandas(types_mapper=ARROW), "dates"),
        (pd.DataFrame({"a": np.full(20, np.datetime64(DAY), object)}), "dates"),
        (np.ma.masked_array(X, mask=X > 0.9), "no masked values"),
        (np.full((20, 9), 10**400, dtype=object), "an integer above 1e308"),
    ],
    ids="dates date-frame date-list durations records polars-dates polars-times "
    "polars-durations arrow-dates date-objects masked large".split(),
)
def test_what_only_looks_like_numbers(name, values, match):
    with pytest.raises((ValueError, TypeError), match=f"X of {name} must.*{match}"):
        clone((NETWORKS | TRANSFORMERS)[name]).fit(values, Y)


@pytest.mark.parametrize(
    "name",
    ["ConvClassifier", "DenoisingAutoencoder", "KerasClassifier", "MedianFilter"],
)
@pytest.mark.parametrize("shape", [(20, 0, 3), (20, 3, 0), (20, 3, 3, 0)])
def test_images_without_a_pixel(name, shape):
    with pytest.raises(ValueError, match=r"at least one value per row|0 feature"):
        clone((NETWORKS | TRANSFORMERS)[name]).fit(np.empty(shape), Y)


@networks
@few(6)
@given(
    row=st.lists(
        st.one_of(
            st.floats(0, 1),
            st.booleans(),
            st.none(),
            st.text(max_size=3),
            st.sampled_from([Decimal("0.5"), 10**400, 1j, [1], {}, pd.NaT, pd.NA]),
        ),
        min_size=4,
        max_size=4,
    )
)
def test_objects_of_mixed_types(name, row):
    frame = pd.DataFrame(X[:, :4], dtype=object)
    frame.iloc[3] = pd.Series(row, dtype=object)
    out = fit_or_refuse(NETWORKS[name], frame, Y)
    assert out is None or all(float(value) == float(value) for value in row)


@everything
@few(3)
@given(n=st.integers(1, 4), value=st.sampled_from([0.0, 1.0, 0.25]))
def test_few_rows_of_constant_columns(name, n, value):
    out = fit_or_refuse((NETWORKS | TRANSFORMERS)[name], np.full((n, 4), value), Y[:n])
    assert (out is None) == (n == 1 and name in CLASSIFIERS)


@everything
def test_many_columns(name):
    wide = _rng.random((6, 100_000), dtype=np.float32)
    start = time.perf_counter()
    assert fit_or_refuse((NETWORKS | TRANSFORMERS)[name], wide, Y[:6]) is not None
    assert time.perf_counter() - start < 20


# Targets and weights -----------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSIFIERS)
@few(8)
@given(
    labels=st.one_of(
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=3, unique=True),
        st.lists(st.text("abc -\n", max_size=3), min_size=2, max_size=3, unique=True),
        st.just([False, True]),
        st.just([-1.0, 0.0, 2.0]),
    )
)
def test_labels_come_back(name, labels):
    target = np.array(labels)[np.arange(20) % len(labels)]
    assert fit_or_refuse(NETWORKS[name], X, target).dtype == target.dtype


def test_negative_labels_are_learnt():
    target = np.where(X[:, 0] > 0.5, -7, -3)
    net = DenseClassifier((16,), epochs=60, learning_rate=0.05, random_state=0)
    assert net.fit(X, target).score(X, target) == 1
    assert net.classes_.tolist() == [-7, -3]


@pytest.mark.parametrize("name", [*CLASSIFIERS, *REGRESSORS])
@pytest.mark.parametrize(
    "target",
    [
        np.array([1, "a", 2.5, None] * 5, dtype=object),
        np.array([1, 2] * 10) * 1j,
        np.ma.masked_array(Y, mask=Y == 1),
        np.zeros(20, dtype=[("a", "f4")]),
        np.array([10**400, 1] * 10, dtype=object),
        np.full(20, 1e300) * X[:, 0],
        [{}] * 20,
        [[1], [1, 2]] * 10,
        7,
        "text",
        Y[:19],
        Y[:, None, None],
    ],
)
def test_targets_that_are_none(name, target):
    assert fit_or_refuse(NETWORKS[name], X, target) is None


@pytest.mark.parametrize("name", REGRESSORS)
@pytest.mark.parametrize("dtype", ["M8[D]", "m8[s]"])
def test_dates_are_no_quantities(name, dtype):
    with pytest.raises(TypeError, match=f"y of {name} must hold numbers"):
        clone(NETWORKS[name]).fit(X, Y.astype(dtype))


@pytest.mark.parametrize("name", REGRESSORS)
def test_dates_of_other_libraries_are_no_quantities(name):
    for days in (pl.Series([DAY] * 20), pa.chunked_array([[DAY.date()] * 20])):
        with pytest.raises(TypeError, match=f"y of {name} must hold numbers"):
            clone(NETWORKS[name]).fit(X, days)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels_of_the_validation_rows_alone(name):
    with pytest.raises(ValueError, match=r"only the classes \[0, 1\]. Got \[-4\] too"):
        clone(NETWORKS[name]).fit(X, Y, X_val=X, y_val=np.where(Y, 1, -4))


@networks
@pytest.mark.parametrize("length", [0, 1, 19, 21])
def test_weights_of_wrong_length(name, length):
    with pytest.raises(ValueError, match=r"sample_weight|0 sample"):
        clone(NETWORKS[name]).fit(X, Y, sample_weight=np.ones(length))


@few(6)
@given(unit=st.sampled_from([5e-324, 1e-300, 1e-45, 1e30, 1e300, 8e307]))
def test_weights_count_by_their_ratios_alone(unit):
    net = NETWORKS["DenseRegressor"]
    expected = fit_or_refuse(net, X, Y, sample_weight=Y + 1.0)
    actual = fit_or_refuse(net, X, Y, sample_weight=(Y + 1.0) * unit)
    np.testing.assert_allclose(actual, expected, rtol=1e-5)


@few(6)
@given(unit=st.sampled_from([1e-300, 1e30, 1e300]))
def test_class_weights_count_by_their_ratios_alone(unit):
    def predict(unit):
        net = DenseClassifier((4,), class_weight={0: unit, 1: 3 * unit}, **_tiny)
        return net.fit(X, Y, sample_weight=np.full(20, unit)).predict_proba(X)

    np.testing.assert_allclose(predict(unit), predict(1.0), rtol=1e-5)


# Parameters --------------------------------------------------------------------------

FACTORS = "l1 l2 max_norm learning_rate beta min_delta low high".split()
SIZES = "hidden_layer_sizes filters dense latent_dim".split()


@networks
@few(6)
@given(data=st.data())
def test_huge_and_tiny_factors(name, data):
    known = [f for f in FACTORS if f in NETWORKS[name].get_params()]
    factor = data.draw(st.sampled_from(known))
    value = data.draw(
        st.sampled_from(
            [5e-324, 1e-320, 1e-300, 1e-30, 1e30, 1e38, 1e39, 1e300, 10**400]
        )
    )
    net = clone(NETWORKS[name]).set_params(**{factor: value})
    out = fit_or_refuse(net, X, Y)
    if value > 3.5e38:
        assert out is None
        with pytest.raises(ValueError, match=f"{factor} of {name} must be at most"):
            net.fit(X, Y)
    elif value < 1 and factor in ("l1", "l2", "min_delta", "beta"):
        assert out is not None


@networks
def test_a_diverged_network_answers_with_an_error(name):
    own = name.startswith("Keras")
    rate = {"optimizer__learning_rate" if own else "learning_rate": 1e30}
    net = clone(NETWORKS[name]).set_params(**rate)
    if name == "DenseRegressor":  # rectified units may die, so that nothing overflows
        net.set_params(activation="linear")
    out = fit_or_refuse(net, X, Y)
    if name not in ("DenoisingAutoencoder", "VariationalAutoencoder"):
        assert out is None  # those end in a sigmoid, or in codes, which stay finite
        with pytest.raises(ValueError, match="diverged, so that a lower learning rate"):
            net.fit(X, Y).predict(X)


@networks
@pytest.mark.parametrize("size", [0, -1, 2.5, 2**31, 2**63, 10**400])
def test_sizes_that_no_network_has(name, size):
    known = [s for s in SIZES if s in NETWORKS[name].get_params()]
    for parameter in known:
        several = isinstance(NETWORKS[name].get_params()[parameter], tuple)
        if parameter == "dense" and size == 0 and not several:
            continue  # no dense layer
        net = clone(NETWORKS[name]).set_params(
            **{parameter: (size,) if several else size}
        )
        if name == "DenoisingAutoencoder" and parameter == "filters":
            net.set_params(architecture="conv")
        with pytest.raises(ValueError, match=f"{parameter}.* (of {name})? ?.*must be"):
            net.fit(X, Y)


@everything
def test_misspelt_parameters(name):
    estimator = clone((NETWORKS | TRANSFORMERS)[name])
    with pytest.raises(ValueError, match="epohcs"):
        estimator.set_params(epohcs=3)
    with pytest.raises(TypeError, match="epohcs"):
        type(estimator)(epohcs=3, **estimator.get_params())
    with pytest.raises(ValueError, match="epohcs"):
        GridSearchCV(estimator, {"epohcs": [3]}, cv=2, scoring=lambda *_: 0).fit(X, Y)
