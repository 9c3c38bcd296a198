"""A network that gives back clean rows for noisy ones."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions

from kerasweep import training
from kerasweep.estimators._base import BaseNetwork
from kerasweep.estimators._corruption import corrupt, impulses, noise_settings
from kerasweep.estimators._dense import DENSE_CONSTRAINTS, is_size, layer_sizes
from kerasweep.estimators._fold import Fold
from kerasweep.estimators._limits import MOST_UNITS
from kerasweep.estimators._optimizers import OPTIMIZER_CONSTRAINTS, optimizer_settings
from kerasweep.networks import (
    compile_network,
    conv_denoiser,
    dense_autoencoder,
    encoder_and_decoder,
    noise_in_training,
)
from kerasweep.preprocessing._image_shape import resolve_image_shape

_OUTPUT = {"binary_crossentropy": "sigmoid", "mean_squared_error": "linear"}
# As keras.config.epsilon: the loss of a certain and wrong output is finite.
_EPSILON = 1e-7


class DenoisingAutoencoder(OneToOneFeatureMixin, TransformerMixin, BaseNetwork):
    r"""Learn to take noise out of images or other rows.

    ``fit`` is given clean rows. In each training step it corrupts them afresh and lets
    the network tell the clean row :math:`x` from the noisy one :math:`\tilde x`; with
    either loss the best answer is the mean of :math:`p(x \mid \tilde x)`.
    ``transform`` then denoises whatever it is given, and adds no noise.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(128, 96, 128)
        Units of each hidden layer of the dense network. The narrowest is the code.
    noise : {"salt_and_pepper", "gaussian"}, default="salt_and_pepper"
        What to learn to remove: values replaced by `low` or `high`, or numbers added
        to all of them and the sum clipped to [`low`, `high`].
    amount : float or (low, high), default=0.4
        Level of the noise in training: the share of values replaced, in [0, 1], or
        the standard deviation in the unit of X. From a range each row's level is
        drawn uniformly, in each step anew.
    salt_vs_pepper : float, default=0.5
        Share of `high` among the replaced values, in [0, 1].
    low, high : float or None, default=0.0 and 1.0
        Values of pepper and of salt, or the bounds of Gaussian noise; None for no
        bound.
    architecture : {"dense", "conv"}, default="dense"
        A fully connected autoencoder, or a convolutional network after the U-Net,
        which is for images, and stronger; see
        :func:`kerasweep.networks.conv_denoiser`.
    filters : sequence of int, default=(32, 64)
        Channels of each level of the convolutional network; each halves the image.
    dense : int, default=256
        Units of the layer of the convolutional network that sees the whole image; 0
        for none.
    image_shape : (height, width[, channels]), default=None
        What a row stands for in the convolutional network. None takes the shape of
        the images in X, or a square grey image, or else one of a single line.
    loss : {"binary_crossentropy", "mean_squared_error"}, default="binary_crossentropy"
        The first takes values in [0, 1], such as scaled pixels, and has a sigmoid
        output; the second takes any, and has a linear one.
    activation : str, default="relu"
        Activation of the hidden layers, by its Keras name.
    optimizer : str, default="adam"
        "sgd", "adam", "adamw", "rmsprop", "nadam", "adagrad", "adadelta", "adamax"
        or "lion".
    learning_rate : float or LearningRateSchedule, default=0.001
    learning_rate_schedule : {"constant", "cosine", "one_cycle"}, default="constant"
        How the rate changes over the updates of all `epochs`: not at all; from
        `learning_rate` to 0 along half a cosine; or rising from a 25th of it over the
        first 30 %, then falling so.
    momentum : float, default=0.0
        In [0, 1); for "sgd" and "rmsprop".
    batch_size : int, default=64
        Rows an update; capped at the number of rows.
    epochs : int, default=32
        Passes over the training rows; the most there are with `early_stopping`.
    early_stopping : bool, default=False
        Whether to stop once the validation loss has not improved by `min_delta` for
        `patience` epochs.
    patience : int, default=5
    min_delta : float, default=0.0
    validation_fraction : float, default=None
        Share of the training rows that each epoch is validated on, with noise that
        stays the same in all epochs. None means 0.1 with `early_stopping` and none
        without.
    restore_best_weights : bool, default=True
        Whether early stopping ends with the weights of the best epoch.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights and the optimizer state at hand.
    random_state : int, RandomState instance or None, default=None
        Draws initial weights, row order, noise and validation rows. The same int
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
        The trained network without the noise, from flat rows to flat rows: plain
        Keras, to save or serve without this package.
    history_ : dict of str to list of float
        One value per epoch: "loss", and "val_loss" where there were validation rows;
        means over rows and features.
    engine_ : {"compiled", "keras"}
        Which engine trained the network.
    n_epochs_ : int
        Epochs trained, over all calls.
    best_epoch_ : int
        Epoch, from 0, of the lowest validation loss; with `early_stopping` alone.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    See Also
    --------
    kerasweep.preprocessing.SaltAndPepper : The noise, as a transformer.
    kerasweep.preprocessing.MedianFilter : Removes it without learning.
    kerasweep.model_selection.noise_robustness : Measures how well that works.

    References
    ----------
    P. Vincent, H. Larochelle, Y. Bengio and P.-A. Manzagol, "Extracting and composing
    robust features with denoising autoencoders", ICML 2008, 1096-1103.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from kerasweep import DenoisingAutoencoder, SaltAndPepper
    >>> X = load_digits().data / 16
    >>> net = DenoisingAutoencoder((64, 32, 64), amount=0.2, epochs=20, random_state=0)
    >>> noisy = SaltAndPepper(amount=0.2, random_state=0).fit_transform(X)
    >>> denoised = net.fit(X).transform(noisy)
    >>> bool(((denoised - X) ** 2).mean() < 0.5 * ((noisy - X) ** 2).mean())
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNetwork._parameter_constraints,
        **OPTIMIZER_CONSTRAINTS,
        "hidden_layer_sizes": DENSE_CONSTRAINTS["hidden_layer_sizes"],
        "activation": DENSE_CONSTRAINTS["activation"],
        "noise": [StrOptions({"salt_and_pepper", "gaussian"})],
        "amount": [Interval(Real, 0, None, closed="left"), "array-like"],
        "salt_vs_pepper": [Interval(Real, 0, 1, closed="both")],
        "low": [Interval(Real, None, None, closed="neither"), None],
        "high": [Interval(Real, None, None, closed="neither"), None],
        "architecture": [StrOptions({"dense", "conv"})],
        "filters": ["array-like"],
        "dense": [Interval(Integral, 0, MOST_UNITS, closed="both")],
        "image_shape": ["array-like", None],
        "loss": [StrOptions(set(_OUTPUT))],
    }

    _allow_nd = True

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (128, 96, 128),
        *,
        noise: str = "salt_and_pepper",
        amount: float | Sequence[float] = 0.4,
        salt_vs_pepper: float = 0.5,
        low: float | None = 0.0,
        high: float | None = 1.0,
        architecture: str = "dense",
        filters: Sequence[int] = (32, 64),
        dense: int = 256,
        image_shape: Sequence[int] | None = None,
        loss: str = "binary_crossentropy",
        activation: str = "relu",
        optimizer: str = "adam",
        learning_rate: Any = 0.001,
        learning_rate_schedule: str = "constant",
        momentum: float = 0.0,
        batch_size: int = 64,
        epochs: int = 32,
        early_stopping: bool = False,
        patience: int = 5,
        min_delta: float = 0.0,
        validation_fraction: float | None = None,
        restore_best_weights: bool = True,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
        engine: str = "auto",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.noise = noise
        self.amount = amount
        self.salt_vs_pepper = salt_vs_pepper
        self.low = low
        self.high = high
        self.architecture = architecture
        self.filters = filters
        self.dense = dense
        self.image_shape = image_shape
        self.loss = loss
        self.activation = activation
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

    # Training -----------------------------------------------------------------------

    def _build_model(self, X: np.ndarray, seed: int) -> Any:
        settings: dict[str, Any] = {
            "activation": self.activation,
            "output_activation": _OUTPUT[self.loss],
            "seed": seed,
        }
        if self.architecture == "dense":
            sizes = layer_sizes(self)
            if not sizes:
                raise ValueError(
                    f"hidden_layer_sizes of {type(self).__name__} must hold at least "
                    f"one layer. Got {self.hidden_layer_sizes!r} instead."
                )
            model = dense_autoencoder(
                _flat(X).shape[1], hidden_layer_sizes=sizes, **settings
            )
        else:
            model = conv_denoiser(
                resolve_image_shape(type(self).__name__, X.shape[1:], self.image_shape),
                filters=self._filters(),
                dense=int(self.dense),
                impulses=impulses(self),
                **settings,
            )
        optimizer = optimizer_settings(self, len(X))
        return compile_network(model, loss=self.loss, **optimizer)

    def _network_in_training(self, network: Any, seed: int) -> Any:
        noisy = noise_in_training(network.model, **noise_settings(self), seed=seed)
        # The same optimizer object: its state goes with the network that stays.
        noisy.compile(optimizer=network.model.optimizer, loss=self.loss)
        return training.Live(noisy)

    def _validation_rows(self, rows: Fold, seed: int) -> Fold:
        return rows._replace(X=corrupt(rows.X, **noise_settings(self), seed=seed))

    def _needs_y(self) -> bool:
        return False

    def _encode_target(self, X: np.ndarray, y: Any, *, first: bool) -> np.ndarray:
        self._check_range(X)
        noise_settings(self)  # refuses levels before anything is built
        return _flat(X)

    def _loss_input(self, X: np.ndarray, target: np.ndarray) -> np.ndarray:
        return _flat(X)

    def _check_range(self, X: np.ndarray) -> None:
        least, most = X.min(), X.max()
        if self.loss == "binary_crossentropy" and not 0 <= least <= most <= 1:
            raise ValueError(
                f"X of {type(self).__name__} must lie in [0, 1] with loss="
                f"'binary_crossentropy'. Got values from {least:g} to {most:g} "
                "instead. Scale them, with PixelScaler for instance, or pass loss="
                "'mean_squared_error'."
            )

    def _filters(self) -> tuple[int, ...]:
        filters = tuple(self.filters)
        if not filters or not all(is_size(n) for n in filters):
            raise ValueError(
                f"filters of {type(self).__name__} must be at least one "
                f"integer from 1 to {MOST_UNITS}. Got {self.filters!r} instead."
            )
        return tuple(int(n) for n in filters)

    # Using --------------------------------------------------------------------------

    def transform(self, X: Any) -> np.ndarray:
        """Denoise rows or images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, height, width, \
...)
            Noisy ones, or clean ones. They need not lie in [0, 1].

        Returns
        -------
        X_denoised : ndarray of the shape of X
            In single precision unless X is in double precision. In [0, 1] with
            ``loss="binary_crossentropy"``.
        """
        self._check_fitted()
        double = getattr(X, "dtype", None) == np.float64
        X = self._check_features(X, first=False)
        clean = self._predict(self._network, _flat(X)).reshape(X.shape)
        return clean.astype(np.float64 if double else np.float32, copy=False)

    def encode(self, X: Any) -> np.ndarray:
        """Compute the codes of rows: the activations of the narrowest layer.

        The convolutional network has no codes: details pass its narrowest layer by, so
        that nothing could be decoded from it alone.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, height, width, \
...)

        Returns
        -------
        codes : ndarray of shape (n_samples, n_units), float64
        """
        self._check_fitted()
        encoder, _ = self._encoder_and_decoder("encode")
        X = self._check_features(X, first=False)
        return self._predict(encoder, _flat(X)).astype(np.float64)

    def decode(self, codes: Any) -> np.ndarray:
        """Compute the rows that codes stand for.

        ``decode(encode(X))`` is ``transform(X)``.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_units)

        Returns
        -------
        X : ndarray of shape (n_samples, ...), float64
            In the shape of the rows seen in ``fit``.
        """
        self._check_fitted()
        _, decoder = self._encoder_and_decoder("decode")
        codes = check_array(codes, dtype=np.float32, input_name="codes", estimator=self)
        width = decoder.input_shape[1]
        if codes.shape[1] != width:
            raise ValueError(
                f"codes of {type(self).__name__} must have {width} columns, as encode "
                f"gives them. Got {codes.shape[1]} instead."
            )
        rows = self._predict(decoder, codes).astype(np.float64)
        return rows.reshape(-1, *self._row_shape)

    def _encoder_and_decoder(self, method: str) -> tuple[Any, Any]:
        if not any(layer.name == "code" for layer in self.model_.layers):
            raise ValueError(
                f"architecture of {type(self).__name__} must be 'dense' for {method}: "
                "in the convolutional network details pass the code by, so that a "
                "code alone can't be decoded. Got 'conv' instead."
            )
        return encoder_and_decoder(self.model_)

    def score(self, X: Any, y: Any = None) -> float:
        """Compute minus the mean loss of denoising a corrupted copy of clean rows.

        The noise is that of training and the same in each call, so that networks are
        compared on equal terms. Those trained at different amounts are not: less noise
        is easier to remove.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, height, width, \
...)
            Clean rows.
        y : None
            Ignored.

        Returns
        -------
        score : float
            At most 0; the mean over rows and features.
        """
        self._check_fitted()
        clean = self._check_features(X, first=False)
        self._check_range(clean)
        noisy = corrupt(clean, **noise_settings(self), seed=0)
        clean = _flat(clean).astype(np.float64)
        output = self._predict(self._network, _flat(noisy)).astype(np.float64)
        if self.loss == "mean_squared_error":
            return -float(np.mean((output - clean) ** 2))
        output = output.clip(_EPSILON, 1 - _EPSILON)
        return float(np.mean(clean * np.log(output) + (1 - clean) * np.log1p(-output)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.loss == "binary_crossentropy"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _flat(X: np.ndarray) -> np.ndarray:
    return X.reshape(len(X), -1)
