"""Compiled prediction, a block of rows at a time."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._eligible import (
    NotExpressible,
    has_convolutions,
    mixes_rows,
    prediction_reason,
)
from kerasweep.training.engine._network import Drawn, Live
from kerasweep.training.engine._private import values_in
from kerasweep.training.engine._program import programs
from kerasweep.training.engine._trace import tracing

# Multiply-adds in a block of rows beside which its call costs little, and the bounds
# of its rows.
_WORK, _LEAST_ROWS, _MOST_ROWS = 2**26, 32, 512
_ROWS_OF_OTHERS = 1024


def predict(network: Any, X: np.ndarray, batch_size: int | None = None) -> np.ndarray:
    """Compute a network's output for each row.

    Networks of one architecture share one compiled program, which takes the weights
    as inputs. It always computes a block of the same number of rows, the last one
    filled up, so that a row's output does not depend on the rows beside it. Needs no
    more memory than the output and one block.

    Parameters
    ----------
    network : Network or keras.Model
    X : ndarray of shape (n_samples, ...)
    batch_size : int, default=None
        Rows of a block. None takes what suits the network.

    Returns
    -------
    output : ndarray of shape (n_samples, ...)
        What ``model.predict`` gives.
    """
    if not isinstance(network, Drawn | Live):
        network = Live(network)
    model = network.tracing_model()
    if isinstance(network, Live) and prediction_reason(model) is not None:
        return _predict_with_keras(model, X, batch_size)
    if len(X) == 0:
        return np.empty((0, *model.output_shape[1:]), dtype=np.float32)
    try:
        return _predict(network, X, batch_size)
    except NotExpressible:
        return _predict_with_keras(model, X, batch_size)


def _predict_with_keras(model: Any, X: np.ndarray, rows: int | None) -> np.ndarray:
    rows = rows or _ROWS_OF_OTHERS
    if isinstance(X, np.ndarray):
        return np.asarray(model.predict(X, batch_size=rows, verbose=0))
    starts = range(0, len(X), rows)  # of rows in a file, one block is read at a time
    return np.concatenate(
        [np.asarray(model.predict_on_batch(X[i : i + rows])) for i in starts]
    )


def _predict(network: Any, X: np.ndarray, rows: int | None) -> np.ndarray:
    runtime = get_runtime()
    values = network.prediction_values()
    filled_up = isinstance(network, Drawn) or not mixes_rows(network.model)
    rows = rows or (_block(network) if filled_up else _ROWS_OF_OTHERS)
    key = ("predict", network.architecture, X.dtype.str, X.shape[1:])
    parts = []
    for start in range(0, len(X), rows):
        batch = np.ascontiguousarray(X[start : start + rows])
        n_rows = len(batch)
        if filled_up and n_rows < rows:
            whole = np.zeros((rows, *batch.shape[1:]), dtype=batch.dtype)
            whole[:n_rows] = batch
            batch = whole
        run = _program(network, (*key, len(batch)), values, batch)
        parts.append(runtime.to_host(run(values, batch))[:n_rows])
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _block(network: Drawn | Live) -> int:
    if has_convolutions(network.tracing_model()):
        return _LEAST_ROWS
    shapes = [v.shape for v in network.prediction_variables()]
    rows = _WORK // max(1, sum(math.prod(s) for s in shapes if len(s) > 1))
    return min(_MOST_ROWS, max(_LEAST_ROWS, 1 << rows.bit_length()))


def _program(
    network: Drawn | Live, key: Any, values: list[Any], batch: np.ndarray
) -> Callable[..., Any]:
    def build() -> Callable[..., Any] | NotExpressible:
        model, variables = network.tracing_model(), network.prediction_variables()

        def forward(values: list[Any], x: Any) -> Any:
            mapping = list(zip(variables, values, strict=True))
            with keras.StatelessScope(mapping) as scope:
                given = values_in(scope)
                output = model(x, training=False)
            if any(given.get(k) is not v for k, v in values_in(scope).items()):
                raise NotExpressible("The model assigns variables in a prediction.")
            return output

        try:
            with tracing:
                return get_runtime().compile_prediction(forward, values, batch)
        except NotExpressible as refusal:
            return refusal

    program: Any = programs.get(key, build)
    if isinstance(program, NotExpressible):
        raise NotExpressible(*program.args)
    return program
