"""Whole epochs as a pure function, for one network or for a stack of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keras import ops

from kerasweep.training.engine._steps import Steps, Tensors


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


def epochs_function(
    steps: Steps,
    runtime: Any,
    train: Rows,
    validation: Rows | None,
    stacked: bool,
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]] = lambda f: f,
    count_steps: bool = False,
) -> Callable[..., tuple[Tensors, Any, Any]]:
    """Build the function that a program compiles.

    Parameters
    ----------
    steps : Steps
    runtime : module
        The backend's loop and mapping.
    train, validation : Rows
    stacked : bool
        Whether state, floats and indices have a leading axis over networks.
    wrap : callable
        Applied to each function of one step, to compile it by itself where the
        whole epoch is not to be one program.
    count_steps : bool
        Whether every batch that ``index`` has room for is one; else ``n_steps`` are.

    Returns
    -------
    epochs : callable
        ``epochs(state, floats, train, validation, n_epochs)`` where ``train`` and
        ``validation`` are dicts of ``arrays`` (x, y and weights), ``index``,
        ``n_steps``, ``remainder``. Those of ``train`` have a leading axis over as many
        epochs as the program can run in one call, of which the first ``n_epochs``
        count. Gives the new state, the training logs and the validation logs (or
        the training logs again) of each epoch.
    """
    over = runtime.map_networks if stacked else _unchanged

    def train_step(carry: Any, floats: Any, batch: Any) -> Any:
        return steps.train_step(carry[0], carry[1], floats, batch)

    def eval_step(carry: Any, floats: Any, batch: Any) -> Any:
        return carry[0], steps.eval_step(carry[0], carry[1], floats, batch)

    def start(floats: Any) -> Tensors:
        # Tied to an input, so that every network of a stack gets its own.
        zeros = steps.initial_accumulator()
        return [zero + ops.cast(floats[0] * 0, zero.dtype) for zero in zeros]

    def make_pass(step: Any, rows: Rows) -> Callable[..., Any]:
        def one_network(carry: Any, floats: Any, batch: Any) -> Any:
            weight = batch[2] if rows.weighted else None
            mask = batch[-1] if rows.padded else None
            return step(carry, floats, (batch[0], batch[1], weight, mask))

        def visit(carry: Any, floats: Any, arrays: Any, index: Any) -> Any:
            batch = gather(arrays, index, rows.padded)
            return over(one_network)(carry, floats, batch)

        begin, visit_full = wrap(over(start)), wrap(visit)
        visit_rest = wrap(visit) if rows.remainder else None
        finish = wrap(over(steps.logs))

        def run(state: Any, floats: Any, data: Any) -> Any:
            arrays, index = data["arrays"], data["index"]
            carry = runtime.loop(
                int(index.shape[0]) if count_steps else data["n_steps"],
                lambda i, c: visit_full(c, floats, arrays, index[i]),
                (state, begin(floats)),
            )
            if visit_rest is not None:
                carry = visit_rest(carry, floats, arrays, data["remainder"])
            return carry[0], finish(carry[1])

        return run

    train_pass = make_pass(train_step, train)
    eval_pass = None if validation is None else make_pass(eval_step, validation)

    def epoch(state: Any, floats: Any, train_data: Any, validation_data: Any) -> Any:
        state, logs = train_pass(state, floats, train_data)
        if eval_pass is None:
            return state, logs, logs
        return state, logs, eval_pass(state, floats, validation_data)[1]

    def epochs(
        state: Any, floats: Any, train_data: Any, validation_data: Any, n_epochs: Any
    ) -> Any:
        ordered = {n: v for n, v in train_data.items() if n in ("index", "remainder")}
        at_once = int(ordered["index"].shape[0])

        def body(i: Any, carry: Any) -> Any:
            of_epoch = train_data | {n: v[i] for n, v in ordered.items()}
            state, *logs = epoch(carry[0], floats, of_epoch, validation_data)
            if at_once == 1:
                return state, logs[0][None], logs[1][None]
            shape = (at_once,) + (1,) * len(logs[0].shape)
            here = ops.reshape(ops.arange(at_once) == i, shape)
            kept = [
                ops.where(here, new, old)
                for new, old in zip(logs, carry[1:], strict=True)
            ]
            return state, *kept

        if at_once == 1:
            return body(0, (state,))
        shape = (at_once, *floats.shape[:-1], len(steps.log_names))
        nothing = ops.zeros(shape, "float32")
        return runtime.loop_epochs(n_epochs, body, (state, nothing, nothing))

    return epochs


def _unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def gather(arrays: Sequence[Any], index: Any, padded: bool) -> tuple[Any, ...]:
    """Take a batch's rows, and after them the mask that marks the real ones."""
    if not padded:
        return tuple(ops.take(a, index, axis=0) for a in arrays)
    mask = ops.cast(index >= 0, "float32")
    index = ops.maximum(index, 0)
    return (*(ops.take(a, index, axis=0) for a in arrays), mask)
