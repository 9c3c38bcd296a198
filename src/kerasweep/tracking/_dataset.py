"""A data set's name in MLflow, from its shape and a cheap digest."""

import hashlib
import json
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
