"""Columns of any kind to numbers that a network can learn from."""

from collections.abc import Mapping
from typing import Any

from sklearn.callback import CallbackSupportMixin
from sklearn.compose import ColumnTransformer

_MOST_CATEGORIES = 50
_TEXT_FEATURES = 2**12
_TEXT_COMPONENTS = 16
# What HistGradientBoosting takes, one place left for what is unknown.
_MOST_CODES = 254


class TablePreprocessor(CallbackSupportMixin, ColumnTransformer):
    """``sklearn.compose.ColumnTransformer`` that lets callbacks pass.

    The same in every other way. Made by :func:`table_preprocessor`.

    See Also
    --------
    table_preprocessor : Chooses the transformers by what the columns hold.
    """


def table_preprocessor(
    kinds: Mapping[str, str], *, encoding: str = "onehot"
) -> TablePreprocessor:
    """Choose what makes numbers of a table's columns.

    Numbers and booleans have what is missing replaced by the median, a column more for
    where that was, and are standardized. Categories become one-hot columns, of which
    what is missing is one; categories that no training row had are ignored, and beyond
    the 50 most frequent of a column all others share one. Texts become the
    first 16 principal directions of their TF-IDF-weighted words, hashed.

    Parameters
    ----------
    kinds : mapping of str to str
        For each column ``"numeric"``, ``"categorical"``, ``"boolean"`` or ``"text"``,
        as ``load_dataset(...).kinds`` has it.
    encoding : {"onehot", "ordinal"}, default="onehot"
        ``"ordinal"`` is for trees: categories become codes, in the first columns of the
        result, and numbers are divided by the largest, missing ones staying missing.

    Returns
    -------
    preprocessor : TablePreprocessor
        Unfitted; takes a DataFrame.

    Raises
    ------
    ValueError
        If there is no such kind or encoding, or no column.

    Examples
    --------
    >>> import pandas as pd
    >>> from kerasweep.preprocessing import table_preprocessor
    >>> frame = pd.DataFrame({"age": [20, None, 40], "town": ["Ulm", "Bonn", "Ulm"]})
    >>> pre = table_preprocessor({"age": "numeric", "town": "categorical"})
    >>> pre.fit_transform(frame).round(2)
    array([[-1.22, -0.71,  0.  ,  1.  ],
           [ 0.  ,  1.41,  1.  ,  0.  ],
           [ 1.22, -0.71,  0.  ,  1.  ]])
    """
    if encoding not in ("onehot", "ordinal"):
        raise ValueError(
            "`encoding` of table_preprocessor must be 'onehot' or 'ordinal'. Got "
            f"{encoding!r} instead."
        )
    by_kind: dict[str, list[str]] = {"numeric": [], "categorical": [], "text": []}
    for name, kind in kinds.items():
        group = by_kind.get("numeric" if kind == "boolean" else kind)
        if group is None:
            raise ValueError(
                f"The kind of column {name!r} must be 'numeric', 'categorical', "
                f"'boolean' or 'text'. Got {kind!r} instead."
            )
        group.append(name)
    if not kinds:
        raise ValueError("`kinds` of table_preprocessor must hold a column. Got none.")
    one_hot = encoding == "onehot"
    chosen: list[tuple[str, Any, Any]] = []
    if by_kind["categorical"]:
        encoder = _one_hot() if one_hot else _codes()
        chosen.append(("categories", encoder, by_kind["categorical"]))
    if by_kind["numeric"]:
        numbers = _standardized() if one_hot else _as_floats()
        # Standardized numbers come first, as they do in a table of numbers alone.
        chosen.insert(0 if one_hot else 1, ("numbers", numbers, by_kind["numeric"]))
    for name in by_kind["text"]:
        chosen.append((f"text {name}".replace("__", "_"), _topics(), name))
    return TablePreprocessor(chosen, sparse_threshold=0.0)


def _standardized() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )


def _one_hot() -> Any:
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=_MOST_CATEGORIES,
        sparse_output=False,
    )


def _codes() -> Any:
    import numpy as np
    from sklearn.preprocessing import OrdinalEncoder

    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        max_categories=_MOST_CODES,
    )


def _as_floats() -> Any:
    from sklearn.preprocessing import MaxAbsScaler

    return MaxAbsScaler()


def _topics() -> Any:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        HashingVectorizer(n_features=_TEXT_FEATURES, alternate_sign=False, norm=None),
        TfidfTransformer(sublinear_tf=True),
        TruncatedSVD(_TEXT_COMPONENTS, random_state=0),
        StandardScaler(),
    )
