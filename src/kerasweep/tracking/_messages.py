"""What hooks, in any process, tell the one writer in the main process."""

import time
from dataclasses import dataclass, field
from typing import NamedTuple


class RunKey(NamedTuple):
    """Names a tracked task: its tree's root, and the task ids down to it."""

    root: str
    path: tuple[int, ...]

    def child(self, *task_ids: int) -> "RunKey":
        return RunKey(self.root, (*self.path, *task_ids))

    def of_lost(self, run_id: str) -> "RunKey":
        """Return a key of its own for a run whose task was begun again."""
        return RunKey(f"{self.root} without {run_id}", self.path)

    def holds(self, other: "RunKey") -> bool:
        """Whether `other` is a task below this one."""
        return (
            self.root == other.root
            and len(other.path) > len(self.path)
            and other.path[: len(self.path)] == self.path
        )


class DataSummary(NamedTuple):
    """Names a data set without holding its rows."""

    digest: str
    shape: str
    schema: str
    profile: str


@dataclass
class RunRecord:
    """A run: what it is, and what of it is not yet in MLflow.

    A hook makes one where a fit begins and sends it: the first eight attributes. From
    then on it is the writer's, which adds what comes later.

    Attributes
    ----------
    key : RunKey
    stage : str
    name : str or None
    parent : RunKey or None
        None if it is the root of its own tree.
    start : int
        Milliseconds since 1970, UTC, as all times.
    description : str
    params, tags : dict of str to str
        Not yet written.
    run_id : str or None
        None until there is such a run in MLflow. One that is sent with it was opened by
        the main process, which has written its parameters and tags.
    opened : bool
        Whether it was.
    has_all_params : bool
        Whether the parameters came when it began.
    parent_record : RunRecord or None
    metrics : list of (name, value, time, step)
        Not yet written.
    metric_names : set of str
        Of all that ever came.
    data : DataSummary or None
        Not yet written.
    table : str or None
        The content of a search's ``cv_results.csv``, not yet written.
    status : str or None
        MLflow's name for how it ended; None while it goes on.
    is_end_written : bool
    end, last : int
        When it ended, and when a number last came.
    """

    key: RunKey
    stage: str = ""
    name: str | None = None
    parent: RunKey | None = None
    start: int = 0
    description: str = ""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    run_id: str | None = None
    opened: bool = False
    has_all_params: bool = False
    parent_record: "RunRecord | None" = None
    metrics: list[tuple[str, float, int, int]] = field(default_factory=list)
    metric_names: set[str] = field(default_factory=set)
    data: DataSummary | None = None
    table: str | None = None
    status: str | None = None
    is_end_written: bool = False
    end: int = 0
    last: int = 0

    def add(self, metrics: dict[str, float] | None, step: int, when: int) -> None:
        """Take in numbers."""
        if metrics:
            self.last = max(self.last, when)
            self.metric_names.update(metrics)
            self.metrics += [(key, value, when, step) for key, value in metrics.items()]

    def finish(self, status: str, error: str | None, end: int) -> None:
        """Take in how and when it ended, and the traceback of a failure."""
        self.status, self.is_end_written = status, False
        self.end = max(end, self.start)  # a clock may be set back
        if error:
            self.tags["error"] = _last_line(error)
            self.tags["mlflow.note.content"] = (
                f"{self.description}\n\n```\n{error.strip()[:3500]}\n```".strip()
            )

    @property
    def first_tags(self) -> dict[str, str]:
        """The tags that the run is made with."""
        tags = {"stage": self.stage}
        if self.description:
            tags["mlflow.note.content"] = self.description
        return tags

    @property
    def has_just_begun(self) -> bool:
        """Whether the run is yet to be made, and goes on."""
        return self.run_id is None and self.status is None

    @property
    def end_to_write(self) -> str | None:
        """How it ended, if that is yet to be written."""
        return None if self.is_end_written else self.status

    @property
    def has_only_numbers_and_texts(self) -> bool:
        """Whether all that there is to write fits in one call of MLflow's store."""
        new_params = self.opened and self.params
        return self.data is None and self.table is None and not new_params

    def note_written(self) -> None:
        """Forget the numbers and texts, which are in MLflow."""
        self.metrics, self.params, self.tags = [], {}, {}
        self.is_end_written = self.status is not None


def _last_line(traceback: str) -> str:
    """Return what the error says."""
    lines = [line for line in traceback.strip().splitlines() if line.strip()]
    return lines[-1][:500] if lines else ""


class RunUpdate(NamedTuple):
    """What is new of a run: numbers, tags (written at once), its data, or its end.

    `status` is MLflow's name for how it ended, and `error` the traceback of a failure.
    """

    key: RunKey
    time: int
    metrics: dict[str, float] | None = None
    step: int = 0
    tags: dict[str, str] | None = None
    data: DataSummary | None = None
    status: str | None = None
    error: str | None = None


class GroupSet(NamedTuple):
    """From now on roots that name no parent are children of this run, or of none."""

    key: RunKey | None


class SplitResult(NamedTuple):
    """What a search knows of one candidate on one split in the end."""

    key: RunKey
    name: str
    description: str
    params: dict[str, str]
    metrics: dict[str, float]
    failed: bool


class SearchResults(NamedTuple):
    """What a search knows in the end."""

    key: RunKey
    splits: list[SplitResult]
    table: str
    metrics: dict[str, float]
    params: dict[str, str]
    summary: str
    time: int


class RootClosed(NamedTuple):
    """A tree of fits is over; `status` is for those of its runs still open.

    `terminate` says that nothing follows, and `run_goes_on` that the root's own run is
    a block's, which ends later.
    """

    key: RunKey
    status: str
    error: str | None
    time: int
    terminate: bool
    run_goes_on: bool = False


def now() -> int:
    """Return MLflow's time: milliseconds since 1970, UTC."""
    return int(time.time() * 1000)
