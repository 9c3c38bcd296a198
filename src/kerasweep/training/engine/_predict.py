"""Compiled prediction, a batch at a time."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._eligible import (
    NotExpressible,
    mixes_rows,
    prediction_reason,
)
from kerasweep.training.engine._private import values_in
from kerasweep.training.engine._program import programs
from kerasweep.training.engine._signature import architecture_key
from kerasweep.training.engine._trace import tracing


def predict(model: Any, X: np.ndarray, batch_size: int = 1024) -> np.ndarray:
    """Compute a model's output for each row.

    Models of one architecture share one compiled program, which takes the weights
    as inputs. Needs no more memory than the output and one batch.

    Parameters
    ----------
    model : keras.Model
    X : ndarray of shape (n_samples, ...)
    batch_size : int, default=1024

    Returns
    -------
    output : ndarray of shape (n_samples, ...)
        What ``model.predict`` gives.
    """
    compiled = prediction_reason(model) is None
    if compiled and len(X) == 0:
        return np.empty((0, *model.output_shape[1:]), dtype=np.float32)
    if compiled:
        try:
            return _predict(model, X, batch_size)
        except NotExpressible:
            pass
    return np.asarray(model.predict(X, batch_size=batch_size, verbose=0))


def _predict(model: Any, X: np.ndarray, batch_size: int) -> np.ndarray:
    runtime = get_runtime()
    variables = model.variables
    values = [runtime.read(v.value) for v in variables]
    key = ("predict", architecture_key(model), X.dtype.str, X.shape[1:])
    fill = not mixes_rows(model)
    output: np.ndarray | None = None
    for start in range(0, len(X), batch_size):
        batch = np.ascontiguousarray(X[start : start + batch_size])
        n_rows = len(batch)
        rows = runtime.prediction_rows(n_rows, batch_size)
        if rows is not None and not fill:
            rows = n_rows
        if rows is not None and rows != n_rows:
            filled = np.zeros((rows, *batch.shape[1:]), dtype=batch.dtype)
            filled[:n_rows] = batch
            batch = filled
        run = _program(model, variables, (*key, rows), values, batch)
        part = runtime.to_host(run(values, batch))[:n_rows]
        if output is None:
            output = np.empty((len(X), *part.shape[1:]), dtype=part.dtype)
        output[start : start + n_rows] = part
    assert output is not None
    return output


def _program(
    model: Any, variables: list[Any], key: Any, values: list[Any], batch: np.ndarray
) -> Callable[..., Any]:
    def forward(values: list[Any], x: Any) -> Any:
        mapping = list(zip(variables, values, strict=True))
        with keras.StatelessScope(mapping) as scope:
            given = values_in(scope)
            output = model(x, training=False)
        if any(given.get(k) is not v for k, v in values_in(scope).items()):
            raise NotExpressible("The model assigns variables in a prediction.")
        return output

    def build() -> Callable[..., Any] | NotExpressible:
        try:
            with tracing:
                return get_runtime().compile_prediction(forward, values, batch)
        except NotExpressible as refusal:
            return refusal

    program: Any = programs.get(key, build)
    if isinstance(program, NotExpressible):
        raise NotExpressible(*program.args)
    return program
