"""A fitted model as the data of an MLflow model, which MLflow loads and serves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasweep.persistence._fetch import FILE
from kerasweep.persistence._load import load
from kerasweep.persistence._save import save
from kerasweep.serving import ServedModel
from kerasweep.serving._columns import Column, read_columns, write_columns
from kerasweep.serving._evaluation import show_to_evaluators
from kerasweep.serving._served_model import COLUMNS_FILE


def save_data(model: Any, columns: Sequence[Column] | None, folder: Path) -> None:
    """Write a fitted model, and the columns of its frame, into a new folder.

    Raises
    ------
    ValueError
        If a part of it can't be written without a pickle.
    """
    folder.mkdir()
    save(model, folder / FILE)
    if columns is not None:
        write_columns(columns, folder / COLUMNS_FILE)


def _load_pyfunc(path: str) -> ServedModel:
    """Load what :func:`save_data` wrote; MLflow finds this function by its name."""
    show_to_evaluators()
    folder = Path(path)
    return ServedModel(load(folder / FILE), read_columns(folder / COLUMNS_FILE))
