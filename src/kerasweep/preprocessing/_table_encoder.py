"""Tables of mixed columns as numbers that a network takes."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _num_samples,
    check_is_fitted,
    validate_data,
)

from kerasweep.preprocessing._frame_columns import (
    Column,
    as_text,
    columns_of_array,
    columns_of_frame,
    is_frame,
    marked_categorical,
)
from kerasweep.preprocessing._numbers import FLOAT32_MAX


class TableEncoder(TransformerMixin, BaseEstimator):
    r"""Numbers, categories and what is missing, as columns of float32.

    A numeric column becomes :math:`z / \sqrt{1 + (z/3)^2}` with
    :math:`z = (x - \mathrm{median}) / \mathrm{IQR}` [1]_, and a second column that
    tells where it is missing, if it ever was in ``fit``. The values of a categorical
    column become one column each, or, of a column with more than
    `max_one_hot` of them, one code for an embedding.

    Parameters
    ----------
    categorical_features : "from_dtype", None, or array-like of bool, int or str, \
default="from_dtype"
        Which columns hold categories: those whose type says so (text, categories,
        booleans, objects that are not all numbers), none, or those of a mask, of
        indices or of names.
    max_one_hot : int, default=64
        Most categories of a column that become a column each.
    max_categories : int, default=1024
        Most categories that are kept of a column, by frequency; the others, and those
        that were not in ``fit``, share one.

    Attributes
    ----------
    n_numeric_, n_flags_ : int
        Encoded columns that are quantities, and after them those of zeros and ones.
    code_sizes_ : list of int
        How many codes each of the last columns has, 0 for what is unknown included.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where X was a frame.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn, I. Steinwart (2024). Better by Default: Strong
           Pre-Tuned MLPs and Boosted Trees on Tabular Data. NeurIPS.
    """

    #: What smoothly clipped quantities stay below.
    BOUND: ClassVar[float] = 3.0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "categorical_features": [StrOptions({"from_dtype"}), "array-like", None],
        "max_one_hot": [Interval(Integral, 2, None, closed="left")],
        "max_categories": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        categorical_features: Any = "from_dtype",
        *,
        max_one_hot: int = 64,
        max_categories: int = 1024,
    ):
        self.categorical_features = categorical_features
        self.max_one_hot = max_one_hot
        self.max_categories = max_categories

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> "TableEncoder":
        """Learn medians, ranges and categories.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        y : object, default=None
            Not used.

        Returns
        -------
        self : TableEncoder
        """
        self._learn(take_columns(self, X, first=True), type(self).__name__)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Encode a table.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        encoded : ndarray of shape (n_samples, n_encoded), float32
        """
        check_is_fitted(self)
        return self._encode(take_columns(self, X, first=False), type(self).__name__)

    def _learn(self, columns: list[Column], owner: str) -> "TableEncoder":
        names = [c.name for c in columns]
        is_category = marked_categorical(
            owner, self.categorical_features, columns, names
        )
        self.is_categorical_ = np.array(is_category, dtype=bool)
        n = len(columns)
        self.center_, self.scale_ = np.zeros(n), np.zeros(n)
        self.had_missing_ = np.zeros(n, dtype=bool)
        self.categories_: list[Any] = [None] * n
        self.has_others_ = np.zeros(n, dtype=bool)
        for i, column in enumerate(columns):
            if self.is_categorical_[i]:
                self._learn_categories(i, column)
            else:
                self._learn_numbers(i, column, owner)
        one_hot = [self._is_one_hot(i) for i in range(n)]
        self.n_numeric_ = int((self.scale_ > 0).sum())
        self.n_flags_ = sum(
            len(self._flags(i)) if one_hot[i] else 0 for i in range(n)
        ) + int((self.had_missing_ & ~self.is_categorical_).sum())
        self.code_sizes_ = [
            len(self.categories_[i]) + 2
            for i in range(n)
            if self.is_categorical_[i] and not one_hot[i]
        ]
        return self

    def _learn_numbers(self, i: int, column: Column, owner: str) -> None:
        values = _numbers(column, owner)
        known = values[~np.isnan(values)]
        self.had_missing_[i] = 0 < len(known) < len(values)
        if not len(known):
            return
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
        self.center_[i] = middle
        spread = high - low or (known.max() - known.min()) / 2
        self.scale_[i] = spread

    def _learn_categories(self, i: int, column: Column) -> None:
        codes, texts = as_text(column.values)
        self.had_missing_[i] = bool((codes < 0).any())
        counts = np.bincount(codes[codes >= 0], minlength=len(texts))
        if len(texts) > self.max_categories:
            kept = np.sort(np.argsort(-counts, kind="stable")[: self.max_categories])
            texts = texts[kept]
            self.has_others_[i] = True
        self.categories_[i] = texts

    def _is_one_hot(self, i: int) -> bool:
        return (
            bool(self.is_categorical_[i])
            and len(self.categories_[i]) <= self.max_one_hot
        )

    def _flags(self, i: int) -> list[int]:
        """List the codes that have a column of their own."""
        n = len(self.categories_[i])
        codes = list(range(n))
        if self.had_missing_[i]:
            codes.append(n)
        if self.has_others_[i]:
            codes.append(-1)
        # Of two, one says it all; a constant says nothing.
        return codes[1:] if len(codes) <= 2 else codes

    def _encode(self, columns: list[Column], owner: str) -> np.ndarray:
        n_rows = len(columns[0].values)
        numbers, flags, codes = [], [], []
        for i, column in enumerate(columns):
            if self.is_categorical_[i]:
                found = self._codes(i, column)
                if self._is_one_hot(i):
                    flags += [found == code for code in self._flags(i)]
                else:
                    codes.append(found + 1)
                continue
            values = _numbers(column, owner)
            missing = np.isnan(values)
            if self.had_missing_[i]:
                flags.append(missing)
            if self.scale_[i] > 0:
                scaled = (values - self.center_[i]) / self.scale_[i]
                scaled[missing] = 0.0
                # The same as z / sqrt(1 + (z / bound)^2), of any z without overflow.
                numbers.append(self.BOUND * np.sin(np.arctan(scaled / self.BOUND)))
        encoded = np.zeros((n_rows, self.n_encoded_), dtype=np.float32)
        for place, values in enumerate([*numbers, *flags, *codes]):
            encoded[:, place] = values
        return encoded

    @property
    def n_encoded_(self) -> int:
        """Columns that a table is encoded as; one of zeros where there is nothing."""
        return max(1, self.n_numeric_ + self.n_flags_ + len(self.code_sizes_))

    def _codes(self, i: int, column: Column) -> np.ndarray:
        """Give each row's code: n for what is missing, and -1 for the unknown."""
        codes, texts = as_text(column.values)
        known = self.categories_[i]
        n = len(known)
        if not len(texts):
            return np.full(len(codes), n)
        place = np.searchsorted(known, texts) if n else np.zeros(len(texts), dtype=int)
        inside = np.minimum(place, max(0, n - 1))
        same = known[inside] == texts if n else np.zeros(len(texts), dtype=bool)
        own = np.append(np.where(same, inside, -1), n)
        return own[codes]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def take_columns(estimator: Any, X: Any, *, first: bool) -> list[Column]:
    """Check a table, and take it apart.

    Parameters
    ----------
    estimator : estimator
        Its number and names of features are set, or compared with.
    X : array-like or DataFrame
    first : bool
        Whether this is ``fit``.

    Returns
    -------
    columns : list of Column

    Raises
    ------
    ValueError, TypeError
        If X is no table, or has other columns than in ``fit``.
    """
    owner = type(estimator).__name__
    if is_frame(X):
        _check_feature_names(estimator, X, reset=first)
        _check_n_features(estimator, X, reset=first)
        if _num_samples(X) == 0:
            raise ValueError(
                f"Found array with 0 sample(s) (shape={tuple(X.shape)}) while a "
                f"minimum of 1 is required by {owner}."
            )
        if not len(X.columns):
            raise ValueError(
                f"0 feature(s) (shape={tuple(X.shape)}) while a minimum of 1 is "
                f"required by {owner}."
            )
        return columns_of_frame(owner, X)
    if np.ma.is_masked(X):
        raise ValueError(
            f"X of {owner} must hold no masked values. Fill them with NaN instead."
        )
    if not hasattr(X, "dtype") and not hasattr(X, "toarray"):
        X = _as_array(X)
    if getattr(getattr(X, "dtype", None), "kind", "") in "mM":
        columns_of_array(owner, np.asarray(X, dtype=object).reshape(len(X), -1))
    X = validate_data(
        estimator,
        X,
        dtype=None,
        ensure_all_finite="allow-nan" if _holds_floats(X) else False,
        reset=first,
    )
    return columns_of_array(owner, X)


def _as_array(X: Any) -> Any:
    """Make an array of lists, without turning numbers beside text into text."""
    try:
        array = np.asarray(X)
        return array if array.dtype.kind in "biufc" else np.asarray(X, dtype=object)
    except ValueError:
        return X  # ragged: scikit-learn says so


def _holds_floats(X: Any) -> bool:
    return getattr(getattr(X, "dtype", None), "kind", "f") not in "OUS"


def _numbers(column: Column, owner: str) -> np.ndarray:
    values = column.values
    if values.dtype.kind != "f":
        given = [v for v in values if v is not None]
        try:
            values = np.array([np.nan if v is None else float(v) for v in values])
        except (TypeError, ValueError):
            raise ValueError(
                f"{column.name!r} of X of {owner} must hold numbers, as in fit or as "
                f"categorical_features says. Got {given[0]!r} among its values "
                "instead."
            ) from None
    if np.isinf(values).any() or (np.abs(values) > FLOAT32_MAX).any():
        raise ValueError(
            f"{column.name!r} of X of {owner} must hold finite numbers. Input X "
            "contains infinity or a value too large for dtype('float32')."
        )
    return values
