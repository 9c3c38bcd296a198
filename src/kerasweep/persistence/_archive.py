"""The file itself: a zip of one JSON document and of arrays, nothing compressed.

Without compression no part can be larger than the file, so that there are no zip
bombs; and an array's header is believed only if it fits the bytes behind it.
"""

import io
import json
import math
import os
import secrets
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasweep.persistence._keras_config import plain_number

_DOCUMENT = "kerasweep.json"
_DOCUMENT_LIMIT = 64 << 20  # bytes; a network of a thousand layers has one
_TIME = (1980, 1, 1, 0, 0, 0)  # the same estimator gives the same bytes


def write_archive(path: Path, document: Any, arrays: Sequence[np.ndarray]) -> None:
    """Write a file under another name, and give it its own when it is complete.

    Parameters
    ----------
    path : Path
    document : JSON value
    arrays : sequence of ndarray
        Without Python objects.
    """
    text = json.dumps(document, default=plain_number)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    try:
        with open(partial, "xb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr(zipfile.ZipInfo(_DOCUMENT, _TIME), text)
                for number, array in enumerate(arrays):
                    info = zipfile.ZipInfo(_member(number), _TIME)
                    with archive.open(info, "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read_archive(path: Path) -> tuple[Any, list[np.ndarray]]:
    """Read a file's document and arrays.

    Parameters
    ----------
    path : Path

    Returns
    -------
    document : JSON value
    arrays : list of ndarray

    Raises
    ------
    ValueError
        With the reason, to be put behind a colon.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        _check_members(members, path.stat().st_size)
        document = json.loads(archive.read(_DOCUMENT))
        arrays = [
            _array(number, archive.read(_member(number)))
            for number in range(len(members) - 1)
        ]
    return document, arrays


def _member(number: int) -> str:
    return f"arrays/{number}.npy"


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    names = {info.filename for info in members}
    if _DOCUMENT not in names:
        raise ValueError(f"it holds no {_DOCUMENT}, as save writes it")
    expected = {_DOCUMENT, *(_member(n) for n in range(len(members) - 1))}
    if names != expected:
        stranger = min(names - expected, default="a part twice")
        raise ValueError(f"it holds {stranger!r}, which save does not write")
    if any(info.compress_type != zipfile.ZIP_STORED for info in members):
        raise ValueError("holds compressed parts, which save does not write")
    document = next(info for info in members if info.filename == _DOCUMENT)
    unpacked = sum(info.file_size for info in members)
    if unpacked > size or document.file_size > _DOCUMENT_LIMIT:
        raise ValueError(
            f"it would unpack to {unpacked} bytes with {document.file_size} of JSON, "
            "more than it may"
        )


def _array(number: int, content: bytes) -> np.ndarray:
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"it holds array {number} in the unknown format {version}")
    header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )(file)
    shape, _, dtype = header
    if dtype.hasobject:
        raise ValueError(
            f"it holds Python objects in array {number}: a pickle, which is never read"
        )
    if math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"it holds array {number} of another size than it says")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)
