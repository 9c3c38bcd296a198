"""Training through ``Model.fit``, for what the compiled engine cannot express."""

import math
from typing import Any

import keras
import numpy as np

from kerasweep.training.engine._job import (
    Arrays,
    GivenBatches,
    TrainingJob,
    TrainingResult,
    batch_order,
)


class _ShuffledBatches(keras.utils.PyDataset):
    """The training rows in the order that :func:`batch_order` draws."""

    def __init__(self, data: Arrays, batch_size: int, seed: int, first_epoch: int):
        super().__init__()
        self._arrays = tuple(a for a in data if a is not None)
        self._n_samples = len(data[0])
        self._batch_size = batch_size
        self._seed = seed
        self._first_epoch = first_epoch
        self.refusal: ValueError | None = None
        self.draw(0)

    def draw(self, epoch: int) -> None:
        """Take the order of an epoch, counted from 0 in this run."""
        self._order = batch_order(
            self._seed, self._first_epoch + epoch, self._n_samples
        )

    def __len__(self) -> int:
        return -(-self._n_samples // self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        try:
            return tuple(a[rows] for a in self._arrays)
        except ValueError as error:  # which a backend would wrap in errors of its own
            self.refusal = error
            raise


class _BatchesInOrder(_ShuffledBatches):
    """Rows as they come, to validate on."""

    def draw(self, epoch: int) -> None:
        self._order = np.arange(self._n_samples)


class _Draw(keras.callbacks.Callback):
    """Draws each epoch's order.

    ``PyDataset.on_epoch_end`` would not do: Keras also calls it once before the
    first epoch, after a look at one batch, if the model's metrics are not built.
    """

    def __init__(self, batches: _ShuffledBatches):
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._batches.draw(epoch)


class _Report(keras.callbacks.Callback):
    """Hands each epoch's logs on, and stops when told to."""

    def __init__(self, job: TrainingJob):
        super().__init__()
        self._job = job

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values = {k: float(v) for k, v in (logs or {}).items()}
        stop = self._job.terminate_on_nan and not math.isfinite(values["loss"])
        if self._job.on_epoch is not None:
            stop = self._job.on_epoch(epoch, values) or stop
        if stop:
            self.model.stop_training = True


def fit_with_keras(job: TrainingJob) -> TrainingResult:
    """Run a job through ``keras.Model.fit``.

    Parameters
    ----------
    job : TrainingJob

    Returns
    -------
    result : TrainingResult
    """
    batches, validation = _batches(job), _validation_data(job)
    ours = [b for b in (batches, validation) if isinstance(b, _ShuffledBatches)]
    callbacks = [_Draw(b) for b in ours[:1] if b is batches] + [*job.keras_callbacks]
    stopper = None
    if job.early_stopping is not None:
        stopper = keras.callbacks.EarlyStopping(
            monitor="val_loss",
            mode="min",
            patience=job.early_stopping.patience,
            min_delta=job.early_stopping.min_delta,
            restore_best_weights=job.early_stopping.restore_best_weights,
        )
        callbacks.append(stopper)
    callbacks.append(_Report(job))
    network = job.network.to_live()
    try:
        history = network.model.fit(
            batches,
            epochs=job.epochs,
            shuffle=False,
            validation_data=validation,
            validation_batch_size=max(job.batch_size, 1024)
            if isinstance(validation, tuple)
            else None,
            callbacks=callbacks,
            verbose=job.verbose,
        )
    except Exception:
        for refusal in [b.refusal for b in ours if b.refusal is not None]:
            raise refusal from None
        raise
    return TrainingResult(
        history={k: [float(v) for v in h] for k, h in history.history.items()},
        best_epoch=None if stopper is None else int(stopper.best_epoch),
        engine="keras",
        network=network,
    )


def _batches(job: TrainingJob) -> Any:
    if isinstance(job.train, GivenBatches):
        return job.train.dataset
    return _ShuffledBatches(job.train, job.batch_size, job.seed, job.first_epoch)


def _validation_data(job: TrainingJob) -> Any:
    validation = job.validation
    if validation is None:
        return None
    if isinstance(validation, GivenBatches):
        return validation.dataset
    if not all(isinstance(a, np.ndarray | None) for a in validation):
        return _BatchesInOrder(validation, max(job.batch_size, 1024), 0, 0)
    return tuple(a for a in validation if a is not None)
