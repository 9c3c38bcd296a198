"""The few MLflow calls that tracking makes, each with an explicit run id."""

import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kerasweep.tracking._careful import Refusals, is_outage, is_refusal
from kerasweep.tracking._messages import DataSummary, now
from kerasweep.tracking._names import (
    clean_key,
    clean_path,
    clean_run_name,
    clean_text,
)
from kerasweep.tracking._transaction import Transactions

_PARENT = "mlflow.parentRunId"
_METRICS_A_BATCH = 1000
_OTHERS_A_BATCH = 100


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


class NewRun(NamedTuple):
    """A run to be made; its parent has an id, or a place in the same list of writes."""

    name: str | None
    tags: Mapping[str, str]
    parent: str | int | None
    start: int


class RunWrite(NamedTuple):
    """What there is of a run, new or not: numbers, texts, how and when it ended."""

    run: str | NewRun
    metrics: list[tuple[str, float, int, int]]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    status: str | None = None
    end: int | None = None

    @property
    def fits_in_a_call(self) -> bool:
        """Whether MLflow takes it in one batch."""
        sizes = len(self.metrics), len(self.params), len(self.tags)
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
            from mlflow.tracking.context.registry import resolve_tags

            # The commit is the working directory's, which git_tags knows.
            self._context_tags = {
                key: value
                for key, value in resolve_tags().items()
                if not key.startswith("mlflow.source.git")
            }
        own = {clean_key(key): clean_text(value) for key, value in tags.items()}
        above = {} if parent is None else {_PARENT: parent}
        return {**self._context_tags, **own, **above}

    def write_together(self, writes: Sequence[RunWrite]) -> list[str] | None:
        """Make and write several runs in one transaction.

        Returns
        -------
        run_ids : list of str or None
            None if nothing was written: this is no database, or something is refused,
            or too long for one call, and has to be written on its own.
        """
        if self._transactions is None or not all(w.fits_in_a_call for w in writes):
            return None
        run_ids: list[str] = []
        try:
            with self._transactions.begin() as database:
                for one in writes:
                    run_ids.append(self._write_one(database, one, run_ids))
        except Exception as error:
            if is_outage(error):
                raise
            return None
        return run_ids

    def _write_one(self, database: Any, one: RunWrite, made: list[str]) -> str:
        from mlflow.entities import RunStatus, RunTag

        if isinstance(one.run, NewRun):
            new = one.run
            parent = made[new.parent] if isinstance(new.parent, int) else new.parent
            tags, name = self._described(new.tags, parent), new.name
            run_id = database.create_run(
                self.experiment_id,
                tags.get("mlflow.user", "unknown"),
                new.start,
                [RunTag(key, value) for key, value in tags.items()],
                None if name is None else clean_run_name(name),
            ).info.run_id
        else:
            run_id = one.run
        entities = _entities(one.metrics, one.params, one.tags)
        if any(entities):
            database.log_batch(run_id, *entities)
        if one.status is not None:
            status = RunStatus.from_string(one.status)
            database.update_run_info(run_id, status, one.end, None)
        return str(run_id)

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
        with self.refusals.skipping(f"more of the deleted run {run_id}"):
            return self.client.get_run(run_id).info.lifecycle_stage != "active"
        return True

    def log_metrics(
        self, run_id: str, metrics: Mapping[str, float], step: int = 0
    ) -> None:
        """Log numbers of one moment, but for what is no number."""
        rows = []
        for key, value in metrics.items():
            with self.refusals.skipping(f"the metric {key!r}"):
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
