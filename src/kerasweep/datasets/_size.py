"""What a file may unpack to."""

from pathlib import Path

import psutil

# In bytes, whatever memory there is.
_SIZE_LIMIT = 16 << 30


def check_size(path: Path, size: int) -> None:
    """Refuse a file that would unpack to more than the memory.

    Parameters
    ----------
    path : Path
    size : int
        What it would unpack to, in bytes.

    Raises
    ------
    ValueError
        If that is more than the memory that is free, or than 16 GiB.
    """
    limit = min(_SIZE_LIMIT, psutil.virtual_memory().available)
    if size > limit:
        raise ValueError(
            f"File {str(path)!r} must unpack to at most {limit / 2**30:.1f} GiB of "
            f"memory. Got {size / 2**30:.1f} GiB instead."
        )
