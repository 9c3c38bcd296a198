"""NPZ archives of tables and images."""

import math
import zipfile
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from kerasweep.datasets._make import Part, Source, make_dataset
from kerasweep.datasets._size import check_size

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
    check_size(path, sum(members[f"{name}.npy"] for name in wanted))
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
        with zipfile.ZipFile(path) as archive:
            for name in names:
                _check_header(archive, name)
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


def _check_header(archive: zipfile.ZipFile, name: str) -> None:
    """Compare the size that an array claims with what there is to unpack.

    NumPy would take the memory that it claims before it reads a value.
    """
    member = f"{name}.npy"
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        # A pickle says nothing of its length, and is refused unread.
        there = archive.getinfo(member).file_size - file.tell()
        if not dtype.hasobject and math.prod(shape) * dtype.itemsize != there:
            raise ValueError(
                f"its header claims {math.prod(shape) * dtype.itemsize} bytes of "
                f"values, but there are {there}"
            )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
