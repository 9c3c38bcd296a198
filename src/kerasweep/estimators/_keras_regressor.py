"""A user's own Keras model that predicts numbers."""

from typing import Any, ClassVar

import numpy as np

from kerasweep.estimators._base import BaseNetwork
from kerasweep.estimators._named_outputs import NamedNumbersMixin
from kerasweep.estimators._own_model import OWN_MODEL_CONSTRAINTS, OwnModelMixin
from kerasweep.estimators._target_forms import check_form, column_form
from kerasweep.estimators._targets import NetworkRegressorMixin


class KerasRegressor(
    NamedNumbersMixin, OwnModelMixin, NetworkRegressorMixin, BaseNetwork
):
    """Your own Keras model as a regressor, with one output or several.

    Parameters are routed as in scikeras: ``model__units=64`` is an argument of the
    model function, ``optimizer__learning_rate=0.1`` one of the optimizer. A name that
    nothing takes is refused at once, not in ``fit``.

    Several inputs and outputs are taken by name, as a DataFrame or a dict of arrays. X
    may also be a ``keras.utils.PyDataset``, a ``tf.data.Dataset`` or an array mapped
    from a file, which train through ``Model.fit``.

    Parameters
    ----------
    model : callable or keras.Model
        A function that returns a model, compiled or not, with one output of as many
        units as y has columns. It may take `meta`, a dict with `n_features_in_`,
        `X_shape_`, `X_dtype_`, `target_type_`, `n_outputs_` and
        `n_outputs_expected_`; `compile_kwargs`; and `params`. A model is copied,
        weights included, before each fit.
    loss : str, keras.losses.Loss or callable, default=None
        For a model that is not compiled. None means mean squared error.
    optimizer : str, type or keras.optimizers.Optimizer, default="adam"
        For a model that is not compiled; a name or a type takes
        ``optimizer__...`` parameters.
    metrics : list, default=None
        For a model that is not compiled.
    callbacks : list of keras.callbacks.Callback or of types, default=None
        Keras' own callbacks, copied before each fit; types take
        ``callbacks__0__...`` parameters.
    batch_size : int, default=32
    epochs : int, default=20
    early_stopping : bool, default=False
        Whether to stop once the validation loss has not improved by `min_delta` for
        `patience` epochs.
    patience : int, default=5
    min_delta : float, default=0.0
    validation_fraction : float, default=None
        Share of the training rows that each epoch is validated on. None means 0.1
        with `early_stopping` and none without.
    restore_best_weights : bool, default=True
    warm_start : bool, default=False
    random_state : int, RandomState instance or None, default=None
        Seeds the model function's draws, the row order and the validation rows.
    verbose : int, default=0
    engine : {"auto", "compiled", "keras"}, default="auto"
        "compiled" trains whole epochs in one compiled program that all networks of
        this architecture share, "keras" through ``Model.fit``. "auto" takes the first
        wherever it can express the network and its training.
    **routed : dict
        ``model__...``, ``optimizer__...``, ``loss__...``, ``metrics__...`` and
        ``callbacks__...`` parameters.

    Attributes
    ----------
    model_ : keras.Model
    n_outputs_ : int
    history_ : dict of str to list of float
    engine_ : {"compiled", "keras"}
        Which engine trained the network.
    n_epochs_ : int
    best_epoch_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    Examples
    --------
    >>> import keras, numpy as np
    >>> from kerasweep import KerasRegressor
    >>> def network(meta, units=16):
    ...     return keras.Sequential([
    ...         keras.Input((meta["n_features_in_"],)),
    ...         keras.layers.Dense(units, activation="relu"),
    ...         keras.layers.Dense(meta["n_outputs_"]),
    ...     ])
    >>> X = np.linspace(-1, 1, 200).reshape(-1, 1)
    >>> net = KerasRegressor(network, optimizer__learning_rate=0.02, random_state=0)
    >>> net.fit(X, X.ravel() ** 2).score(X, X.ravel() ** 2) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNetwork._parameter_constraints,
        **OWN_MODEL_CONSTRAINTS,
    }
    _default_metrics: ClassVar[list[str]] = []

    def __init__(
        self,
        model: Any = None,
        *,
        loss: Any = None,
        optimizer: Any = "adam",
        metrics: Any = None,
        callbacks: Any = None,
        batch_size: int = 32,
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
        **routed: Any,
    ):
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.metrics = metrics
        self.callbacks = callbacks
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
        self._keep_routed(routed)

    def _meta(self, X: np.ndarray) -> dict[str, Any]:
        several = self.n_outputs_ > 1
        return {
            "n_features_in_": self.n_features_in_,
            "X_shape_": X.shape,
            "X_dtype_": X.dtype,
            "target_type_": "continuous-multioutput" if several else "continuous",
            "n_outputs_": self.n_outputs_,
            "n_outputs_expected_": 1,
        }

    def _allowed_outputs(self) -> tuple[int, ...]:
        return (self.n_outputs_,)

    def _default_loss(self, n_outputs: int, metrics: Any) -> str:
        return "mean_squared_error"

    def _ask_for_targets(self, loss: Any, metrics: Any, n_outputs: int) -> None:
        form = column_form(n_outputs, classes=False)
        check_form(type(self).__name__, loss, metrics, form)
