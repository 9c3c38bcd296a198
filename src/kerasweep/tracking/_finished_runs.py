"""Experiments found again: the finished runs of a tracking store, with their record."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerasweep.tracking._health import resolve_uri, sqlite_file
from kerasweep.tracking._names import clean_key
from kerasweep.tracking._store import all_pages

_BARS = "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"


@dataclass(frozen=True)
class FinishedExperiment:
    """A finished run, and the record that it left.

    Attributes
    ----------
    run_id, run_name, experiment_id : str
        As MLflow has them.
    tags : dict of str to str
        The run's tags.
    record : dict
        The JSON file among its artifacts.
    start, end : float
        Seconds since 1970, UTC.
    tracking_uri : str
        The store that it was found in.
    """

    run_id: str
    run_name: str
    experiment_id: str
    tags: dict[str, str]
    record: dict[str, Any]
    start: float
    end: float
    tracking_uri: str
    _client: Any = field(repr=False, compare=False)

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return self.end - self.start

    def read_artifact(self, path: str) -> bytes | None:
        """Return the content of one of the run's files.

        Parameters
        ----------
        path : str
            Relative to the run's artifacts.

        Returns
        -------
        content : bytes or None
            None if there is no such file.
        """
        return _read(self._client, self.run_id, path)

    def how_to_open(self) -> list[str]:
        """Say how to see the run.

        Returns
        -------
        lines : list of str
            The address of the run's page, and before it, where the store is a
            database, the command that serves it.
        """
        if self.tracking_uri.startswith("http"):
            server, lines = self.tracking_uri.rstrip("/"), []
        else:
            server = "http://127.0.0.1:5000"
            lines = [f"mlflow ui --backend-store-uri {self.tracking_uri}"]
        page = f"{server}/#/experiments/{self.experiment_id}/runs/{self.run_id}"
        return [*lines, page]


def finished_experiments(
    tag: str, record_file: str, *, tracking_uri: str | None = None
) -> list[FinishedExperiment]:
    """Find the finished runs that have a tag and a record.

    Parameters
    ----------
    tag : str
        Runs without it are passed over.
    record_file : str
        A JSON file among a run's artifacts. Runs are passed over where it is missing,
        can't be read, or does not say ``"finished": true``.
    tracking_uri : str, default=None
        Tracking server or database. By default MLflow's own choice.

    Returns
    -------
    experiments : list of FinishedExperiment
        Of all MLflow experiments that are not deleted, the newest first.

    Examples
    --------
    >>> from kerasweep.tracking import finished_experiments
    >>> finished_experiments(
    ...     "kerasweep.experiment", "record.json", tracking_uri="sqlite:///none.db"
    ... )
    []
    """
    uri = resolve_uri(tracking_uri)
    if _is_missing_database(uri):  # a client would make it
        return []
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    found = []
    for run in _tagged_runs(client, tag):
        record = _record(client, run.info.run_id, record_file)
        if record is not None:
            start = run.info.start_time / 1000
            found.append(
                FinishedExperiment(
                    run_id=run.info.run_id,
                    run_name=run.info.run_name,
                    experiment_id=run.info.experiment_id,
                    tags=dict(run.data.tags),
                    record=record,
                    start=start,
                    end=(run.info.end_time or run.info.start_time) / 1000,
                    tracking_uri=uri,
                    _client=client,
                )
            )
    return sorted(found, key=lambda e: e.start, reverse=True)


def _is_missing_database(uri: str) -> bool:
    file = sqlite_file(uri)
    return file is not None and not file.is_file()


def _tagged_runs(client: Any, tag: str) -> list[Any]:
    experiments = [e.experiment_id for e in all_pages(client.search_experiments)]
    if not experiments:
        return []
    query = f"attributes.status = 'FINISHED' and tags.`{clean_key(tag)}` LIKE '%'"
    return all_pages(client.search_runs, experiments, query)


def _record(client: Any, run_id: str, path: str) -> dict[str, Any] | None:
    content = _read(client, run_id, path)
    try:
        record = json.loads(content) if content else None
    except ValueError:
        return None
    if not isinstance(record, dict) or record.get("finished") is not True:
        return None
    return record


def _read(client: Any, run_id: str, path: str) -> bytes | None:
    folder = path.rpartition("/")[0] or None
    if path not in {item.path for item in client.list_artifacts(run_id, folder)}:
        return None  # a download of what is not there is retried for minutes
    with tempfile.TemporaryDirectory() as temporary, _no_progress_bars():
        return Path(client.download_artifacts(run_id, path, temporary)).read_bytes()


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Keep MLflow from drawing a bar for each small file."""
    before = os.environ.get(_BARS)
    os.environ[_BARS] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_BARS]
        else:
            os.environ[_BARS] = before
