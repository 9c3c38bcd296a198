"""Everything about a job that is known before its first step."""

from collections.abc import Hashable

import numpy as np

from kerasweep.training.engine._eligible import check_arrays
from kerasweep.training.engine._epoch import Rows
from kerasweep.training.engine._job import Arrays, TrainingJob, batch_order
from kerasweep.training.engine._padded import roomy

_EVAL_BATCH = 1024


class Plan:
    """A job, its program's key, and the order of its rows.

    Parameters
    ----------
    job : TrainingJob

    Attributes
    ----------
    network : Network
        As the program takes it.
    facts : Facts
    train, validation : VisitedRows
        ``validation`` is None without validation data.
    key : hashable
        Jobs of one key can be trained by one program.
    group : hashable
        Jobs of one key and group can be trained together.
    """

    def __init__(self, job: TrainingJob):
        self.job = job
        self.network = roomy(job.network, job.batch_size)
        self.facts = self.network.facts
        padded = self.facts.row_by_row
        self.train = VisitedRows(check_arrays(job.train), job.batch_size, padded)
        self.validation = None
        if job.validation is not None:
            self.validation = VisitedRows(
                check_arrays(job.validation), max(job.batch_size, _EVAL_BATCH), padded
            )
        self.key: Hashable = (
            self.network.key(self),
            self.train.key,
            None if self.validation is None else self.validation.key,
        )
        self.group = (
            self.train.n_steps,
            None if self.validation is None else self.validation.n_steps,
        )

    @property
    def watched(self) -> bool:
        """Whether somebody is told of each epoch, or may end the run after one."""
        return self.job.on_epoch is not None or self.job.early_stopping is not None

    def train_index(self, epoch: int) -> np.ndarray:
        """Draw the row order of an epoch of this run."""
        job = self.job
        return batch_order(job.seed, job.first_epoch + epoch, self.train.n_rows)


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
        # Of few rows, one of few sizes.
        most = 1 << (self.n_rows - 1).bit_length() if padded else self.n_rows
        batch_size = min(batch_size, most)
        remainder = 0 if padded else self.n_rows % batch_size
        self.rows = Rows(batch_size, padded, remainder, arrays[2] is not None)
        self.n_steps = (
            -(-self.n_rows // batch_size) if padded else (self.n_rows // batch_size)
        )
        kinds = tuple((a.shape[1:], a.dtype.str) for a in self.arrays)
        self.key = (self.rows, kinds)
