"""Sending what a store did not take when it was told."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from kerasweep.tracking._careful import is_refusal
from kerasweep.tracking._checks import check_tracking
from kerasweep.tracking._journal import Journal, left_behind, read_journal
from kerasweep.tracking._messages import (
    RootClosed,
    RunAdopted,
    RunCreated,
    RunStarted,
    now,
)
from kerasweep.tracking._store import Store
from kerasweep.tracking._writer import Writer, send_by_its_writer


def send_unsent(
    path: str | os.PathLike[str], *, tracking_uri: str | None = None
) -> list[str]:
    """Send MLflow what it lacks of a search, from the file that the search left.

    `MlflowTracking` leaves one, and says where, when the store does not come back
    before the search ends; a killed process leaves one, too. Runs that are in the
    store are completed, the others made. Sending twice does no harm.

    Parameters
    ----------
    path : str or path-like
        The file; it is deleted once all of it is in MLflow.
    tracking_uri : str, default=None
        Tracking server or database. By default MLflow's own choice.

    Returns
    -------
    run_ids : list of str
        The runs of the outermost fits.

    Raises
    ------
    ValueError
        If the file is no such file.
    ConnectionError
        If the store can't be written to.
    """
    messages = list(read_journal(path))
    adopted = {m.key: m.run_id for m in messages if isinstance(m, RunAdopted)}
    created = {m.key: m.run_id for m in messages if isinstance(m, RunCreated)}
    started = {m.key for m in messages if isinstance(m, RunStarted)}
    roots = [key for key in (*adopted, *started) if _is_root(key, adopted, started)]
    uri = check_tracking(tracking_uri)
    run_ids = list(dict.fromkeys(adopted[key] for key in roots if key in adopted))
    if send_by_its_writer(Path(path), uri):
        return run_ids
    closed = {m.key for m in messages if isinstance(m, RootClosed) and m.terminate}
    messages += [
        RootClosed(key, "KILLED", None, now(), terminate=True)
        for key in roots
        if key not in closed
    ]
    store = Store(uri, None)
    if adopted:
        store.experiment_id = _experiment_of(store, next(iter(adopted.values())), path)
    writer = Writer(
        lambda: store, lambda: (None, None), _NoJournal(), known_runs=created
    )
    for message in messages:
        if not isinstance(message, RunCreated):
            writer.put(message)
    if not writer.flush():
        raise ConnectionError(
            f"The tracking store {store.uri} has not taken everything: {path} is kept."
        )
    Path(path).unlink(missing_ok=True)
    return run_ids


def send_left_behind(uri: str | None) -> None:
    """Send a store what dead processes have left of runs that are in it."""
    with left_behind() as paths:
        for path in paths:
            # of another store, or no journal, or the store has gone: it stays
            with suppress(ValueError, OSError):
                if any(isinstance(m, RunAdopted) for m in read_journal(path)):
                    send_unsent(path, tracking_uri=uri)


def _experiment_of(store: Store, run_id: str, path: Any) -> str:
    try:
        return store.client.get_run(run_id).info.experiment_id
    except Exception as error:
        if not is_refusal(error):
            raise
        raise ValueError(
            f"path of send_unsent must be of runs in {store.uri}. Got {path}, whose "
            f"run {run_id} is not there."
        ) from None


def _is_root(key: Any, adopted: Any, started: Any) -> bool:
    above = (*adopted, *started)
    return not any(other.holds(key) for other in above)


class _NoJournal(Journal):
    """The file is there already."""

    def add(self, message: Any) -> None:
        """Do nothing."""
