"""A generative model of rows: encode, decode, sample, rate."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions

from kerasweep.estimators._code_prior import learn_mixtures
from kerasweep.estimators._dense import DENSE_CONSTRAINTS, layer_sizes
from kerasweep.estimators._generative import GenerativeNetwork
from kerasweep.estimators._labels import (
    check_labels,
    class_columns,
    class_numbers,
    with_classes,
)
from kerasweep.estimators._limits import MOST_UNITS
from kerasweep.estimators._optimizers import OPTIMIZER_CONSTRAINTS, optimizer_settings
from kerasweep.networks import (
    compile_variational,
    make_optimizer,
    mean_network,
    variational_network,
)


class VariationalAutoencoder(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, GenerativeNetwork
):
    """Variational autoencoder with Gaussian codes.

    An encoder gives ``q(z | x) = N(mean(x), diag(variance(x)))``, a decoder
    ``p(x | z)``, and both are trained to minimize the mean over rows of

    ``-E_q[log p(x | z)] + beta * KL(q(z | x) || N(0, I))``

    in nats: the likelihood is summed over features, the divergence over latent units.
    With `beta` 1 this is minus the evidence lower bound (ELBO) on ``log p(x)``.

    Parameters
    ----------
    latent_dim : int, default=16
        Numbers in a code.
    hidden_layer_sizes : int or sequence of int, default=(500, 500)
        Units of the encoder's hidden layers; the decoder's are the same, reversed.
    conditional : bool, default=False
        Whether the decoder sees each row's label, as zeros and a one beside the code:
        ``p(x | z, y)``. The encoder does not, so that ``transform`` needs no labels.
    likelihood : {"bernoulli", "gaussian"}, default="bernoulli"
        Of the features given a code. "bernoulli" takes features in [0, 1];
        "gaussian" learns one standard deviation for all features.
    binarize : bool, default=False
        Whether rows are drawn as zeros and ones, afresh for every batch, with the
        features as the probabilities of a one. The ELBO is then a bound on the
        log-likelihood of binary rows, as published for binarized MNIST; without it,
        features between 0 and 1 make it a bound in name only.
    beta : float, default=1.0
        Weight of the divergence in the loss. Above 1 codes fill the prior better, so
        that samples are cleaner, at the expense of the ELBO.
    prior : {"normal", "mixture"}, default="normal"
        What ``sample`` draws codes from, and what the ratings take as their density.
        The networks are trained with N(0, I) in either case. "mixture" then fits a
        Gaussian mixture to draws of the training rows' codes, of each class with
        `conditional`: it fills no gaps between the codes, so that samples are cleaner.
    n_components : int, default=50
        Normals in the mixture, or in those of all classes together.
    activation : str, default="relu"
        Activation of the hidden layers, by its Keras name.
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
    batch_size : int, default=128
        Rows an update; capped at the number of rows.
    epochs : int, default=20
        Passes over the training rows; the most there are with `early_stopping`.
    early_stopping : bool, default=False
        Whether to stop once the validation loss has not improved by `min_delta` for
        `patience` epochs.
    patience : int, default=5
    min_delta : float, default=0.0
    validation_fraction : float, default=None
        Share of the training rows that each epoch is validated on. None means 0.1
        with `early_stopping` and none without.
    restore_best_weights : bool, default=True
        Whether early stopping ends with the weights of the best epoch.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the weights and the optimizer state at hand.
    random_state : int, RandomState instance or None, default=None
        Draws initial weights, row order, codes, binary rows and validation rows, and
        whatever a method draws that is given no `random_state` of its own. The same
        int gives the same network. None takes fresh entropy; no global random state
        is read or changed.
    verbose : int, default=0
        Passed to Keras where Keras does the training.
    engine : {"auto", "compiled", "keras"}, default="auto"
        "compiled" trains whole epochs in one compiled program that all networks of
        this architecture share, "keras" through ``Model.fit``.

    Attributes
    ----------
    encoder_ : keras.Model
        Rows in; means and log variances of their codes, side by side, out. Plain
        Keras, to save or serve without this package.
    decoder_ : keras.Model
        Codes, with the class columns of a conditional network behind them, in; the
        mean of ``p(x | z)`` out. Plain Keras.
    model_ : keras.Model
        The network that trained both.
    classes_ : ndarray of shape (n_classes,)
        With `conditional` alone.
    priors_ : list of GaussianMixture
        One, or one per class; with ``prior="mixture"`` alone.
    history_ : dict of str to list of float
        One value per epoch, in nats per row: "loss", its parts "reconstruction" and
        "kl", and the same behind `val_` where there were validation rows.
    engine_ : {"compiled", "keras"}
        Which engine trained the network.
    n_epochs_ : int
        Epochs trained, over all calls.
    best_epoch_ : int
        Epoch, from 0, of the lowest validation loss; with `early_stopping` alone.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    References
    ----------
    D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014.

    P. Ghosh et al., "From variational to deterministic autoencoders", ICLR 2020, on
    fitting a density to the codes afterwards.

    I. Higgins et al., "beta-VAE: learning basic visual concepts with a constrained
    variational framework", ICLR 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from kerasweep import VariationalAutoencoder
    >>> X = load_digits().data / 16
    >>> vae = VariationalAutoencoder(2, (32,), epochs=3, random_state=0).fit(X)
    >>> vae.transform(X).shape, vae.sample(5).shape
    ((1797, 2), (5, 64))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeNetwork._parameter_constraints,
        **OPTIMIZER_CONSTRAINTS,
        "latent_dim": [Interval(Integral, 1, MOST_UNITS, closed="both")],
        "hidden_layer_sizes": DENSE_CONSTRAINTS["hidden_layer_sizes"],
        "conditional": ["boolean"],
        "likelihood": [StrOptions({"bernoulli", "gaussian"})],
        "binarize": ["boolean"],
        "beta": [Interval(Real, 0, None, closed="left")],
        "prior": [StrOptions({"normal", "mixture"})],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "activation": DENSE_CONSTRAINTS["activation"],
    }

    def __init__(
        self,
        latent_dim: int = 16,
        hidden_layer_sizes: int | Sequence[int] = (500, 500),
        *,
        conditional: bool = False,
        likelihood: str = "bernoulli",
        binarize: bool = False,
        beta: float = 1.0,
        prior: str = "normal",
        n_components: int = 50,
        activation: str = "relu",
        optimizer: str = "adam",
        learning_rate: Any = 0.001,
        learning_rate_schedule: str = "constant",
        momentum: float = 0.0,
        batch_size: int = 128,
        epochs: int = 20,
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
        self.latent_dim = latent_dim
        self.hidden_layer_sizes = hidden_layer_sizes
        self.conditional = conditional
        self.likelihood = likelihood
        self.binarize = binarize
        self.beta = beta
        self.prior = prior
        self.n_components = n_components
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

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> "VariationalAutoencoder":
        """Train the networks; learn the prior, if it is a mixture.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers; trained on as float32.
        y : array-like of shape (n_samples,), default=None
            Labels; needed with `conditional`, unused otherwise.
        sample_weight : array-like of shape (n_samples,), default=None
            Each row's non-negative weight in the loss; only ratios matter.
        X_val, y_val : array-like, default=None
            Rows to validate on after each epoch, instead of a `validation_fraction`
            of the training rows.

        Returns
        -------
        self : VariationalAutoencoder
        """
        return super().fit(X, y, sample_weight, X_val=X_val, y_val=y_val)

    def _finish(self, X: Any, y: Any, sample_weight: Any) -> None:
        self.__dict__.pop("priors_", None)
        if self.prior == "mixture":
            X = self._check_features(X, first=False)
            self.priors_ = learn_mixtures(
                self._predict(self.encoder_, X),
                self._mixture_numbers(y, len(X)),
                int(self.n_components),
                sample_weight=None
                if sample_weight is None
                else np.asarray(sample_weight, dtype=np.float64),
                rng=self._generator(None),
            )

    def _build_model(self, X: np.ndarray, seed: int) -> Any:
        if self.binarize and self.likelihood != "bernoulli":
            raise ValueError(
                f"binarize of {type(self).__name__} must be False with likelihood="
                f"{self.likelihood!r}. Got True instead."
            )
        model = variational_network(
            X.shape[1],
            int(self.latent_dim),
            n_classes=self._n_classes(),
            hidden_layer_sizes=layer_sizes(self),
            activation=self.activation,
            likelihood=self.likelihood,
            binarize=bool(self.binarize),
            seed=seed,
        )
        compile_variational(model, make_optimizer(**optimizer_settings(self, len(X))))
        return model

    def _needs_y(self) -> bool:
        return bool(self.conditional)

    def _encode_target(self, X: np.ndarray, y: Any, *, first: bool) -> np.ndarray:
        self._check_range(X)
        if not self.conditional:
            self.__dict__.pop("classes_", None)
            return np.zeros(len(X), dtype=np.int32)
        y = check_labels(self, y)
        if first:
            self.classes_, counts = np.unique(y, return_counts=True)
            self._class_shares = counts / counts.sum()
        return class_numbers(self, y)

    def _loss_input(self, X: np.ndarray, target: np.ndarray) -> np.ndarray:
        if not self.conditional:
            return X
        return np.hstack([X, class_columns(target, self._n_classes())])

    def _loss_target(self, model: Any, target: np.ndarray) -> np.ndarray:
        return np.full((len(target), 1), self.beta, dtype=np.float32)

    def _strata(self, target: np.ndarray) -> np.ndarray | None:
        return target if self.conditional else None

    def _check_range(self, X: np.ndarray) -> None:
        low, high = X.min(), X.max()
        if self.likelihood == "bernoulli" and not 0 <= low <= high <= 1:
            raise ValueError(
                f"X of {type(self).__name__} must lie in [0, 1] with likelihood="
                f"'bernoulli'. Got values from {low:g} to {high:g} instead. Scale it "
                "with PixelScaler, or pass likelihood='gaussian'."
            )

    def _n_classes(self) -> int:
        return len(self.classes_) if self.conditional else 0

    def _with_classes(self, rows: np.ndarray, y: Any) -> np.ndarray:
        return with_classes(self, rows, y) if self.conditional else rows

    # Codes --------------------------------------------------------------------------

    @property
    def encoder_(self) -> Any:
        """The network from rows to means and log variances of their codes."""
        self._check_fitted()
        return self.model_.get_layer("encoder")

    @property
    def decoder_(self) -> Any:
        """The network from codes to the mean of the rows."""
        self._check_fitted()
        return mean_network(self.model_)

    @property
    def _n_features_out(self) -> int:
        return self._latent_dim()

    def _latent_dim(self) -> int:
        return int(self.model_.get_layer("divergence").input.shape[-1]) // 2

    def transform(self, X: Any) -> np.ndarray:
        """Encode rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        codes : ndarray of shape (n_samples, latent_dim), float64
            The means of ``q(z | x)``.
        """
        self._check_fitted()
        X = self._check_features(X, first=False)
        codes = self._predict(self.encoder_, X)
        return codes[:, : self._latent_dim()].astype(np.float64)

    def inverse_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Decode codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, latent_dim)
            Codes; from ``transform``, or points of N(0, I).
        y : array-like of shape (n_samples,), default=None
            Labels; needed with `conditional`, unused otherwise.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features), float64
            The means of ``p(x | z)``.
        """
        self._check_fitted()
        codes = check_array(X, dtype=np.float32, estimator=self)
        if codes.shape[1] != self._latent_dim():
            raise ValueError(
                f"X of {type(self).__name__}.inverse_transform must have "
                f"{self._latent_dim()} columns, as many as a code has numbers. "
                f"Got {codes.shape[1]} instead."
            )
        rows = self._predict(self.decoder_, self._with_classes(codes, y))
        return rows.astype(np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = bool(self.conditional)
        return tags
