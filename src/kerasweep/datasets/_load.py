"""One name or path to one form of data."""

import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

from sklearn.utils import Bunch

from kerasweep.datasets import _mnist, _openml
from kerasweep.datasets._make import Part, Source, make_dataset
from kerasweep.datasets._npz import read_npz
from kerasweep.datasets._table import read_csv, read_parquet

_TABLE_READERS: dict[
    str, Callable[[Path, str | None, Mapping[str, str] | None], Bunch]
] = {
    ".csv": read_csv,
    ".parquet": read_parquet,
}
_SUFFIXES = (*_TABLE_READERS, ".npz")
_ACCEPTED = (
    "'mnist', 'digits', 'openml:NAME_OR_ID' or a path to a .csv, .parquet or .npz file"
)


def load_dataset(
    spec: str | os.PathLike[str],
    *,
    target: str | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Bunch:
    """Load data for classification or regression by name or path.

    This is what the `data` parameter of every pipeline takes. Bad data are refused
    before anything is trained, in a sentence that names the place.

    Parameters
    ----------
    spec : str or path-like
        One of

        - ``"mnist"``, the bundled handwritten digits;
        - ``"digits"``, scikit-learn's 1,797 images of 8 by 8 pixels;
        - ``"openml:NAME_OR_ID"``, such as ``"openml:mnist_784"`` or
          ``"openml:554"``;
        - a path to a CSV or Parquet table of numbers, categories, booleans and text,
          the columns named in the first line of a CSV;
        - a path to an NPZ archive with arrays ``X`` and ``y``, or ``x_train``,
          ``y_train``, ``x_test`` and ``y_test`` as Keras' archives have them. Images
          may have any size, and channels last. Arrays of Python objects are not
          read.
    target : str, default=None
        The column of a table to predict. None takes the only column named
        ``target``, ``label``, ``class`` or ``y``, and on OpenML the dataset's own.
    kinds : mapping of str to str, default=None
        What columns of a table hold, by their names, where it is not what is found:
        ``"numeric"``, ``"categorical"``, ``"boolean"``, ``"text"``, or ``"drop"``,
        which leaves a column out. The target may be ``"numeric"``, a quantity, or
        ``"categorical"``, classes.

    Returns
    -------
    dataset : Bunch
        With the fields

        data : ndarray or DataFrame of shape (n_samples, n_features)
            Numbers, an image's pixels in a row. Images keep their type (uint8
            mostly), tables are float64 (float32 if an archive has it so). A table
            that holds anything but numbers, or misses values, is a DataFrame of
            float64 (NaN is missing), bool (float64 if any is missing), categories
            (of strings) and strings (empty if missing).
        target : ndarray of shape (n_samples,)
            Labels, as int64, booleans or strings, or a quantity, as float64 or, if
            its values are whole, as int64.
        data_test, target_test : ndarray or None
            The published test part, where the source has one.
        image_shape : tuple of int or None
            (lines, columns) or (lines, columns, channels); None for tables, and for
            archives whose images already lie in rows.
        max_value : float or None
            What `PixelScaler` divides by: 255 for 8-bit values, 16 for digits, 1 for
            float images in [0, 1], else the largest value; None for other tables and
            images with negative values.
        feature_names : list of str
            The columns' names, or ``pixel_{line}_{column}``.
        target_names : ndarray of shape (n_classes,) or None
            The sorted labels; None if `target` is a quantity.
        kinds : dict of str to str or None
            What each column of `data` holds; None but for tables.
        column_table : DataFrame or None
            Each column's kind, missing and distinct values, those included that are
            left out; None but for tables.
        notes : list of str
            What was done that does not go without saying, a line each.
        name : str
            A short name for captions.
        source : str
            The path, or where else the data are from.
        sha256 : str
            Digest of the arrays' types, shapes and values, the same wherever the
            file lies.
        DESCR : str
            A description.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If the network fails, or the bundled file is corrupt.
    ValueError
        If `spec` is none of the above, or the data can't be learnt from.

    Notes
    -----
    Of a table with anything but complete numbers, a column is left out if it holds one
    value only, or if it looks like an identifier: in 20 rows or more a text of fewer
    than three words that never recurs, or an integer that never does and counts the
    rows or is called an id, key or index. A table of numbers alone comes as it is.
    Either is noted, and `kinds` overrides it. A column of texts, most of them numbers,
    is refused, and so are dates. Texts are categories unless there are more than 50
    and they differ in more than half of the rows. Rows without a target are left out.
    A target of whole numbers is classes unless there are more than 20 and one of them
    is in fewer than 5 rows.

    A table is taken for square grey images if its feature columns are all called
    ``pixel<number>``, are a square number and hold integers in 0 to 255, as in
    OpenML's ``mnist_784``.

    Examples
    --------
    >>> from kerasweep.datasets import load_dataset
    >>> digits = load_dataset("digits")
    >>> digits.data.shape, digits.image_shape, digits.max_value
    ((1797, 64), (8, 8), 16.0)
    """
    if not isinstance(spec, str | os.PathLike):
        raise TypeError(
            f"`spec` of load_dataset must be {_ACCEPTED}. Got {spec!r} instead."
        )
    if target is not None and not isinstance(target, str):
        raise TypeError(
            "`target` of load_dataset must be the name of a column or None. Got "
            f"{target!r} instead."
        )
    if kinds is not None and not isinstance(kinds, Mapping):
        raise TypeError(
            "`kinds` of load_dataset must map columns to kinds, or be None. Got "
            f"{kinds!r} instead."
        )
    text = os.fspath(spec)
    if text in ("mnist", "digits"):
        _refuse_columns(text, target, kinds)
        return _load_mnist() if text == "mnist" else _load_digits()
    if text.startswith("openml:") and text != "openml:":
        return _openml.fetch(text.removeprefix("openml:"), target, kinds)
    return _load_file(text, target, kinds)


def _load_mnist() -> Bunch:
    arrays = _mnist.read_mnist()
    return make_dataset(
        Part(arrays["x_train"], arrays["y_train"], "x_train", "y_train"),
        Part(arrays["x_test"], arrays["y_test"], "x_test", "y_test"),
        Source("MNIST", "MNIST, bundled with kerasweep", _mnist.describe_mnist()),
        image_shape=_mnist.IMAGE_SHAPE,
        max_value=255.0,
    )


def _load_digits() -> Bunch:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return make_dataset(
        Part(digits.images.astype("uint8"), digits.target),
        None,
        Source("digits", "digits, bundled with scikit-learn", digits.DESCR),
        max_value=16.0,
    )


def _load_file(text: str, target: str | None, kinds: Mapping[str, str] | None) -> Bunch:
    path = Path(text).expanduser()
    suffix = path.suffix.lower()
    if not text or (not path.exists() and suffix not in _SUFFIXES):
        close = get_close_matches(text.lower(), ["mnist", "digits", "openml:"], n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"Data must be {_ACCEPTED}. Got {text!r} instead.{hint}")
    if not path.exists():
        raise FileNotFoundError(f"Data file {str(path)!r} does not exist.")
    if not path.is_file() or suffix not in _SUFFIXES:
        got = "a directory" if path.is_dir() else f"suffix {suffix!r}"
        raise ValueError(
            f"Data file {str(path)!r} must be a .csv, .parquet or .npz file. Got {got} "
            "instead."
        )
    if suffix == ".npz":
        _refuse_columns(str(path), target, kinds)
        return read_npz(path)
    return _TABLE_READERS[suffix](path, target, kinds)


def _refuse_columns(
    what: str, target: str | None, kinds: Mapping[str, str] | None
) -> None:
    if kinds:
        raise ValueError(
            f"`kinds` must be None for {what!r}, which has no columns with names. Got "
            f"{dict(kinds)!r} instead."
        )
    if target is not None:
        raise ValueError(
            f"`target` must be None for {what!r}, which has its own labels. Got "
            f"{target!r} instead."
        )
