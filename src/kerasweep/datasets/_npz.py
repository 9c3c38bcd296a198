"""NPZ archives of tables and images."""

import os
import zipfile
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from kerasweep.datasets._make import Part, Source, make_dataset

# What an archive may unpack to, in bytes, whatever memory there is.
_SIZE_LIMIT = 16 << 30

# Arrays of the training part and of the test part, by convention.
_LAYOUTS = (
    (("x_train", "y_train"), ("x_test", "y_test")),
    (("X", "y"), None),
)


def read_npz(path: Path) -> Bunch:
    """Read an archive with arrays X and y, or x_train, y_train, x_test and y_test.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    dataset : Bunch
        See `load_dataset`.

    Raises
    ------
    ValueError
        If the file is not such an archive, is damaged, would unpack to more than
        the memory, or holds Python objects.
    """
    source = Source(path.stem, str(path), f"Arrays of {path.name}.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info.file_size for info in archive.infolist()}
    # zipfile raises NotImplementedError for a damaged or unknown version number.
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise ValueError(
            f"File {str(path)!r} must be a complete NPZ archive, but can't be read as "
            f"one ({_first_line(error)})."
        ) from None
    for train, test in _LAYOUTS:
        wanted = train + (test or ())
        if all(f"{name}.npy" in members for name in wanted):
            break
    else:
        found = ", ".join(name.removesuffix(".npy") for name in members) or "none"
        raise ValueError(
            f"File {str(path)!r} must hold arrays x_train, y_train, x_test and y_test, "
            f"or X and y. Got {found} instead."
        )
    _check_size(path, sum(members[f"{name}.npy"] for name in wanted))
    arrays = _read_arrays(path, wanted)
    return make_dataset(
        Part(arrays[train[0]], arrays[train[1]], *train),
        Part(arrays[test[0]], arrays[test[1]], *test) if test else None,
        source,
    )


def _read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    arrays = {}
    name = ""
    try:
        with np.load(path, allow_pickle=False) as archive:
            for name in names:
                arrays[name] = archive[name]
    # A damaged member can raise nearly anything, from zlib, zipfile or NumPy.
    except Exception as error:
        if "allow_pickle" in str(error):
            raise ValueError(
                f"Array {name!r} of file {str(path)!r} must hold numbers or strings of "
                "one shape. Got Python objects (a pickle, which is never read; images "
                "of unequal size are saved so) instead."
            ) from None
        raise ValueError(
            f"Array {name!r} of file {str(path)!r} is damaged and can't be read "
            f"({_first_line(error)})."
        ) from None
    return arrays


def _check_size(path: Path, size: int) -> None:
    limit = min(_SIZE_LIMIT, _available_memory())
    if size > limit:
        raise ValueError(
            f"File {str(path)!r} must unpack to at most {limit / 2**30:.1f} GiB of "
            f"memory. Got {size / 2**30:.1f} GiB instead."
        )


def _available_memory() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not known on every system
        return _SIZE_LIMIT


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
