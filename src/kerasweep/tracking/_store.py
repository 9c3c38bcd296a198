"""One MLflow tracking store: what it is asked for, and what its failures mean."""

import copy
import errno
import os
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kerasweep.tracking._messages import DataSummary, RunRecord, now
from kerasweep.tracking._names import (
    clean_key,
    clean_path,
    clean_run_name,
    clean_text,
)

#: MLflow's codes for what it will never take.
_REFUSED = {
    *("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "MALFORMED_REQUEST"),
    *("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "ENDPOINT_NOT_FOUND"),
    *("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS", "NOT_IMPLEMENTED"),
}
#: Those for what it may take later; BAD_REQUEST is also a database's any error.
_LATER = {
    *("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"),
    *("REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "BAD_REQUEST"),
}
_BAD_PATH = {
    *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR),
    *(errno.EISDIR, errno.EEXIST, errno.EINVAL, errno.ENAMETOOLONG, errno.ELOOP),
    errno.EILSEQ,
}
_DENIED = {401, 403}
_STATUS_LATER = {408, 409, 425, 429}
#: SQLAlchemy's errors that are about the values.
_BAD_VALUES = {"DataError", "IntegrityError", "StatementError"}
_NAMED = 5


@contextmanager
def record_failures_as_warnings(what: str) -> Iterator[None]:
    """Turn an error into one sentence: what was computed is never lost to it."""
    try:
        yield
    except Exception as error:
        warnings.warn(
            f"MLflow has not recorded {what}, because of {type(error).__name__}: "
            f"{_one_line(error)}. The results themselves are complete.",
            stacklevel=4,
        )


class Refusals:
    """What MLflow will never take, until one warning has named it.

    Gathered in the writer's thread, told in the user's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._new: dict[str, str] = {}

    def add(self, what: str, error: BaseException) -> None:
        """Note something that was refused."""
        with self._lock:
            self._new.setdefault(what, f"{type(error).__name__}: {_one_line(error)}")

    @contextmanager
    def passing_over(self, what: str) -> Iterator[None]:
        """Note, and go on without, what is refused; any other error is raised."""
        try:
            yield
        except Exception as error:
            if not is_refusal(error):
                raise
            self.add(what, error)

    def warn(self) -> None:
        """Warn of what is new."""
        with self._lock:
            new, self._new = self._new, {}
        if not new:
            return
        names = ", ".join(list(new)[:_NAMED])
        if len(new) > _NAMED:
            names += f" and {len(new) - _NAMED} more"
        warnings.warn(
            f"MLflow does not take {names}, because of {next(iter(new.values()))}. "
            "All else is recorded, and the results themselves are complete.",
            stacklevel=4,
        )


def is_refusal(error: BaseException) -> bool:
    """Whether a store will never take what it has just refused."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, MlflowException):
        cause = error.__cause__ or error.__context__
        code = error.error_code
        if code == "BAD_REQUEST" and "sqlalchemy" in type(cause).__module__:
            return type(cause).__name__ in _BAD_VALUES
        if code == "INTERNAL_ERROR":  # MLflow's for any error of Python
            return cause is not None and is_refusal(cause)
        return code in _REFUSED
    if isinstance(error, OSError):
        status = _http_status(error)
        if status is None:
            return error.errno in _BAD_PATH
        return 400 <= status < 500 and status not in _DENIED | _STATUS_LATER
    return isinstance(
        error, (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
    )


def is_outage(error: BaseException) -> bool:
    """Whether a store may soon take what it has just refused."""
    from mlflow.exceptions import MlflowException

    if is_refusal(error):
        return False
    if isinstance(error, MlflowException):
        return error.error_code in _LATER
    if isinstance(error, OSError):  # also of requests, and of a full disk
        return _http_status(error) not in _DENIED
    return type(error).__name__ == "OperationalError"  # a database that is locked


def _http_status(error: OSError) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")


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
        self._read_run = self._store._get_run
        self._store._get_run = self._run
        self._runs: dict[str, Any] = {}
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
                self._session, self._runs = None, {}
                del session.commit, session.rollback

    def end_run(self, run_id: str, status: str, end: int) -> None:
        """Set how and when a run ended; MLflow's own way reads all of the run anew."""
        run = self._run(self._session, run_id)
        self._store._check_run_is_active(run)
        run.status, run.end_time = status, end

    def _run(self, session: Any, run_uuid: str, eager: bool = False) -> Any:
        """Read a run once in a transaction, and not again for each part of a call."""
        if run_uuid not in self._runs or eager:
            self._runs[run_uuid] = self._read_run(session, run_uuid, eager)
        return self._runs[run_uuid]

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


_PARENT = "mlflow.parentRunId"
_METRICS_A_BATCH = 1000
_OTHERS_A_BATCH = 100
_PAGE = 1000


def all_pages(search: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Return all that one of a client's searches finds."""
    page = search(*arguments, max_results=_PAGE)
    items = list(page)
    while page.token:
        page = search(*arguments, max_results=_PAGE, page_token=page.token)
        items += page
    return items


def resolve_source(source: str) -> Any:
    """Return MLflow's object for where a data set comes from.

    Raises
    ------
    MlflowException
        If MLflow knows no such kind of place.
    """
    from mlflow.data.dataset_source_registry import resolve_dataset_source

    with warnings.catch_warnings():
        # MLflow finds two kinds of source for a local path, of one class
        warnings.simplefilter("ignore", UserWarning)
        return resolve_dataset_source(source)


def _print_no_links(client: Any) -> None:
    """Stop a client from printing two lines for each run that ends on a server."""
    inner: Any = getattr(client, "_tracking_client", None)
    if inner is not None and hasattr(inner, "_log_url"):
        inner._log_url = lambda run_id: None


def _fits_in_a_call(record: RunRecord) -> bool:
    """Whether MLflow takes what there is of a run in one batch."""
    sizes = len(record.metrics), len(record.params), len(record.tags)
    return sum(sizes) <= _METRICS_A_BATCH and max(sizes[1:]) <= _OTHERS_A_BATCH


def _entities(
    metrics: Iterable[tuple[str, float, int, int]],
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> tuple[list[Any], list[Any], list[Any]]:
    from mlflow.entities import Metric, Param, RunTag

    return (
        [Metric(clean_key(k), v, t, step) for k, v, t, step in metrics],
        [Param(clean_key(k), clean_text(v)) for k, v in params.items()],
        [RunTag(clean_key(k), clean_text(v)) for k, v in tags.items()],
    )


class Store:
    """One MLflow tracking store, and the experiment to write to.

    Whatever name it is given becomes a key that MLflow takes; what MLflow refuses all
    the same is noted in `refusals`, and the rest is written.
    """

    def __init__(self, uri: str, experiment: str | None) -> None:
        from mlflow import MlflowClient

        self.uri = uri
        self.client = MlflowClient(tracking_uri=uri)
        _print_no_links(self.client)
        self.refusals = Refusals()
        self.experiment_id = self._resolve(experiment)
        self._context_tags: dict[str, str] | None = None
        self._transactions = Transactions.of(self.client)

    def _resolve(self, name: str | None) -> str:
        """Return the experiment's id; this also initialises a fresh database."""
        adopted = os.environ.get("MLFLOW_RUN_ID")
        if adopted:
            return self.client.get_run(adopted).info.experiment_id
        if name is None:
            given = os.environ.get("MLFLOW_EXPERIMENT_ID")
            if given:
                return self.client.get_experiment(given).experiment_id
            name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "Default")
        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                return self.client.create_experiment(name)
            except Exception:  # another process may just have made it
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage != "active":
            raise ValueError(
                f"experiment of MlflowTracking must not be deleted. Got {name!r} "
                f"instead. Restore it, `mlflow experiments restore -x "
                f"{found.experiment_id}`, or choose another name."
            )
        return found.experiment_id

    def create_run(
        self,
        name: str | None,
        tags: Mapping[str, str],
        parent: str | None,
        start: int,
        experiment_id: str | None = None,
    ) -> str:
        """Create a run and return its id."""
        every = self._described(tags, parent)
        place = experiment_id or self.experiment_id
        name = None if name is None else clean_run_name(name)
        try:
            run = self.client.create_run(place, start, every, name)
        except Exception as error:
            if not is_refusal(error):
                raise
            above = every.pop(_PARENT, None)
            least = {} if above is None else {_PARENT: above}
            run = self.client.create_run(place, start, least, name)
            self.log(run.info.run_id, tags=every)
        return run.info.run_id

    def _described(self, tags: Mapping[str, str], parent: str | None) -> dict[str, str]:
        """Return a new run's tags, and those of where and by whom it is made."""
        if self._context_tags is None:
            from mlflow.tracking.context.git_context import GitRunContext
            from mlflow.tracking.context.registry import resolve_tags

            # The commit is the working directory's, which git_tags knows.
            ignored: list[Any] = [GitRunContext]
            self._context_tags = {
                key: value
                for key, value in resolve_tags(ignore=ignored).items()
                if not key.startswith("mlflow.source.git")
            }
        own = {clean_key(key): clean_text(value) for key, value in tags.items()}
        above = {} if parent is None else {_PARENT: parent}
        return {**self._context_tags, **own, **above}

    def write_together(
        self, records: Sequence[RunRecord], numbers_follow: bool
    ) -> list[str] | None:
        """Make and write several runs in one transaction.

        Parameters
        ----------
        records : list of RunRecord
            A parent that is yet to be made stands before its children.
        numbers_follow : bool
            Whether those that have just begun are made only.

        Returns
        -------
        run_ids : list of str or None
            None if nothing was written: this is no database, or something is refused,
            or too long for one call, and has to be written on its own.
        """
        if self._transactions is None or not all(map(_fits_in_a_call, records)):
            return None
        made: dict[int, str] = {}
        transactions = self._transactions
        try:
            with transactions.begin() as database:
                for record in records:
                    run_id = record.run_id or self._make(database, record, made)
                    made[id(record)] = run_id
                    if not (numbers_follow and record.has_just_begun):
                        entities = _entities(record.metrics, record.params, record.tags)
                        if any(entities):
                            database.log_batch(run_id, *entities)
                        if record.end_to_write is not None:
                            end = record.end or now()
                            transactions.end_run(run_id, record.end_to_write, end)
        except Exception as error:
            if is_outage(error):
                raise
            return None
        return list(made.values())

    def _make(self, database: Any, record: RunRecord, made: Mapping[int, str]) -> str:
        from mlflow.entities import RunTag

        above, parent = record.parent_record, None
        if above is not None:
            # a KeyError, if it is yet to be made: then each is written on its own
            parent = above.run_id or made[id(above)]
        tags = self._described(record.first_tags, parent)
        run = database.create_run(
            self.experiment_id,
            tags.get("mlflow.user", "unknown"),
            record.start,
            [RunTag(key, value) for key, value in tags.items()],
            None if record.name is None else clean_run_name(record.name),
        )
        return str(run.info.run_id)

    def update_run(
        self, run_id: str, status: str | None = None, name: str | None = None
    ) -> None:
        """Change a run's state or name."""
        name = None if name is None else clean_run_name(name)
        self.client.update_run(run_id, status, name)

    def log(
        self,
        run_id: str,
        metrics: list[tuple[str, float, int, int]] = [],  # noqa: B006
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log metrics (key, value, time, step), parameters and tags in batches."""
        rows, pairs, labels = _entities(metrics, params or {}, tags or {})
        while rows or pairs or labels:
            size = _METRICS_A_BATCH - len(pairs[:100]) - len(labels[:100])
            self._log_batch(
                run_id,
                rows[:size],
                pairs[:_OTHERS_A_BATCH],
                labels[:_OTHERS_A_BATCH],
            )
            rows, pairs = rows[size:], pairs[_OTHERS_A_BATCH:]
            labels = labels[_OTHERS_A_BATCH:]

    def _log_batch(self, run_id: str, rows: Any, pairs: Any, labels: Any) -> None:
        try:
            self.client.log_batch(run_id, rows, pairs, labels)
        except Exception as error:
            if not is_refusal(error):
                raise
            if self._is_gone(run_id):
                self.refusals.add(f"more of the deleted run {run_id}", error)
                return
            by_key: dict[tuple[str, str], list[Any]] = {}
            for kind, items in (("metric", rows), ("param", pairs), ("tag", labels)):
                for item in items:
                    by_key.setdefault((kind, item.key), []).append(item)
            self._log_halves(run_id, list(by_key.items()))

    def _log_halves(
        self, run_id: str, keys: list[tuple[tuple[str, str], list[Any]]]
    ) -> None:
        """Log, of some keys that were refused together, those that are taken."""
        for part in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
            of_kind: dict[str, list[Any]] = {"metric": [], "param": [], "tag": []}
            for (kind, _), items in part:
                of_kind[kind] += items
            try:
                if part:
                    rows, pairs, labels = of_kind.values()
                    self.client.log_batch(run_id, rows, pairs, labels)
            except Exception as error:
                if not is_refusal(error):
                    raise
                if len(part) > 1:
                    self._log_halves(run_id, part)
                else:
                    ((kind, key), _) = part[0]
                    self.refusals.add(f"the {kind} {key!r}", error)

    def _is_gone(self, run_id: str) -> bool:
        with self.refusals.passing_over(f"more of the deleted run {run_id}"):
            return self.client.get_run(run_id).info.lifecycle_stage != "active"
        return True

    def log_metrics(
        self, run_id: str, metrics: Mapping[str, float], step: int = 0
    ) -> None:
        """Log numbers of one moment, but for what is no number."""
        rows = []
        for key, value in metrics.items():
            with self.refusals.passing_over(f"the metric {key!r}"):
                rows.append((key, float(value), now(), step))
        self.log(run_id, rows)

    def log_new_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Log those parameters that the run does not have: a second value fails."""
        known = self.client.get_run(run_id).data.params
        new = {k: v for k, v in params.items() if clean_key(k) not in known}
        self.log(run_id, params=new)

    def log_dataset(
        self, run_id: str, data: DataSummary, name: str | None, source: str | None
    ) -> None:
        """Log a data set as the run's input."""
        from mlflow.data.code_dataset_source import CodeDatasetSource
        from mlflow.entities import Dataset, DatasetInput, InputTag

        origin: Any = CodeDatasetSource(tags=self._context_tags or {})
        if source is not None:
            origin = resolve_source(source)
        entity = Dataset(
            name=clean_text(name or f"array {data.shape}"),
            digest=data.digest,
            source_type=origin._get_source_type(),
            source=origin.to_json(),
            schema=data.schema,
            profile=data.profile,
        )
        tags = [InputTag(key="mlflow.data.context", value="training")]
        self.client.log_inputs(run_id, [DatasetInput(entity, tags)])

    def log_text(self, run_id: str, text: str, path: str) -> None:
        """Write a text file into the run's artifacts."""
        folder, _, name = clean_path(path).rpartition("/")
        with tempfile.TemporaryDirectory() as temporary:
            file = Path(temporary, name)
            file.write_text(text, encoding="utf-8", errors="backslashreplace")
            self.client.log_artifact(run_id, str(file), folder or None)

    def log_figure(self, run_id: str, figure: Any, path: str) -> None:
        """Write a figure into the run's artifacts."""
        self.client.log_figure(run_id, figure, clean_path(path))

    def end(self, run_id: str, status: str, end: int | None = None) -> None:
        """Set a run's final state."""
        self.client.set_terminated(run_id, status, end or now())
