"""What a result was made from: the data set, the versions, the state of the source."""

import hashlib
import json
import platform
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from kerasweep.tracking._messages import DataSummary

_DIGEST_ROWS = 1000


def summarize(X: Any, y: Any = None) -> DataSummary:
    """Describe the data by shape, type and a digest of evenly spaced rows.

    The digest reads at most a thousand rows, so it takes milliseconds on any data:
    it tells data sets apart, and is no proof that two are equal.
    """
    digest = hashlib.sha256()
    specs: list[str | None] = []
    profile: dict[str, list[int]] = {}
    for name, data in (("features", X), ("targets", y)):
        if data is None:
            specs.append(None)
            continue
        shape = tuple(int(n) for n in np.shape(data)) or (len(data),)
        rows = _some_rows(data, shape[0])
        digest.update(repr((shape, str(rows.dtype))).encode())
        digest.update(_bytes(rows))
        specs.append(_tensor_spec(rows, shape))
        profile[f"{name}_shape"] = list(shape)
    schema = json.dumps(
        {"mlflow_tensorspec": dict(zip(("features", "targets"), specs, strict=True))}
    )
    shape_text = "x".join(str(n) for n in profile.get("features_shape", []))
    return DataSummary(digest.hexdigest()[:8], shape_text, schema, json.dumps(profile))


def _some_rows(data: Any, n_rows: int) -> np.ndarray:
    chosen = np.unique(np.linspace(0, n_rows - 1, _DIGEST_ROWS).astype(int))
    rows = data.iloc[chosen] if hasattr(data, "iloc") else None
    if rows is None:
        rows = data[chosen] if hasattr(data, "dtype") else [data[i] for i in chosen]
    if hasattr(rows, "toarray"):
        rows = rows.toarray()
    return np.asarray(rows)


def _bytes(rows: np.ndarray) -> bytes:
    if rows.dtype.hasobject:
        return repr(rows.tolist()).encode()
    return np.ascontiguousarray(rows).tobytes()


def _tensor_spec(rows: np.ndarray, shape: tuple[int, ...]) -> str:
    spec = {"dtype": str(rows.dtype), "shape": [-1, *shape[1:]]}
    return json.dumps([{"type": "tensor", "tensor-spec": spec}])


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
