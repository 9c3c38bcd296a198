"""Saved pipelines that prepare tables: encoders, imputers, choices of columns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier
from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.decomposition import (
    NMF,
    PCA,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    TruncatedSVD,
)
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import (
    SelectFromModel,
    SelectKBest,
    SelectPercentile,
    f_classif,
)
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
    TargetEncoder,
)

from kerasweep import load, save
from kerasweep.persistence import _registry

random = np.random.default_rng(0)
N = 60
FRAME = pd.DataFrame(
    {
        "age": random.normal(40, 9, N),
        "income": np.where(random.random(N) < 0.2, np.nan, random.lognormal(3, 1, N)),
        "rooms": random.integers(1, 6, N),
        "city": random.choice(["Ghent", "Ulm", "Bath"], N),
        "plan": pd.Series(random.choice(["a", "b", None], N), dtype=object),
        "size": pd.Categorical(random.choice(["s", "m"], N)),
    }
)
ROWS = FRAME[["age", "rooms"]].to_numpy()
LABELS = np.array(["no", "yes"])[(FRAME["age"] > 40).astype(int)]
NUMBERS = make_column_selector(dtype_include="number")
WORDS = make_column_selector(dtype_exclude=np.number)
FIVE = {"random_state": np.random.RandomState(5)}


def to_columns(*transformers, **options):
    return make_column_transformer(*transformers, **options)


ON_FRAMES = {
    "selectors": to_columns(
        (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
        (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), WORDS),
    ),
    "names": ColumnTransformer(
        [
            (
                "log",
                FunctionTransformer(np.log1p, np.expm1, feature_names_out="one-to-one"),
                ["age"],
            ),
            ("keep", "passthrough", ["rooms"]),
            ("gone", "drop", ["income"]),
            ("city", OneHotEncoder(dtype=np.float32, min_frequency=0.2), ["city"]),
        ],
        remainder=OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.int64
        ),
        verbose_feature_names_out=False,
    ),
    "an index": to_columns((StandardScaler(), FRAME.columns[:3])),
    "a slice": to_columns((StandardScaler(), slice(0, 3)), remainder="drop"),
    "a mask": to_columns((StandardScaler(), np.arange(6) < 3)),
    "words": to_columns(
        (SimpleImputer(strategy="most_frequent", missing_values=None), ["plan"]),
        (SimpleImputer(strategy="constant", fill_value="?"), ["city"]),
        (TargetEncoder(), ["city", "size"]),
    ),
    "a frame out": to_columns(
        (OneHotEncoder(sparse_output=False), WORDS), remainder="passthrough"
    ).set_output(transform="pandas"),
    "a union": FeatureUnion(
        [
            ("a", to_columns((KNNImputer(), ["age", "income"]))),
            ("b", to_columns((MissingIndicator(), ["age", "income"]))),
        ]
    ),
}


def saved(estimator, folder):
    save(estimator, folder / "file")
    return load(folder / "file")


@pytest.mark.parametrize("kind", ON_FRAMES)
def test_what_prepares_tables(kind, tmp_path):
    fitted = ON_FRAMES[kind].fit(FRAME, LABELS)
    found = saved(fitted, tmp_path).transform(FRAME)
    expected = fitted.transform(FRAME)
    assert type(found) is type(expected)
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))
    names = [
        one.get_feature_names_out().tolist()
        for one in (fitted, load(tmp_path / "file"))
    ]
    assert names[0] == names[1]


def test_unknown_and_missing_after_loading(tmp_path):
    fitted = ON_FRAMES["selectors"].fit(FRAME)
    other = FRAME.assign(city="Rome", income=np.nan, plan=None)
    np.testing.assert_array_equal(
        saved(fitted, tmp_path).transform(other), fitted.transform(other)
    )


@pytest.mark.parametrize(
    "step",
    [
        *(FactorAnalysis(1), FastICA(1, random_state=0), IncrementalPCA(1)),
        *(NMF(1, tol=1.0, random_state=0), PCA(1, **FIVE), TruncatedSVD(1)),
        *(SelectKBest(f_classif, k=1), SelectPercentile(), SelectFromModel(Ridge())),
        KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf"),
        *(PolynomialFeatures(2), PowerTransformer()),
        FunctionTransformer(np.clip, kw_args={"a_min": 1, "a_max": 30}),
    ],
    ids=lambda step: type(step).__name__,
)
def test_what_prepares_arrays(step, tmp_path):
    y = ROWS[:, 0] if isinstance(step, SelectFromModel) else LABELS
    fitted = step.fit(ROWS, y)
    found, expected = saved(fitted, tmp_path).transform(ROWS), fitted.transform(ROWS)
    assert type(found) is type(expected)
    if hasattr(found, "toarray"):
        found, expected = found.toarray(), expected.toarray()
    # A strided array comes back in one piece, for which BLAS adds in another order.
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


LOGISTIC = ("a", LogisticRegression())
RIDGE = ("a", Ridge())


@pytest.mark.parametrize(
    "model",
    [
        *(LogisticRegression(), RidgeClassifier(), GaussianNB(), DummyClassifier()),
        LinearDiscriminantAnalysis(),
        BaggingClassifier(GaussianNB(), 2, random_state=0),
        StackingClassifier([LOGISTIC, ("b", GaussianNB())]),
        VotingClassifier([LOGISTIC, ("b", GaussianNB())], voting="soft"),
        *(ElasticNet(), Lasso(), LinearRegression(), Ridge(), DummyRegressor()),
        BaggingRegressor(Ridge(), 2, random_state=0),
        StackingRegressor([RIDGE, ("b", Lasso())]),
        VotingRegressor([RIDGE, ("b", Lasso())]),
        TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp),
        TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_models_of_scikit_learn(model, tmp_path):
    y = LABELS if is_classifier(model) else ROWS[:, 0] + 1
    fitted = model.fit(ROWS, y)
    loaded = saved(fitted, tmp_path)
    np.testing.assert_array_equal(loaded.predict(ROWS), fitted.predict(ROWS))
    if hasattr(fitted, "predict_proba"):
        np.testing.assert_array_equal(
            loaded.predict_proba(ROWS), fitted.predict_proba(ROWS)
        )


def test_a_random_state_goes_on_where_it_was(tmp_path):
    random = np.random.RandomState(3)
    random.normal(size=3)
    loaded = saved(PCA(random_state=random).fit(ROWS), tmp_path)
    assert loaded.random_state.normal() == random.normal()


def test_every_class_that_files_may_name_exists():
    for name in _registry._MODULE_OF:
        assert isinstance(_registry.class_named(name), type)
