"""A dense network that predicts numbers."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from kerasweep.estimators._auto import AUTO_CONSTRAINTS, resolve_auto
from kerasweep.estimators._base import BaseNetwork
from kerasweep.estimators._dense import DENSE_CONSTRAINTS, describe_dense
from kerasweep.estimators._targets import NetworkRegressorMixin


class DenseRegressor(NetworkRegressorMixin, BaseNetwork):
    """Multilayer perceptron for regression, with one output or several.

    Minimizes the weighted mean squared error of a linear output plus
    ``l1 * sum(|w|) + l2 * sum(w**2)`` over the kernels of all layers. By default each
    column of y is learnt standardized, and answered in its own units.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(64, 64)
        Units of each hidden layer.
    activation : str, default="relu"
        Activation of the hidden layers, by its Keras name.
    l1, l2 : float, default=0.0
        Strengths of the penalties on all kernels; biases are free.
    max_norm : float, default=None
        Largest L2 norm of the weights that enter one hidden unit.
    dropout : float or sequence of float, default=0.0
        Share in [0, 1) of units dropped behind each hidden layer.
    input_dropout : float, default=0.0
        Share in [0, 1) of features dropped.
    batch_normalization : bool, default=False
        Whether hidden layers are normalized before their activation.
    standardize_target : bool, default=True
        Whether the network learns ``(y - target_mean_) / target_scale_``; what it
        answers is brought back into the units of y, by a last layer of `model_` too.
        The loss, `min_delta`, `l1` and `l2` are then those of the standardized target:
        whatever the units, a squared error of 1 is that of answering the mean. Both
        statistics are those of the rows that are trained on (validation rows left
        out), each row by its `sample_weight`; under `warm_start` and in
        ``partial_fit`` those of the first call stay.
    optimizer : str, default="adam"
        "sgd", "adam", "adamw", "rmsprop", "nadam", "adagrad", "adadelta", "adamax"
        or "lion".
    learning_rate : float or keras.optimizers.schedules.LearningRateSchedule, \
default=0.001
    learning_rate_schedule : {"constant", "cosine", "one_cycle"}, default="constant"
        How the rate changes over the updates of all `epochs`: not at all; from
        `learning_rate` to 0 along half a cosine; or rising from a 25th of it over the
        first 30 %, then falling so.
    momentum : float, default=0.0
        In [0, 1); for "sgd" and "rmsprop".
    batch_size : int or "auto", default="auto"
        Rows an update; capped at the number of rows. "auto" means 32, and with more
        than 4,096 rows 64, with more than 8,192 rows 128.
    epochs : int or "auto", default="auto"
        Passes over the training rows; the most there are with early stopping. "auto"
        means at most 200 with early stopping; without, 500 updates, but at least 20
        and at most 200 epochs.
    early_stopping : bool, default=None
        Whether to stop once the validation loss has not improved by `min_delta` for
        `patience` epochs. None means: with ``epochs="auto"`` and a constant rate, where
        there are at least 100 rows, or rows to validate on.
    patience : int, default=10
    min_delta : float, default=0.001
    validation_fraction : float, default=None
        Share of the training rows that each epoch is validated on. None
        means 0.1 with early stopping and none without.
    restore_best_weights : bool, default=True
        Whether early stopping ends with the weights of the best epoch.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights and the optimizer state at hand.
    random_state : int, RandomState instance or None, default=None
        Draws initial weights, row order, dropout and validation rows. The same int
        gives the same network. None takes fresh entropy; no global random state is
        read or changed.
    verbose : int, default=0
        Passed to Keras where Keras does the training.
    engine : {"auto", "compiled", "keras"}, default="auto"
        "compiled" trains whole epochs in one compiled program that all networks of
        this architecture share, "keras" through ``Model.fit``. "auto" takes the first
        wherever it can express the network and its training.

    Attributes
    ----------
    model_ : keras.Model
        The trained network: plain Keras, to save or serve without this package. It
        answers in the units of y, in single precision, which holds seven digits.
    n_outputs_ : int
    target_mean_, target_scale_ : ndarray of shape (`n_outputs_`,), float64
        Weighted mean and standard deviation of each column of y, 1 for that of a
        constant one; with `standardize_target` alone.
    history_ : dict of str to list of float
        One value per epoch: "loss", and "val_loss" where there were validation rows;
        of the standardized target with `standardize_target`.
    engine_ : {"compiled", "keras"}
        Which engine trained the network.
    batch_size_, epochs_ : int
        What `batch_size` and `epochs` meant in the last call; one epoch in
        ``partial_fit``.
    early_stopping_ : bool
        Whether the last call could stop early.
    n_epochs_ : int
        Epochs trained, over all calls.
    best_epoch_ : int
        Epoch, from 0, of the lowest validation loss; with early stopping alone.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    Examples
    --------
    >>> import numpy as np
    >>> from kerasweep import DenseRegressor
    >>> X = np.linspace(-1, 1, 200).reshape(-1, 1)
    >>> net = DenseRegressor(random_state=0)
    >>> net.fit(X, X.ravel() ** 2).score(X, X.ravel() ** 2) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNetwork._parameter_constraints,
        **DENSE_CONSTRAINTS,
        **AUTO_CONSTRAINTS,
        "standardize_target": ["boolean"],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (64, 64),
        *,
        activation: str = "relu",
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float | None = None,
        dropout: float | Sequence[float] = 0.0,
        input_dropout: float = 0.0,
        batch_normalization: bool = False,
        standardize_target: bool = True,
        optimizer: str = "adam",
        learning_rate: Any = 0.001,
        learning_rate_schedule: str = "constant",
        momentum: float = 0.0,
        batch_size: Any = "auto",
        epochs: Any = "auto",
        early_stopping: bool | None = None,
        patience: int = 10,
        min_delta: float = 0.001,
        validation_fraction: float | None = None,
        restore_best_weights: bool = True,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
        engine: str = "auto",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.l1 = l1
        self.l2 = l2
        self.max_norm = max_norm
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.batch_normalization = batch_normalization
        self.standardize_target = standardize_target
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.momentum = momentum
        self.batch_size = batch_size
        self.epochs = epochs
        self.early_stopping = early_stopping
        self.patience = patience
        self.min_delta = min_delta
        self.validation_fraction = validation_fraction
        self.restore_best_weights = restore_best_weights
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.engine = engine

    def _resolve(self, n_rows: int, *, one_epoch: bool, validates: bool) -> None:
        resolve_auto(self, n_rows, one_epoch=one_epoch, validates=validates)

    def _describe(self, X: np.ndarray) -> Any:
        return describe_dense(
            self,
            X.shape[1],
            n_outputs=self.n_outputs_,
            n_rows=len(X),
            output_activation="linear",
            loss="mean_squared_error",
        )
