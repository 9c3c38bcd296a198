"""The few MLflow calls that tracking makes, each with an explicit run id."""

import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasweep.tracking._messages import DataSummary, now

_METRICS_A_BATCH = 1000
_OTHERS_A_BATCH = 100


def _print_no_links(client: Any) -> None:
    """Stop a client from printing two lines for each run that ends on a server."""
    inner: Any = getattr(client, "_tracking_client", None)
    if inner is not None and hasattr(inner, "_log_url"):
        inner._log_url = lambda run_id: None


def is_outage(error: BaseException) -> bool:
    """Whether a store may do later what it has just refused."""
    from mlflow.exceptions import MlflowException

    if isinstance(error, MlflowException):
        return error.error_code in ("INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE")
    # Of requests, of a full disk, and of a database that is locked.
    return isinstance(error, OSError) or type(error).__name__ == "OperationalError"


class Store:
    """One MLflow tracking store, and the experiment to write to."""

    def __init__(self, uri: str, experiment: str | None) -> None:
        from mlflow import MlflowClient

        self.uri = uri
        self.client = MlflowClient(tracking_uri=uri)
        _print_no_links(self.client)
        self.experiment_id = self._resolve(experiment)
        self._context_tags: dict[str, str] | None = None

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
        if self._context_tags is None:
            from mlflow.tracking.context.registry import resolve_tags

            # The commit is the working directory's, which git_tags knows.
            self._context_tags = {
                key: value
                for key, value in resolve_tags().items()
                if not key.startswith("mlflow.source.git")
            }
        tags = {**self._context_tags, **tags}
        if parent is not None:
            tags["mlflow.parentRunId"] = parent
        run = self.client.create_run(
            experiment_id or self.experiment_id,
            start_time=start,
            tags=tags,
            run_name=name,
        )
        return run.info.run_id

    def log(
        self,
        run_id: str,
        metrics: list[tuple[str, float, int, int]] = [],  # noqa: B006
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log metrics (key, value, time, step), parameters and tags in batches."""
        from mlflow.entities import Metric, Param, RunTag

        rows = [Metric(*metric) for metric in metrics]
        pairs = [Param(*item) for item in (params or {}).items()]
        labels = [RunTag(*item) for item in (tags or {}).items()]
        while rows or pairs or labels:
            size = _METRICS_A_BATCH - len(pairs[:100]) - len(labels[:100])
            self.client.log_batch(
                run_id,
                metrics=rows[:size],
                params=pairs[:_OTHERS_A_BATCH],
                tags=labels[:_OTHERS_A_BATCH],
            )
            rows, pairs = rows[size:], pairs[_OTHERS_A_BATCH:]
            labels = labels[_OTHERS_A_BATCH:]

    def log_metrics(
        self, run_id: str, metrics: Mapping[str, float], step: int = 0
    ) -> None:
        """Log numbers of one moment."""
        self.log(run_id, [(k, float(v), now(), step) for k, v in metrics.items()])

    def log_new_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Log those parameters that the run does not have: a second value fails."""
        known = self.client.get_run(run_id).data.params
        self.log(run_id, params={k: v for k, v in params.items() if k not in known})

    def log_dataset(
        self, run_id: str, data: DataSummary, name: str | None, source: str | None
    ) -> None:
        """Log a data set as the run's input."""
        from mlflow.data.code_dataset_source import CodeDatasetSource
        from mlflow.data.dataset_source_registry import resolve_dataset_source
        from mlflow.entities import Dataset, DatasetInput, InputTag

        origin: Any = CodeDatasetSource(tags=self._context_tags or {})
        if source is not None:
            with warnings.catch_warnings():
                # MLflow finds two kinds of source for a local path, of one class
                warnings.simplefilter("ignore", UserWarning)
                origin = resolve_dataset_source(source)
        entity = Dataset(
            name=name or f"array {data.shape}",
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
        folder, _, name = path.rpartition("/")
        with tempfile.TemporaryDirectory() as temporary:
            file = Path(temporary, name)
            file.write_text(text, encoding="utf-8")
            self.client.log_artifact(run_id, str(file), folder or None)

    def end(self, run_id: str, status: str, end: int | None = None) -> None:
        """Set a run's final state."""
        self.client.set_terminated(run_id, status, end or now())
