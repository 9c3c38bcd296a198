"""One page of all experiments: as HTML that needs no other file, and as Markdown."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerasweep.reporting._sections import Section, newest, sections, without_password

if TYPE_CHECKING:
    from kerasweep.tracking import FinishedExperiment

_PICTURES = "pictures"
_MOST_ROWS = 40


def write_report(
    experiments: Sequence["FinishedExperiment"],
    folder: Path,
    *,
    title: str = "Experiments",
) -> list[Path]:
    """Write a report on finished experiments.

    Of several runs of one experiment, preset and data set the newest is shown; one
    with small settings (``quick``) only where there is no other. On MNIST the
    published figures stand beside ours.

    Parameters
    ----------
    experiments : list of FinishedExperiment
        From :func:`kerasweep.tracking.finished_experiments`; at least one.
    folder : Path
        Where ``index.html``, ``report.md`` and the folder of its pictures go.
    title : str, default="Experiments"

    Returns
    -------
    paths : list of Path
        The page and its Markdown version.
    """
    found = sections(newest(experiments))
    folder.mkdir(parents=True, exist_ok=True)
    _write_pictures(found, folder / _PICTURES)
    known = {
        "title": title,
        "sections": found,
        "store": without_password(experiments[0].tracking_uri),
        "made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "n_compared": sum(s.n_compared for s in found),
        "pictures": _PICTURES,
        "most_rows": _MOST_ROWS,
    }
    paths = [folder / "index.html", folder / "report.md"]
    for path, template in zip(paths, ("report.html.j2", "report.md.j2"), strict=True):
        text = _environment().get_template(template).render(known)
        path.write_text(text, encoding="utf-8")
    return paths


def _write_pictures(found: Sequence[Section], folder: Path) -> None:
    for section in found:
        for picture in section.pictures:
            if picture.content is not None:
                folder.mkdir(exist_ok=True)
                path = folder / f"{section.slug}-{picture.name}"
                path.write_bytes(picture.content)


def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("kerasweep.reporting"),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=_keep_units,
    )
    environment.filters["cell"] = _cell
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    return environment


def _keep_units(value: Any) -> Any:
    """Keep a per cent sign on the line of its number."""
    return value.replace(" %", "\u00a0%") if isinstance(value, str) else value


def _cell(text: str) -> str:
    """Return a text that stays in its cell of a Markdown table."""
    return " ".join(str(text).split()).replace("\\", "\\\\").replace("|", "\\|")
