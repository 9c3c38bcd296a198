"""Reading what :func:`kerasweep.save` wrote."""

import os
import warnings
from pathlib import Path
from typing import Any

from kerasweep.persistence._archive import read_archive
from kerasweep.persistence._decode import Decoder
from kerasweep.persistence._fetch import fetched
from kerasweep.persistence._save import FORMAT, _version


def load(path: str | os.PathLike[str]) -> Any:
    """Read a fitted estimator that :func:`save` wrote, and run nothing from the file.

    Or the one in a model of MLflow's registry, which is such a file among others.

    Classes come from a fixed list, by name; arrays are read without pickles, and Keras
    configurations in safe mode, with layers of a fixed list alone. Whatever a file
    holds, loading it makes estimators, arrays and networks of ordinary layers, of no
    more memory than the size of the file asks for.

    Parameters
    ----------
    path : str or path
        Of a file; or the address of a registered model, such as
        "models:/digits@champion" or "models:/digits/3", in the registry that MLflow is
        set to. What else is in the model, such as code, is not looked at.

    Returns
    -------
    estimator : estimator
        Its predictions are those of the estimator that was saved, bit for bit on the
        same machine and versions.

    Raises
    ------
    ValueError
        If the file is damaged, of a later format, or holds what :func:`save` does not
        write; or if the registered model is a pickle.

    Warns
    -----
    UserWarning
        If it was written under another minor version of scikit-learn, whose
        transformers may have changed.

    See Also
    --------
    save : Writes the file, and has an example.
    """
    if isinstance(path, str) and path.startswith("models:/"):
        with fetched(path) as file:
            return _load_file(file, f"Model {path!r}")
    return _load_file(Path(path), f"File {str(path)!r}")


def _load_file(path: Path, what: str) -> Any:
    try:
        document, arrays = read_archive(path)
        _check_format(document)
        estimator = Decoder(arrays).value(document["estimator"])
        if not hasattr(estimator, "get_params"):
            raise ValueError("it holds no estimator")
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise
        raise _refusal(what, error) from None
    # What was tampered with can raise nearly anything, from zipfile, NumPy or Keras.
    except Exception as error:
        raise _refusal(what, error) from None
    _warn_of_versions(what, document.get("versions"))
    return estimator


def _refusal(what: str, error: Exception) -> ValueError:
    lines = str(error).strip().splitlines()
    reason = lines[0].rstrip(".") if lines else type(error).__name__
    return ValueError(
        f"{what} must be one that kerasweep.save wrote, and can't be loaded: {reason}."
    )


def _check_format(document: Any) -> None:
    found = document["format"]
    if not isinstance(found, int) or not 1 <= found <= FORMAT:
        raise ValueError(
            f"it is of format {found!r}, and this version reads up to {FORMAT}"
        )


def _warn_of_versions(what: str, versions: Any) -> None:
    then = versions.get("scikit-learn") if isinstance(versions, dict) else None
    now = _version("scikit-learn")
    if then and now and str(then).split(".")[:2] != now.split(".")[:2]:
        warnings.warn(
            f"{what} was written under scikit-learn {then}, and this is "
            f"{now}: compare its predictions with known ones.",
            UserWarning,
            stacklevel=4,
        )
