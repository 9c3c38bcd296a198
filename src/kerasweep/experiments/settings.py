"""An experiment's settings: the one source of its options and of what is recorded.

From the fields of one frozen dataclass come the command line with its ``--help``, the
parameters in MLproject, the small settings of ``quick``, and the record in MLflow.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from kerasweep.experiments import options as opt, readers as read
from kerasweep.experiments.options import Option, option

RECORD_FILE = "record.json"
EXPERIMENT_TAG = "kerasweep.experiment"
SETTINGS_TAG = "kerasweep.settings"

#: Where files go and where fits run decide nothing about an experiment's outcome.
_NOT_RECORDED = ("out", "register_as", "n_jobs", "fleet", "scheduler", "resume")
#: What was added later, so that runs from before are found again.
_IF_GIVEN = ("kinds",)


@dataclass(frozen=True)
class Settings:
    """What a command can be told: a frozen dataclass of :func:`option` fields.

    Raises
    ------
    ValueError
        By :meth:`from_texts`, if a value can't be used.
    """

    #: Options that stand first and last on the help page, around the others.
    first: ClassVar[tuple[str, ...]] = ()
    last: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        """Make small what was left at its default, if `quick` is set."""
        if not getattr(self, "quick", False):
            return
        for name, about in self.options().items():
            default = about.read(about.default)
            if about.quick is not None and getattr(self, name) == default:
                object.__setattr__(self, name, about.read(about.quick))

    @classmethod
    def options(cls) -> dict[str, Option]:
        """Return the options by name, in the order of the help page."""
        about: dict[str, Option] = {f.name: f.metadata["option"] for f in fields(cls)}
        own = [name for name in about if name not in cls.first + cls.last]
        found = {n: about[n] for n in (*cls.first, *own, *cls.last) if n in about}
        if "quick" in found:
            small = [f"{n}={o.quick}" for n, o in found.items() if o.quick is not None]
            text = found["quick"].help.format(small=", ".join(small))
            found["quick"] = replace(found["quick"], help=text)
        return found

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Self:
        """Return the settings from what a user types; the others are the defaults."""
        options = cls.options()
        return cls(**{name: options[name].read(text) for name, text in texts.items()})

    def chosen(self) -> dict[str, Any]:
        """Return the preset's settings, with what the user gave in their place."""
        options = self.options()
        presets = options["preset"].presets
        assert presets is not None
        known = set().union(*presets.values())
        keys = {name: about.parameter or name for name, about in options.items()}
        given = {key: getattr(self, name) for name, key in keys.items() if key in known}
        given = {k: v for k, v in given.items() if v is not None and v != "auto"}
        return {**presets[vars(self)["preset"]], **given}

    def texts(self) -> dict[str, str]:
        """Return what decides the outcome, as texts, by name in alphabetical order."""
        left_out = {*_NOT_RECORDED, *(n for n in _IF_GIVEN if not getattr(self, n, 0))}
        names = sorted(set(self.options()) - left_out)
        return {name: str(getattr(self, name)) for name in names}


@dataclass(frozen=True)
class ExperimentSettings(Settings):
    """What every experiment can be told.

    Subclasses set `name`, and redefine a field where its help says more.
    """

    first: ClassVar[tuple[str, ...]] = ("data", "target")
    last: ClassVar[tuple[str, ...]] = (
        *("train_size", "n_jobs", "fleet", "scheduler", "seed", "resume"),
        *("register_as", "out", "quick"),
    )
    #: The experiment's name in MLflow and in the tags of its run.
    name: ClassVar[str]
    #: What is said of an interruption.
    interrupted: ClassVar[str] = "What finished is in MLflow."

    data: str = option(
        "mnist",
        str,
        "mnist, digits, openml:NAME_OR_ID, or a path to a .csv, .parquet or .npz file",
    )
    target: str | None = option(
        "", read.optional, "column of a table that holds the classes"
    )
    train_size: int | None = option(
        "all", read.count_or_all, "rows to train and validate on"
    )
    seed: int = option(
        "0", read.seed, "draws the split; the first of the replicates' seeds"
    )
    register_as: str | None = opt.register_as("EXPERIMENT")
    out: Path = opt.out("results")
    quick: bool = option("0", read.flag, "1: small settings ({small}) unless given")

    @property
    def seeds(self) -> list[int]:
        """The replicates' seeds, from `seed` on."""
        return [self.seed + i for i in range(getattr(self, "replicates", 1))]

    def tags(self) -> dict[str, str]:
        """Return the tags by which an experiment's run is found again.

        Returns
        -------
        tags : dict of str to str
            The experiment's name, and a digest of the settings that decide its outcome.
        """
        text = json.dumps(self.texts(), sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return {EXPERIMENT_TAG: self.name, SETTINGS_TAG: digest}


@dataclass(frozen=True)
class FleetSettings(ExperimentSettings):
    """What an experiment of several fits can be told: where they are trained."""

    fleet: int | None = option(
        "auto", read.fleet_size, "fits trained together at most; 0 for no fleet"
    )
    scheduler: str | None = option(
        "",
        read.optional,
        "Dask cluster to train on, such as tcp://10.0.0.5:8786; empty for this machine",
    )


@dataclass(frozen=True)
class ResumableSettings(FleetSettings):
    """What a search can be told: also to go on from one that was killed."""

    interrupted: ClassVar[str] = (
        "What finished is in MLflow; -P resume=auto goes on from there."
    )
    resume: str | None = option(
        "",
        read.optional,
        "run of a killed search to go on from; auto for all unfinished ones like this",
    )
