"""A convolutional network that predicts classes."""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from kerasweep import training
from kerasweep.estimators._base import BaseNetwork
from kerasweep.estimators._dense import DENSE_CONSTRAINTS, SIZES, is_size
from kerasweep.estimators._images import images_to_rows
from kerasweep.estimators._limits import MOST_UNITS
from kerasweep.estimators._optimizers import (
    OPTIMIZER_CONSTRAINTS,
    optimizer_settings,
    split_optimizer,
)
from kerasweep.estimators._targets import NetworkClassifierMixin
from kerasweep.networks import conv_network, pooled_rates
from kerasweep.preprocessing._image_shape import resolve_image_shape
from kerasweep.preprocessing._numbers import refuse_disguised

_RATES: list[Any] = ["array-like", Interval(Real, 0, 1, closed="left")]
_LIKE_DENSE = ("activation", "l1", "l2", "max_norm", "batch_normalization")


class ConvClassifier(NetworkClassifierMixin, BaseNetwork):
    """Convolutional network for classification of images.

    Minimizes the weighted mean cross-entropy of a softmax output plus
    ``l1 * sum(|w|) + l2 * sum(w**2)`` over the kernels of all layers. A convolution is
    followed by its normalization, activation, pooling and dropout, where there are
    such, and all convolutions by dense layers.

    Parameters
    ----------
    filters : int or sequence of int, default=(32, 64)
        Output channels of each convolution. One number holds for as many convolutions
        as `kernel_size`, `pool_size` or `conv_dropout` has values, else for one.
    kernel_size : int or sequence of int, default=3
        Side of the square kernels in pixels, of all convolutions or of each. A kernel
        or pooling window larger than the map it slides over is cut to it.
    pool_size : int or sequence of int, default=2
        Side and stride in pixels of the max-pooling behind all convolutions or behind
        each; 1 pools nothing, so that (1, 2, 1, 2) pools behind every other one.
    padding : {"valid", "same"}, default="valid"
        Whether kernels stay inside the map, or zeros around it keep its size.
    dense : int or sequence of int, default=(64,)
        Units of each dense layer between the convolutions and the output.
    activation : str, default="relu"
        Activation of convolutions and hidden dense layers, by its Keras name.
    l1, l2 : float, default=0.0
        Strengths of the penalties on all kernels; biases are free.
    max_norm : float, default=None
        Largest L2 norm of the weights that enter one channel or hidden unit.
    conv_dropout : float or sequence of float, default=0.0
        Share in [0, 1) of values dropped: one number behind every pooling, or one for
        each convolution, behind it and its pooling.
    dropout : float or sequence of float, default=0.0
        Share in [0, 1) of units dropped behind all hidden dense layers, or behind each.
    batch_normalization : bool, default=False
        Whether convolutions and hidden dense layers are normalized before their
        activation.
    max_shift : float, default=0.0
        Largest shift of training images, as a share in [0, 1] of their height and
        width. Each time that an image is seen, its shift is drawn anew; what comes in
        at the edge is 0.
    max_rotation : float, default=0.0
        Largest rotation of training images in degrees, in [0, 180], either way.
    image_shape : (height, width) or (height, width, channels), default=None
        How the features of a row form an image, channels last. None takes rows whose
        length is a square number for square grey images.
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
    batch_size : int, default=64
        Rows an update; capped at the number of rows.
    epochs : int, default=10
        Passes over the training rows; the most there are with `early_stopping`.
    early_stopping : bool, default=False
        Whether to stop once the validation loss has not improved by `min_delta` for
        `patience` epochs.
    patience : int, default=5
    min_delta : float, default=0.0
    validation_fraction : float, default=None
        Share of the training rows, stratified, that each epoch is validated on. None
        means 0.1 with `early_stopping` and none without.
    restore_best_weights : bool, default=True
        Whether early stopping ends with the weights of the best epoch.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in the loss.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights and the optimizer state at hand.
    random_state : int, RandomState instance or None, default=None
        Draws initial weights, row order, dropout, shifts, rotations and validation
        rows. The same int gives the same network. None takes fresh entropy; no global
        random state is read or changed.
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
        takes images of shape (n, height, width, channels), and shifts or rotates none
        of them in prediction.
    image_shape_ : (height, width, channels)
        Shape of an image.
    classes_ : ndarray of shape (n_classes,)
        Numbers of the labels where y had a column of zeros and ones for each: then
        outputs are sigmoids, with a binary cross-entropy.
    multilabel_ : bool
        Whether y had a column for each label.
    history_ : dict of str to list of float
        One value per epoch: "loss" and "accuracy", and "val_loss" and "val_accuracy"
        where there were validation rows.
    engine_ : {"compiled", "keras"}
        Which engine trained the network.
    n_epochs_ : int
        Epochs trained, over all calls.
    best_epoch_ : int
        Epoch, from 0, of the lowest validation loss; with `early_stopping` alone.
    n_features_in_ : int
        Features of a row: the values in an image.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    Notes
    -----
    Every method takes X as rows, of shape (n_samples, n_features), or as images, of
    shape (n_samples, height, width) or (n_samples, height, width, channels), whichever
    of them ``fit`` was given.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to
    document recognition", Proceedings of the IEEE 86 (1998) 2278-2324.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from kerasweep import ConvClassifier
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> net = ConvClassifier((8,), dense=(), epochs=15, random_state=0).fit(X / 16, y)
    >>> net.image_shape_
    (8, 8, 1)
    >>> net.score((X / 16).reshape(-1, 8, 8), y) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNetwork._parameter_constraints,
        **{name: DENSE_CONSTRAINTS[name] for name in _LIKE_DENSE},
        **OPTIMIZER_CONSTRAINTS,
        "filters": SIZES,
        "kernel_size": SIZES,
        "pool_size": SIZES,
        "padding": [StrOptions({"valid", "same"})],
        "dense": SIZES,
        "conv_dropout": _RATES,
        "dropout": _RATES,
        "max_shift": [Interval(Real, 0, 1, closed="both")],
        "max_rotation": [Interval(Real, 0, 180, closed="both")],
        "image_shape": ["array-like", None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    image_shape_: tuple[int, int, int]

    def __init__(
        self,
        filters: int | Sequence[int] = (32, 64),
        *,
        kernel_size: int | Sequence[int] = 3,
        pool_size: int | Sequence[int] = 2,
        padding: str = "valid",
        dense: int | Sequence[int] = (64,),
        activation: str = "relu",
        l1: float = 0.0,
        l2: float = 0.0,
        max_norm: float | None = None,
        conv_dropout: float | Sequence[float] = 0.0,
        dropout: float | Sequence[float] = 0.0,
        batch_normalization: bool = False,
        max_shift: float = 0.0,
        max_rotation: float = 0.0,
        image_shape: Sequence[int] | None = None,
        optimizer: str = "adam",
        learning_rate: Any = 0.001,
        learning_rate_schedule: str = "constant",
        momentum: float = 0.0,
        batch_size: int = 64,
        epochs: int = 10,
        early_stopping: bool = False,
        patience: int = 5,
        min_delta: float = 0.0,
        validation_fraction: float | None = None,
        restore_best_weights: bool = True,
        class_weight: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
        engine: str = "auto",
    ):
        self.filters = filters
        self.kernel_size = kernel_size
        self.pool_size = pool_size
        self.padding = padding
        self.dense = dense
        self.activation = activation
        self.l1 = l1
        self.l2 = l2
        self.max_norm = max_norm
        self.conv_dropout = conv_dropout
        self.dropout = dropout
        self.batch_normalization = batch_normalization
        self.max_shift = max_shift
        self.max_rotation = max_rotation
        self.image_shape = image_shape
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

    def _check_features(self, X: Any, *, first: bool) -> np.ndarray:
        owner = type(self).__name__
        refuse_disguised(f"X of {owner}", X)  # before images become rows
        if not hasattr(X, "shape"):
            X = np.asarray(X)
        rows = images_to_rows(owner, X, None if first else self.image_shape_)
        rows = super()._check_features(rows, first=first)
        if first:
            self.image_shape_ = resolve_image_shape(
                owner, X.shape[1:], self.image_shape
            )
        return rows.reshape(len(rows), *self.image_shape_)

    def _describe(self, X: np.ndarray) -> Any:
        filters = self._per_layer("filters", is_size, self._convolutions())
        if not filters:
            raise ValueError(
                f"filters of {type(self).__name__} must name at least one convolution. "
                f"Got {self.filters!r} instead."
            )
        dense = self._per_layer("dense", is_size)
        convolutions = (len(filters), "convolutions")
        pools = self._per_layer("pool_size", is_size, convolutions)
        rates: Any = self.conv_dropout
        if not isinstance(rates, Real):
            rates = self._per_layer("conv_dropout", _is_rate, convolutions)
        elif float(rates) > 0 and not any(size > 1 for size in pools):
            raise ValueError(
                f"conv_dropout (={rates!r}) of {type(self).__name__} stands behind "
                f"poolings, and pool_size (={self.pool_size!r}) makes none. Pass one "
                "number for each convolution."
            )
        numbers = {
            "l1": float(self.l1),
            "l2": float(self.l2),
            "max_norm": None if self.max_norm is None else float(self.max_norm),
            "conv_dropout": tuple(pooled_rates(rates, pools)),
            "dropout": tuple(
                float(rate)
                for rate in self._per_layer(
                    "dropout", _is_rate, (len(dense), "dense layers")
                )
            ),
        }
        kernels = self._per_layer("kernel_size", is_size, convolutions)
        compiled, of_optimizer = split_optimizer(optimizer_settings(self, len(X)))
        head = self._head()
        blueprint = training.Blueprint.of(
            conv_network,
            {
                "image_shape": self.image_shape_,
                "n_outputs": head["n_outputs"],
                "filters": tuple(map(int, filters)),
                "kernel_size": tuple(map(int, kernels)),
                "pool_size": tuple(map(int, pools)),
                "padding": self.padding,
                "dense": tuple(map(int, dense)),
                "activation": self.activation,
                "output_activation": head["output_activation"],
                "batch_normalization": bool(self.batch_normalization),
            },
            numbers | of_optimizer,
            options={
                "max_shift": float(self.max_shift),
                "max_rotation": float(self.max_rotation),
            },
            training={"loss": head["loss"], "metrics": head["metrics"], **compiled},
            dropout=("conv_dropout", "dropout"),
        )
        return blueprint, numbers | of_optimizer

    def _convolutions(self) -> tuple[int, str] | None:
        """Return how many convolutions one number of `filters` stands for."""
        if not isinstance(self.filters, Real):
            return None
        given: tuple[Any, ...] = (self.kernel_size, self.pool_size, self.conv_dropout)
        lengths = [len(value) for value in given if not isinstance(value, Real)]
        return max(lengths, default=1), "convolutions"

    def _per_layer(
        self,
        name: str,
        valid: Callable[[Any], bool],
        layers: tuple[int, str] | None = None,
    ) -> list[Any]:
        """Return a parameter as a list, of one value for each of `layers` if given."""
        given = getattr(self, name)
        if isinstance(given, Real):
            values = [given] * (layers[0] if layers else 1)
        else:
            values = list(given)
        wrong_number = layers is not None and len(values) != layers[0]
        if wrong_number or not all(valid(value) for value in values):
            integer = f"an integer from 1 to {MOST_UNITS}"
            kind = integer if valid is is_size else "a number in [0, 1)"
            several = f"one for each of the {layers[0]} {layers[1]}" if layers else ""
            raise ValueError(
                f"{name} of {type(self).__name__} must be {kind} or "
                f"{several or 'a sequence of them'}. Got {given!r} instead."
            )
        return values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _is_rate(value: Any) -> bool:
    return isinstance(value, Real) and 0 <= float(value) < 1
