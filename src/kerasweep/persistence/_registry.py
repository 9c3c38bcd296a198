"""Which classes a file may name. Nothing else is ever imported for one."""

from importlib import import_module
from typing import Any

_OURS = {
    "kerasweep.estimators": (
        "ConvClassifier",
        "DenoisingAutoencoder",
        "DenseClassifier",
        "DenseRegressor",
        "KerasClassifier",
        "KerasRegressor",
        "TabularClassifier",
        "TabularRegressor",
        "VariationalAutoencoder",
    ),
    "kerasweep.preprocessing": (
        "GaussianNoise",
        "MedianFilter",
        "MinMaxScaler",
        "PixelScaler",
        "SaltAndPepper",
        "TablePreprocessor",
    ),
    "kerasweep.preprocessing._table_encoder": ("TableEncoder",),
    "kerasweep.serving": ("ImagesToRows",),
}
# Those that hold numbers and strings, and functions of fixed lists at most: no trees,
# whose nodes scikit-learn itself can't check.
_SCIKIT_LEARN = {
    "sklearn.compose": ("ColumnTransformer", "TransformedTargetRegressor"),
    "sklearn.decomposition": (
        *("FactorAnalysis", "FastICA", "IncrementalPCA", "NMF", "PCA"),
        "TruncatedSVD",
    ),
    "sklearn.discriminant_analysis": ("LinearDiscriminantAnalysis",),
    "sklearn.dummy": ("DummyClassifier", "DummyRegressor"),
    "sklearn.ensemble": (
        *("BaggingClassifier", "BaggingRegressor"),
        *("StackingClassifier", "StackingRegressor"),
        *("VotingClassifier", "VotingRegressor"),
    ),
    "sklearn.feature_extraction.text": ("HashingVectorizer", "TfidfTransformer"),
    "sklearn.feature_selection": (
        *("SelectFromModel", "SelectKBest", "SelectPercentile", "VarianceThreshold"),
    ),
    "sklearn.impute": ("KNNImputer", "MissingIndicator", "SimpleImputer"),
    "sklearn.linear_model": (
        *("ElasticNet", "Lasso", "LinearRegression", "LogisticRegression"),
        *("Ridge", "RidgeCV", "RidgeClassifier"),
    ),
    "sklearn.mixture": ("GaussianMixture",),
    "sklearn.naive_bayes": ("GaussianNB",),
    "sklearn.pipeline": ("FeatureUnion", "Pipeline"),
    "sklearn.preprocessing": (
        *("Binarizer", "FunctionTransformer", "KBinsDiscretizer", "LabelBinarizer"),
        *("LabelEncoder", "MaxAbsScaler", "MinMaxScaler", "Normalizer"),
        *("OneHotEncoder", "OrdinalEncoder", "PolynomialFeatures", "PowerTransformer"),
        *("QuantileTransformer", "RobustScaler", "StandardScaler", "TargetEncoder"),
    ),
}
_MODULE_OF = {
    f"{module}.{name}": module
    for module, names in {**_OURS, **_SCIKIT_LEARN}.items()
    for name in names
}


def class_named(name: str) -> Any:
    """Return a class that files may name.

    Parameters
    ----------
    name : str
        Such as "kerasweep.estimators.DenseClassifier".

    Returns
    -------
    cls : type

    Raises
    ------
    ValueError
        If files may not name it.
    """
    if name not in _MODULE_OF:
        raise ValueError(
            f"it names the class {name!r}, which is none of those that may be loaded"
        )
    return getattr(import_module(_MODULE_OF[name]), name.rpartition(".")[2])


def name_of(estimator: Any) -> str | None:
    """Return the name that a file gives an estimator's class; None if it may not.

    Parameters
    ----------
    estimator : estimator
        A subclass's is not its parent's: it may do something else.

    Returns
    -------
    name : str or None
    """
    cls = type(estimator)
    for name, module in _MODULE_OF.items():
        same_package = cls.__module__.startswith(module.partition(".")[0] + ".")
        if same_package and name.endswith("." + cls.__name__):
            if class_named(name) is cls:
                return name
    return None
