"""Datasets of OpenML."""

from collections.abc import Mapping
from http.client import HTTPException

from sklearn.utils import Bunch

from kerasweep.datasets._make import Source
from kerasweep.datasets._table import from_frame


def fetch(
    name_or_id: str, target: str | None, kinds: Mapping[str, str] | None = None
) -> Bunch:
    """Fetch a dataset of OpenML through scikit-learn, which caches it.

    Parameters
    ----------
    name_or_id : str
        A dataset's name (its active version is taken) or its number.
    target : str or None
        The column to predict; None takes the dataset's own.
    kinds : mapping of str to str, default=None
        Kinds of columns; None finds them.

    Returns
    -------
    dataset : Bunch
        See `load_dataset`.

    Raises
    ------
    OSError
        If the network or the server fails.
    ValueError
        If there is no such dataset, or it can't be learnt from.
    """
    from sklearn.datasets import fetch_openml

    what = f"openml:{name_or_id}"
    wanted = (
        {"data_id": int(name_or_id)} if name_or_id.isdecimal() else {"name": name_or_id}
    )
    try:
        fetched = fetch_openml(
            **wanted,
            target_column=target or "default-target",
            as_frame=True,
            parser="auto",
        )
    except (OSError, HTTPException) as error:
        raise OSError(
            f"Dataset {what!r} must be fetched from OpenML, which failed "
            f"({_one_line(error)}). Check the network, or pass a file."
        ) from None
    except (ValueError, KeyError) as error:
        raise ValueError(
            f"Dataset {what!r} must be a table of OpenML that scikit-learn can fetch. "
            f"It can't ({_one_line(error)})."
        ) from None
    columns = fetched.target_names
    if len(columns) != 1:
        raise ValueError(
            f"Dataset {what!r} must have one target column. Got {list(columns)} "
            "instead. Pass target=... to name one."
        )
    number = fetched.details["id"]
    source = Source(
        name=fetched.details["name"],
        where=f"https://www.openml.org/d/{number}",
        description=fetched.DESCR or f"Dataset {number} of OpenML.",
    )
    return from_frame(fetched.frame, columns[0], source, kinds)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
