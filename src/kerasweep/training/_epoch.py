"""One whole epoch as a pure function, for one network or for a stack of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keras import ops

from kerasweep.training._network import Network, Tensors


@dataclass(frozen=True)
class Rows:
    """How a set of rows is visited.

    Attributes
    ----------
    batch_size : int
    padded : bool
        Whether the last batch is filled up with rows of index -1, which count for
        nothing. Otherwise its rows come by themselves, as the remainder.
    remainder : int
        Number of rows in the remainder; 0 for none.
    weighted : bool
        Whether there are sample weights.
    """

    batch_size: int
    padded: bool
    remainder: int
    weighted: bool


def epoch_function(
    network: Network,
    runtime: Any,
    train: Rows,
    validation: Rows | None,
    stacked: bool,
) -> Callable[..., tuple[Tensors, Any, Any]]:
    """Build the function that a program compiles.

    Parameters
    ----------
    network : Network
    runtime : module
        The backend's loop and mapping.
    train, validation : Rows
    stacked : bool
        Whether state, floats and indices have a leading axis over networks.

    Returns
    -------
    epoch : callable
        ``epoch(state, floats, train, validation)`` where the last two are dicts of
        ``arrays`` (x, y and weights), ``index``, ``n_steps``, ``remainder``. Gives
        the new state, the training logs and the validation logs (or the training
        logs again).
    """

    def train_step(carry: Any, floats: Any, batch: Any) -> Any:
        return network.train_step(carry[0], carry[1], floats, batch)

    def eval_step(carry: Any, floats: Any, batch: Any) -> Any:
        return carry[0], network.eval_step(carry[0], carry[1], floats, batch)

    def run(step: Any, rows: Rows, state: Any, floats: Any, data: Any) -> Any:
        def start(floats: Any) -> Tensors:
            # Tied to an input so that a mapped program gives every network its own.
            return [a + ops.cast(floats[0] * 0, a.dtype) for a in
                    network.initial_accumulator()]

        def visit(carry: Any, index: Any) -> Any:
            def call(carry: Any, floats: Any, batch: Any) -> Any:
                weight = batch[2] if rows.weighted else None
                mask = batch[-1] if rows.padded else None
                return step(carry, floats, (batch[0], batch[1], weight, mask))

            batch = gather(data["arrays"], index, rows.padded)
            return (runtime.map_networks(call) if stacked else call)(
                carry, floats, batch
            )

        begin = runtime.map_networks(start) if stacked else start
        carry = (state, begin(floats))
        carry = runtime.loop(
            data["n_steps"], lambda i, c: visit(c, data["index"][i]), carry
        )
        if rows.remainder:
            carry = visit(carry, data["remainder"])
        finish = runtime.map_networks(network.logs) if stacked else network.logs
        return carry[0], finish(carry[1])

    def epoch(state: Any, floats: Any, train_data: Any, validation_data: Any) -> Any:
        state, logs = run(train_step, train, state, floats, train_data)
        if validation is None:
            return state, logs, logs
        _, val_logs = run(eval_step, validation, state, floats, validation_data)
        return state, logs, val_logs

    return epoch


def gather(arrays: Sequence[Any], index: Any, padded: bool) -> tuple[Any, ...]:
    """Take a batch's rows, and after them the mask that marks the real ones."""
    if not padded:
        return tuple(ops.take(a, index, axis=0) for a in arrays)
    mask = ops.cast(index >= 0, "float32")
    index = ops.maximum(index, 0)
    return (*(ops.take(a, index, axis=0) for a in arrays), mask)
