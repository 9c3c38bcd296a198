"""Everything about a job that is known before its first step."""

from collections.abc import Hashable
from typing import Any

import numpy as np

from kerasweep.training.backends._runtime import get_runtime
from kerasweep.training.engine._eligible import (
    check_arrays,
    has_convolutions,
    row_by_row,
)
from kerasweep.training.engine._epoch import Rows
from kerasweep.training.engine._floats import Floats
from kerasweep.training.engine._job import Arrays, TrainingJob, batch_order
from kerasweep.training.engine._signature import training_key

_EVAL_BATCH = 1024


class Plan:
    """A job, its program's key, and the order of its rows.

    Parameters
    ----------
    job : TrainingJob
        The optimizer of its model is built if it was not.

    Attributes
    ----------
    train, validation : VisitedRows
        ``validation`` is None without validation data.
    convolutional : bool
        Whether the model convolves or recurs.
    draws : bool
        Whether the model draws random numbers in training.
    key : hashable
        Jobs of one key can be trained by one program.
    group : hashable
        Jobs of one key and group can be trained together.
    """

    def __init__(self, job: TrainingJob):
        model = job.model
        self.job = job
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        self.floats = Floats(model, model.optimizer)
        self.convolutional = has_convolutions(model)
        self.draws = any("seed_generator" in v.path for v in model.variables)
        padded = row_by_row(model)
        self.train = VisitedRows(check_arrays(job.train), job.batch_size, padded)
        self.validation = None
        if job.validation is not None:
            self.validation = VisitedRows(
                check_arrays(job.validation), max(job.batch_size, _EVAL_BATCH), padded
            )
        self.key: Hashable = (
            training_key(self),
            self.floats.key,
            self.train.key,
            None if self.validation is None else self.validation.key,
        )
        self.group = (
            self.train.n_steps,
            None if self.validation is None else self.validation.n_steps,
        )

    def read_state(self) -> list[Any]:
        """Read the variables' values, in the order of a program's state."""
        return [get_runtime().read(v.value) for v in self._variables()]

    def write_state(self, state: list[Any], best: list[Any] | None) -> None:
        """Assign the variables; ``best``, if given, to those that Keras restores."""
        restored = {id(v) for v in self.job.model.weights} if best else set()
        for i, variable in enumerate(self._variables()):
            source = best if best is not None and id(variable) in restored else state
            variable.assign(source[i])

    def train_index(self, epoch: int) -> np.ndarray:
        """Draw the row order of an epoch of this run."""
        job = self.job
        return batch_order(job.seed, job.first_epoch + epoch, self.train.n_rows)

    def _variables(self) -> list[Any]:
        model = self.job.model
        return [
            *model.trainable_variables,
            *model.non_trainable_variables,
            *model.optimizer.variables,
        ]


class VisitedRows:
    """Arrays, and how a program walks through them.

    Parameters
    ----------
    arrays : tuple of (x, y, sample_weight or None)
    batch_size : int
    padded : bool
        Whether an incomplete batch may be filled up.
    """

    def __init__(self, arrays: Arrays, batch_size: int, padded: bool):
        self.arrays = tuple(a for a in arrays if a is not None)
        self.n_rows = len(arrays[0])
        if any(len(a) != self.n_rows for a in self.arrays):
            raise ValueError(
                "X, y and sample_weight must have equally many rows. "
                f"Got {[len(a) for a in self.arrays]} instead."
            )
        batch_size = min(batch_size, bucket(self.n_rows) if padded else self.n_rows)
        remainder = 0 if padded else self.n_rows % batch_size
        self.rows = Rows(batch_size, padded, remainder, arrays[2] is not None)
        self.n_steps = (
            -(-self.n_rows // batch_size) if padded else (self.n_rows // batch_size)
        )
        self.max_steps = bucket(self.n_steps)
        self.key = (
            self.rows,
            self.max_steps,
            tuple((a.shape[1:], a.dtype.str) for a in self.arrays),
        )

    def index(self, order: np.ndarray, offset: int) -> tuple[np.ndarray, np.ndarray]:
        """Lay an order of rows out in batches.

        Parameters
        ----------
        order : ndarray of shape (n_rows,), int32
        offset : int
            Where these rows start in the program's arrays.

        Returns
        -------
        index : ndarray of shape (max_steps, batch_size), int32
            -1 where there is no row.
        remainder : ndarray of shape (remainder,), int32
        """
        rows = self.rows
        cut = self.n_rows - rows.remainder
        index = np.full(self.max_steps * rows.batch_size, -1, dtype=np.int32)
        index[:cut] = order[:cut] + offset
        return (
            index.reshape(self.max_steps, rows.batch_size),
            (order[cut:] + offset).astype(np.int32),
        )


def bucket(n: int) -> int:
    """Round a count up to one of eight sizes an octave, to share programs."""
    step = 1 << max(0, (max(n, 1) - 1).bit_length() - 4)
    return -(-n // step) * step if n else 1
