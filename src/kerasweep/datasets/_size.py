"""What a file may unpack to."""

import os
from pathlib import Path

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
