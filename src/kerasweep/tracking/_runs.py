"""The runs that the main process opens, and what it was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kerasweep.tracking._messages import DataSummary, RunKey


class Settings(NamedTuple):
    """What the user asked for."""

    experiment: str | None
    run_name: str | None
    register_as: str | None
    tracking_uri: str | None
    tags: Mapping[str, str] | None
    description: str | None
    dataset_name: str | None
    dataset_source: str | None
    image_shape: Sequence[int] | None
    log_model: bool
    resume: str | None = None


@dataclass
class Run:
    """A run that the main process made or adopted, and what its winner is."""

    run_id: str
    key: RunKey
    description: str = ""
    adopted: bool = False
    failed: str | None = None
    searched: bool = False
    lone_fits: int = 0
    chosen: bool = False
    winner: Any = None
    example: Any = None
    data: DataSummary | None = None
    validation: tuple[str, float] | None = None
    test: tuple[str, float] | None = None
    model_id: str | None = None


@dataclass
class Root:
    """An outermost fit of this process; `run` is its own, or the block's."""

    key: RunKey
    run: Run
    raised_before: BaseException | None
    shares: bool
    example: Any = None
    data: DataSummary | None = None


@dataclass
class Described:
    """How a root's run is presented."""

    stage: str
    name: str
    description: str
    params: dict[str, str] = field(default_factory=dict)
