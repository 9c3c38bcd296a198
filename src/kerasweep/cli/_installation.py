"""Whether what kerasweep needs is installed."""

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement

from kerasweep.cli._finding import Finding
from kerasweep.experiments.scripts import find_scripts

_FOR_WORK = ("pytest", "ruff", "mypy", "sphinx", "mkdocs")


def installation_findings() -> list[Finding]:
    """Look at Python, the scripts, the packages, the extras and the bundled data."""
    return [_python(), _scripts(), *_packages(), *_extras(), _data()]


def _python() -> Finding:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    needed = metadata("kerasweep")["Requires-Python"]
    if needed and not Requirement(f"python{needed}").specifier.contains(
        platform.python_version(), prereleases=True
    ):
        advice = f"Make an environment with Python {needed}."
        return Finding("python", "FAIL", found, advice)
    return Finding("python", "OK", f"{found}, {sys.executable}")


def _scripts() -> Finding:
    scripts = find_scripts()
    if not scripts:
        advice = "Reinstall kerasweep from a wheel, or run in a whole checkout."
        return Finding("experiments", "FAIL", "their scripts are missing", advice)
    folder = next(iter(scripts.values())).parent
    return Finding("experiments", "OK", f"{len(scripts)} scripts in {folder}")


def _packages() -> Iterator[Finding]:
    good = []
    for needed in _requirements(None):
        finding = _check(needed)
        if finding is None:
            good.append(f"{needed.name} {version(needed.name)}")
        else:
            yield finding
    yield Finding("packages", "OK", ", ".join(good))


def _extras() -> Iterator[Finding]:
    extras = metadata("kerasweep").get_all("Provides-Extra") or []
    for extra in extras:
        needed = list(_requirements(extra))
        if {r.name for r in needed} & set(_FOR_WORK):
            continue  # what works on kerasweep itself is not its user's
        wrong = [f for f in map(_check, needed) if f is not None]
        if not wrong:
            there = ", ".join(f"{r.name} {version(r.name)}" for r in needed)
            yield Finding(f"[{extra}]", "OK", there)
        elif all("not installed" in finding.found for finding in wrong):
            how = f"pip install 'kerasweep[{extra}]'"
            yield Finding(f"[{extra}]", "OK", f"not installed; {how} if you need it")
        else:
            yield from (
                Finding(f"[{extra}]", "WARN", finding.found, finding.advice)
                for finding in wrong
            )


def _requirements(extra: str | None) -> Iterator[Requirement]:
    for text in requires("kerasweep") or []:
        requirement = Requirement(text)
        marker = requirement.marker
        of_extra = marker is not None and "extra" in str(marker)
        if of_extra != (extra is not None):
            continue
        if marker is None or marker.evaluate({"extra": extra or ""}):
            yield requirement


def _check(needed: Requirement) -> Finding | None:
    """Return what is wrong with an installed package, None if nothing is."""
    wanted = f"{needed.name}{needed.specifier}"
    advice = f"pip install '{wanted}'"
    try:
        found = version(needed.name)
    except PackageNotFoundError:
        return Finding(needed.name, "FAIL", "not installed", advice)
    if needed.specifier.contains(found, prereleases=True):
        return None
    text = f"{found}, which is not {needed.specifier}"
    return Finding(needed.name, "FAIL", text, advice)


def _data() -> Finding:
    try:
        from kerasweep.datasets._mnist import read_mnist

        rows = len(read_mnist()["x_train"])
    except (OSError, ValueError, KeyError, ImportError) as error:
        return Finding("data", "FAIL", str(error), "Reinstall kerasweep.")
    return Finding("data", "OK", f"MNIST is bundled and whole, {rows:,} training rows")
