"""What the writer knows of a run."""

from dataclasses import dataclass, field

from kerasweep.tracking._messages import DataUsed, RunKey
from kerasweep.tracking._tasks import error_line


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

    def add(self, metrics: dict[str, float], step: int, when: int) -> None:
        self.last = max(self.last, when)
        self.seen.update(metrics)
        self.metrics += [(key, value, when, step) for key, value in metrics.items()]
