"""A dense network that predicts classes."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from kerasweep.estimators._auto import AUTO_CONSTRAINTS, resolve_auto
from kerasweep.estimators._base import BaseNetwork
from kerasweep.estimators._dense import DENSE_CONSTRAINTS, describe_dense
from kerasweep.estimators._targets import NetworkClassifierMixin


class DenseClassifier(NetworkClassifierMixin, BaseNetwork):
    """Multilayer perceptron for classification.

    Minimizes the weighted mean cross-entropy of a softmax output plus
    ``l1 * sum(|w|) + l2 * sum(w**2)`` over the kernels of all layers. Where y has a
    column of zeros and ones for each label, any number of which may be a row's, the
    outputs are sigmoids, and the loss is the mean of the labels' cross-entropies.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(256,)
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
        Share of the training rows, stratified, that each epoch is validated on. None
        means 0.1 with early stopping and none without.
    restore_best_weights : bool, default=True
        Whether early stopping ends with the weights of the best epoch.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the loss; not for a column for each label.
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
        The trained network: plain Keras, to save or serve without this package.
    classes_ : ndarray of shape (n_classes,)
        Numbers of the labels where y had a column for each.
    multilabel_ : bool
        Whether y had a column for each label.
    history_ : dict of str to list of float
        One value per epoch: "loss" and "accuracy", and "val_loss" and "val_accuracy"
        where there were validation rows; "binary_accuracy", a mean over labels, where
        y had a column for each.
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
    >>> from sklearn.datasets import load_iris
    >>> from kerasweep import DenseClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DenseClassifier(random_state=0)
    >>> net.fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNetwork._parameter_constraints,
        **DENSE_CONSTRAINTS,
        **AUTO_CONSTRAINTS,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (256,),
        *,
        activation: str = "relu",
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float | None = None,
        dropout: float | Sequence[float] = 0.0,
        input_dropout: float = 0.0,
        batch_normalization: bool = False,
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
        class_weight: Any = None,
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
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.engine = engine

    def _resolve(self, n_rows: int, *, one_epoch: bool, validates: bool) -> None:
        resolve_auto(self, n_rows, one_epoch=one_epoch, validates=validates)

    def _describe(self, X: np.ndarray) -> Any:
        return describe_dense(self, X.shape[1], n_rows=len(X), **self._head())
