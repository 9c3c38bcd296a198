"""Writing a fitted estimator to a file without a pickle."""

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_is_fitted

from kerasweep.persistence._archive import write_archive
from kerasweep.persistence._encode import Encoder

#: Rises when files of the old form can no longer be read as they are.
FORMAT = 1
PACKAGES = ("kerasweep", "keras", "numpy", "scikit-learn", "tensorflow")


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator to a file that holds data alone.

    The file is an uncompressed zip of one JSON document (classes by name, parameters,
    fitted attributes, the networks' Keras configurations, versions) and of arrays in
    NumPy's format. Unlike a pickle it can be looked at, and :func:`load` runs nothing
    from it.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator or transformer of this package; scikit-learn's scalers,
        encoders, imputers, decompositions, selections of features, linear models,
        votes and stacks; or a Pipeline, FeatureUnion or ColumnTransformer of such.
        Functions are NumPy's or `scipy.special`'s. The function that builds the model
        of a `KerasClassifier` or `KerasRegressor` is code and stays behind: `model` of
        the loaded one is None, which predicts, and takes the function by
        ``set_params``.
        Layers must be Keras' own, and hold no functions. The state of the optimizer
        comes along with ``warm_start=True``, as in a pickle.
    path : str or path
        Replaced, if it exists, only once the new file is complete.

    Raises
    ------
    ValueError
        If a part can't be written without a pickle. Then nothing is written.
    sklearn.exceptions.NotFittedError

    See Also
    --------
    load : Reads the file.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from kerasweep import PixelScaler, load, save
    >>> pixels = np.array([[0, 51, 255]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "scaler.kerasweep")
    ...     save(PixelScaler().fit(pixels), path)
    ...     print(load(path).transform(pixels))
    [[0.  0.2 1. ]]
    """
    encoder = Encoder()
    value = encoder.estimator(estimator)
    check_is_fitted(estimator)
    document = {
        "format": FORMAT,
        "versions": {name: _version(name) for name in PACKAGES},
        "estimator": value,
    }
    write_archive(Path(path), document, encoder.arrays)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except ImportError:  # PackageNotFoundError: a source tree, or another backend
        return None
