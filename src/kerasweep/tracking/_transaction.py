"""Several of MLflow's calls in one transaction of its database.

MLflow opens a session, sets its options and commits for each part of each call: seven
times, and forty statements, for the record of one fit.
"""

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: Seconds for which an experiment is not read again for each run that is made in it.
_KNOWN = 10.0


class RolledBack(ValueError):
    """MLflow would have gone on after an error, but without what came before it."""


class Transactions:
    """MLflow's store for a database, so that calls share a session and its commit.

    Used by one thread. The store itself, which others in this process use, too, stays
    as it is.
    """

    def __init__(self, store: Any) -> None:
        self._make_session = store.ManagedSessionMaker
        self._session: Any = None
        self._store = copy.copy(store)
        self._store.ManagedSessionMaker = self._shared
        # asked by `create_run` alone, of a run that has none
        self._store._get_run_inputs = lambda session, run_uuids: [[] for _ in run_uuids]
        self._read_experiment = self._store.get_experiment
        self._store.get_experiment = self._experiment
        self._experiments: dict[str, tuple[float, Any]] = {}

    @classmethod
    def of(cls, client: Any) -> "Transactions | None":
        """Return those of a client's store; None if that is no database."""
        inner = getattr(client, "_tracking_client", None)
        store = getattr(inner, "store", None)
        return cls(store) if hasattr(store, "ManagedSessionMaker") else None

    @contextmanager
    def begin(self) -> Iterator[Any]:
        """Give a store whose calls are committed together, or none of them.

        Raises
        ------
        RolledBack
            If one of them has to be done again on its own.
        """
        with self._make_session(read_only=False) as session:
            session.commit, session.rollback = session.flush, _roll_back
            self._session = session
            try:
                yield self._store
            finally:
                self._session = None
                del session.commit, session.rollback

    def _experiment(self, experiment_id: str) -> Any:
        read, experiment = self._experiments.get(experiment_id, (-_KNOWN, None))
        if experiment is None or time.monotonic() - read > _KNOWN:
            experiment = self._read_experiment(experiment_id)
            self._experiments[experiment_id] = time.monotonic(), experiment
        return experiment

    @contextmanager
    def _shared(self, read_only: bool = True) -> Iterator[Any]:
        yield self._session


def _roll_back() -> None:
    raise RolledBack
