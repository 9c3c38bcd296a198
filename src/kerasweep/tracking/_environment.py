"""What a result was made with: versions, and the state of the source."""

import platform
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

VERSIONED = ("scikit-learn", "keras", "tensorflow", "jax", "mlflow")


def version_tags() -> dict[str, str]:
    """Return the versions of Python, of this package and of what it stands on."""
    import kerasweep

    tags = {
        "version.python": platform.python_version(),
        "version.kerasweep": kerasweep.__version__,
    }
    for name in VERSIONED:
        found = installed_version(name)
        if found is not None:
            tags[f"version.{name}"] = found
    return tags


@lru_cache
def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution, without importing it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def git_tags() -> dict[str, str]:
    """Return the commit of the working directory, and whether it was changed since.

    Untracked files, such as MLflow's own database, do not count as a change.
    """
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return {}
    changed = _git("status", "--porcelain", "--untracked-files=no")
    tags = {"mlflow.source.git.commit": commit}
    if changed is not None:
        tags["git.dirty"] = "true" if changed else "false"
    return tags


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
