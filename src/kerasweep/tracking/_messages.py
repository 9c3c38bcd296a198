"""What hooks, in any process, tell the one writer in the main process."""

import time
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


class RunStarted(NamedTuple):
    """A fit begins. Without a parent it is the root of its own tree."""

    key: RunKey
    parent: RunKey | None
    stage: str
    name: str
    params: dict[str, str]
    description: str
    time: int
    tags: dict[str, str] | None = None


class RunAdopted(NamedTuple):
    """The main process has already made this run (or reuses one)."""

    key: RunKey
    run_id: str
    description: str = ""


class RunCreated(NamedTuple):
    """The writer has made a run; told to the journal alone."""

    key: RunKey
    run_id: str


class GroupSet(NamedTuple):
    """From now on roots that name no parent are children of this run, or of none."""

    key: RunKey | None


class DataUsed(NamedTuple):
    """A root fit has seen its data."""

    key: RunKey
    data: DataSummary


class MetricsSeen(NamedTuple):
    """Numbers of a running or finished fit."""

    key: RunKey
    metrics: dict[str, float]
    step: int
    time: int


class RunTagged(NamedTuple):
    """Facts of a run; written at once."""

    key: RunKey
    tags: dict[str, str]


class RunEnded(NamedTuple):
    """A fit ended, with MLflow's name for how."""

    key: RunKey
    status: str
    error: str | None
    time: int
    metrics: dict[str, float] | None = None


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
