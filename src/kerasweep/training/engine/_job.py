"""What a training run is given and what it gives back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray | None]
OnEpoch = Callable[[int, dict[str, float]], bool | None]


class GivenBatches(NamedTuple):
    """Batches that a user's own dataset makes: a PyDataset or a tf.data.Dataset."""

    dataset: Any


@dataclass(frozen=True)
class EarlyStopping:
    """When to stop a run whose validation loss no longer improves.

    The meaning of each field is that of ``keras.callbacks.EarlyStopping`` with
    ``monitor="val_loss"`` and ``mode="min"``.

    Attributes
    ----------
    patience : int
        Epochs without an improvement after which training stops.
    min_delta : float
        Smallest decrease of the validation loss that counts as an improvement.
    restore_best_weights : bool
        Whether the model ends with the weights of its best epoch.
    """

    patience: int
    min_delta: float = 0.0
    restore_best_weights: bool = True


@dataclass
class TrainingJob:
    """One network, its data, and how to train it.

    Attributes
    ----------
    network : Network or keras.Model
        A model, built and compiled, is trained in place.
    train : tuple of (X, y, sample_weight)
        ``X`` float32 of shape (n_samples, ...), ``y`` as the model's loss takes it,
        ``sample_weight`` float32 of shape (n_samples,) or None. What reads or makes
        rows only when they are asked for, by numbers or a slice, and batches of a
        user's own, train through ``Model.fit``.
    epochs : int
    batch_size : int
        Rows an update; the last update of an epoch takes what is left.
    seed : int
        Draws the order of the rows, afresh each epoch; see :func:`batch_order`.
    validation : tuple of (X, y, sample_weight) or None
        Evaluated after each epoch.
    early_stopping : EarlyStopping or None
        Needs ``validation``.
    on_epoch : callable or None
        Called as ``on_epoch(epoch, logs)`` after each epoch, counted from 0 in this
        run; ``logs`` has Keras' names (loss, accuracy, val_loss, ...). Returning
        True stops the run after this epoch.
    first_epoch : int
        Epochs that the network has behind it: shifts the row order's draw.
    terminate_on_nan : bool
        Whether training ends with the first epoch whose loss is infinite or NaN. With
        neither ``on_epoch`` nor early stopping it may be found some epochs later, and
        the history then ends with it, too.
    keras_callbacks : sequence of keras.callbacks.Callback
        A user's own callbacks.
    engine : {"auto", "compiled", "keras"}
        Which code trains the network: the compiled engine wherever it can express
        the job, nothing but the compiled engine, or ``Model.fit``.
    """

    network: Any
    train: Any
    epochs: int
    batch_size: int
    seed: int
    validation: Any = None
    early_stopping: EarlyStopping | None = None
    on_epoch: OnEpoch | None = None
    first_epoch: int = 0
    terminate_on_nan: bool = False
    keras_callbacks: Sequence[Any] = ()
    verbose: int = 0
    engine: str = "auto"

    def __post_init__(self) -> None:
        if hasattr(self.network, "layers"):
            from kerasweep.training.engine._network import Live

            self.network = Live(self.network)


@dataclass
class TrainingResult:
    """What happened in a run.

    Attributes
    ----------
    history : dict of str to list of float
        One value per epoch for each of Keras' log names.
    best_epoch : int or None
        Epoch, counted from 0, of the lowest validation loss under early stopping.
    engine : {"compiled", "keras"}
        Which code trained the network.
    reason : str
        Why it was not the compiled engine, where that was asked for.
    network : Network
        The trained network: the job's own, or the model that ``Model.fit`` trained
        in its place.
    """

    history: dict[str, list[float]] = field(default_factory=dict)
    best_epoch: int | None = None
    engine: str = "keras"
    reason: str = ""
    network: Any = None


def batch_order(seed: int, epoch: int, n_samples: int) -> np.ndarray:
    """Draw the order in which an epoch visits its rows.

    The order is a function of the three arguments alone, so that every engine
    trains on the same batches.

    Parameters
    ----------
    seed : int
        In [0, 2**63).
    epoch : int
        Counted from 0 over the whole life of the network.
    n_samples : int

    Returns
    -------
    order : ndarray of shape (n_samples,), int32
        A permutation of ``range(n_samples)``.
    """
    rng = np.random.Generator(np.random.SFC64([seed, epoch]))
    return rng.permutation(np.arange(n_samples, dtype=np.int32))
