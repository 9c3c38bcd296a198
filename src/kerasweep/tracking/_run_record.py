"""What the writer knows of a run."""

from dataclasses import dataclass, field

from kerasweep.tracking._messages import DataUsed, RunKey, now
from kerasweep.tracking._store import NewRun, RunWrite
from kerasweep.tracking._tasks import error_line

#: Stage of a run that the main process made: its tags are already written.
ROOT = "root"


@dataclass
class Record:
    """A run, and what is not yet written of it."""

    key: RunKey
    stage: str
    name: str | None = None
    parent: RunKey | None = None
    above: "Record | None" = None
    run_id: str | None = None
    start: int = 0
    last: int = 0
    description: str = ""
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[tuple[str, float, int, int]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    data: DataUsed | None = None
    table: str | None = None
    state: str | None = None
    state_to_write: str | None = None
    end: int = 0
    has_params: bool = False

    def finish(self, status: str, error: str | None, end: int) -> None:
        self.state = self.state_to_write = status
        self.end = max(end, self.start)  # a clock may be set back
        if error:
            self.tags["error"] = error_line(error)
            self.tags["mlflow.note.content"] = (
                f"{self.description}\n\n```\n{error.strip()[:3500]}\n```".strip()
            )

    @property
    def is_short(self) -> bool:
        """Whether all that there is to write are numbers and texts."""
        new_params = self.stage == ROOT and self.params
        return self.data is None and self.table is None and not new_params

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
        return self.run_id is None and self.state is None

    def to_write(self, parent: str | int | None, bare: bool) -> RunWrite:
        """Return the run, made or to be made, and what is not written of it.

        If `bare`, nothing of one that has just begun: its numbers follow together.
        """
        run: str | NewRun = self.run_id or NewRun(
            self.name, self.first_tags, parent, self.start
        )
        if bare and self.has_just_begun:
            return RunWrite(run, [], {}, {})
        status = self.state_to_write
        end = None if status is None else self.end or now()
        return RunWrite(run, self.metrics, self.params, self.tags, status, end)

    def clear_numbers(self) -> None:
        """Forget what was written."""
        self.metrics, self.params, self.tags = [], {}, {}
        self.state_to_write = None

    def add(self, metrics: dict[str, float], step: int, when: int) -> None:
        self.last = max(self.last, when)
        self.seen.update(metrics)
        self.metrics += [(key, value, when, step) for key, value in metrics.items()]
