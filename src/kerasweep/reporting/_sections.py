"""What a report shows of each experiment."""

import re
import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from kerasweep.datasets import load_reference_results
from kerasweep.experiments import EXPERIMENT_TAG
from kerasweep.reporting._comparison import Comparison, compare, left_over
from kerasweep.reporting._values import MINUS

if TYPE_CHECKING:
    import pandas as pd

    from kerasweep.tracking import FinishedExperiment

_ORDER = ("baseline", "wide", "sweep", "conv", "regularized", "denoise", "generate")
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """A picture of a run; `content` is None where the run has lost it."""

    name: str
    caption: str
    content: bytes | None

    @property
    def uri(self) -> str:
        """The picture itself, as an address."""
        return "data:image/png;base64," + b64encode(self.content or b"").decode()

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels."""
        if self.content is None or self.content[:8] != _PNG:
            return None
        return struct.unpack(">II", self.content[16:24])


@dataclass(frozen=True)
class Section:
    """One experiment of a report."""

    slug: str
    title: str
    dataset: str
    is_quick: bool
    comparisons: list[Comparison]
    left_over: list[dict[str, str]]
    pictures: list[Picture]
    tables: list[dict[str, Any]]
    settings: dict[str, str]
    run_name: str
    run_id: str
    how_to_open: list[str]
    facts: dict[str, str]

    @property
    def compared(self) -> list[Comparison]:
        """Our figures that there are published ones for."""
        return [c for c in self.comparisons if c.published]

    @property
    def alone(self) -> list[Comparison]:
        """Our figures that there are no published ones for."""
        return [c for c in self.comparisons if not c.published]

    @property
    def headline(self) -> Comparison | None:
        """The figure to show in an overview: by default the last compared one."""
        chosen = [c for c in self.comparisons if c.is_headline]
        return next(
            iter([*chosen, *self.compared[::-1], *self.comparisons[::-1]]), None
        )

    @property
    def shortfalls(self) -> list[str]:
        """Say which figure is behind a published one, and by how much."""
        return [
            f"{c.name}: {s[0].lower()}{s[1:]}"
            for c in self.compared
            for s in c.shortfalls()
        ]

    @property
    def n_worse(self) -> int:
        """Comparisons in which ours is the worse figure."""
        return sum(c.n_worse for c in self.compared)

    @property
    def n_compared(self) -> int:
        """Comparisons with published figures."""
        return sum(len(c.published) for c in self.compared)


def select_experiments(
    found: Sequence["FinishedExperiment"],
    *,
    store: str,
    experiments: Sequence[str] = (),
    datasets: Sequence[str] = (),
) -> list["FinishedExperiment"]:
    """Keep the experiments to report on.

    Parameters
    ----------
    found : list of FinishedExperiment
    store : str
        Where they were found, for the errors.
    experiments, datasets : sequence of str, default=()
        Names to keep, in any case; all without one.

    Returns
    -------
    kept : list of FinishedExperiment
        At least one.

    Raises
    ------
    ValueError
        If nothing was found, or nothing is kept.
    """
    store = without_password(store)
    if not found:
        raise ValueError(
            f"There is no finished experiment in {store}: run one, such as "
            "`python pipelines/sweep.py`, or choose another tracking URI."
        )
    kept = [
        e
        for e in found
        if _is_wanted(experiments, _script(e), e.record["experiment"])
        and _is_wanted(datasets, e.record["dataset"])
    ]
    if not kept:
        known = sorted({f"{_script(e)} on {e.record['dataset']}" for e in found})
        raise ValueError(
            f"No finished experiment in {store} has the names asked for. There are: "
            f"{', '.join(known)}."
        )
    return kept


def newest(experiments: Sequence["FinishedExperiment"]) -> list["FinishedExperiment"]:
    """Keep the newest of each experiment, preset and data set.

    A run with small settings (``quick``) is kept only where there is no other.
    """
    kept: dict[tuple[str, ...], FinishedExperiment] = {}
    by_age = sorted(experiments, key=lambda e: (_is_quick(e), -e.start))
    for experiment in by_age:
        kept.setdefault(_identity(experiment), experiment)
    return sorted(kept.values(), key=_place)


def sections(experiments: Sequence["FinishedExperiment"]) -> list[Section]:
    """Read what a report shows of each experiment."""
    made: list[Section] = []
    for experiment in experiments:
        slugs = {section.slug for section in made}
        made.append(_section(experiment, slugs))
    return made


def _section(experiment: "FinishedExperiment", slugs: set[str]) -> Section:
    record = experiment.record
    settings = record.get("settings", {})
    title, preset = record["title"], settings.get("preset")
    if preset not in (None, "", "None") and preset.casefold() not in title.casefold():
        title = f"{title}: {preset}"
    references = _references(record)
    results = record["results"]
    return Section(
        slug=_slug(f"{_script(experiment)} {title}", slugs),
        title=title,
        dataset=record["dataset"],
        is_quick=_is_quick(experiment),
        comparisons=compare(results, references),
        left_over=left_over(results, references),
        pictures=[_picture(experiment, figure) for figure in record["figures"]],
        tables=[_table(table) for table in record["tables"]],
        settings=settings,
        run_name=experiment.run_name,
        run_id=experiment.run_id,
        how_to_open=[without_password(line) for line in experiment.how_to_open()],
        facts=_facts(experiment),
    )


def _references(record: dict[str, Any]) -> "pd.DataFrame | None":
    if record["dataset"] != "MNIST":  # what the published figures are of
        return None
    try:
        return load_reference_results(record["experiment"])
    except ValueError:  # an experiment that nobody has published
        return None


def _picture(experiment: "FinishedExperiment", figure: dict[str, str]) -> Picture:
    name = figure["file"].rpartition("/")[2]
    return Picture(name, figure["caption"], experiment.read_artifact(figure["file"]))


def _table(table: dict[str, Any]) -> dict[str, Any]:
    columns = list(zip(*table["rows"], strict=True)) or [()] * len(table["columns"])
    return {**table, "numeric": [all(map(_is_number, column)) for column in columns]}


def _is_number(text: str) -> bool:
    return re.match(rf"([-+{MINUS}]?[\d.]|nan$|$)", text.strip()) is not None


def _facts(experiment: "FinishedExperiment") -> dict[str, str]:
    tags = experiment.tags
    minutes, seconds = divmod(round(experiment.seconds), 60)
    facts = {
        "Finished": f"{datetime.fromtimestamp(experiment.end, UTC):%Y-%m-%d %H:%M} UTC",
        "Took": f"{minutes} min {seconds} s" if minutes else f"{seconds} s",
    }
    commit = tags.get("mlflow.source.git.commit")
    if commit:
        changed = ", with changes" if tags.get("git.dirty") == "true" else ""
        facts["Commit"] = commit[:10] + changed
    versions = [
        f"{key.removeprefix('version.')} {value}"
        for key, value in sorted(tags.items())
        if key.startswith("version.")
    ]
    if versions:
        facts["Versions"] = ", ".join(versions)
    return facts


def _identity(experiment: "FinishedExperiment") -> tuple[str, ...]:
    record = experiment.record
    preset = str(record.get("settings", {}).get("preset"))
    return (_script(experiment), record["experiment"], preset, record["dataset"])


def _script(experiment: "FinishedExperiment") -> str:
    return experiment.tags.get(EXPERIMENT_TAG, "")


def _is_wanted(wanted: Sequence[str], *names: str) -> bool:
    own = {name.casefold() for name in names}
    return not wanted or any(name.casefold() in own for name in wanted)


def _is_quick(experiment: "FinishedExperiment") -> bool:
    return experiment.record.get("settings", {}).get("quick") == "True"


def _place(experiment: "FinishedExperiment") -> tuple[Any, ...]:
    script, key, preset, dataset = _identity(experiment)
    rank = _ORDER.index(key) if key in _ORDER else len(_ORDER)
    return (dataset != "MNIST", dataset, rank, key, script, preset)


def without_password(text: str) -> str:
    """Return a text without the passwords of the addresses in it.

    Examples
    --------
    >>> without_password("mlflow ui --backend-store-uri postgresql://me:secret@db/runs")
    'mlflow ui --backend-store-uri postgresql://me@db/runs'
    """
    return " ".join(map(_bare, text.split(" ")))


def _bare(word: str) -> str:
    if "://" not in word or "@" not in word:
        return word
    parts = urlsplit(word)
    user, _, host = parts.netloc.rpartition("@")
    user = user.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}@{host}" if user else host))


def _slug(text: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") or "experiment"
    found, n = slug, 1
    while found in taken:
        n += 1
        found = f"{slug}-{n}"
    return found
