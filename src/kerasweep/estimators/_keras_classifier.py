"""A user's own Keras model that predicts classes."""

from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, softmax
from sklearn.utils._param_validation import StrOptions

from kerasweep.estimators._base import BaseNetwork
from kerasweep.estimators._labels import class_columns
from kerasweep.estimators._named_outputs import NamedClassesMixin
from kerasweep.estimators._own_metrics import gives_logits
from kerasweep.estimators._own_model import OWN_MODEL_CONSTRAINTS, OwnModelMixin
from kerasweep.estimators._target_forms import (
    check_form,
    choose_form,
    column_form,
    default_loss,
    label_form,
)
from kerasweep.estimators._targets import NetworkClassifierMixin


class KerasClassifier(
    NamedClassesMixin, OwnModelMixin, NetworkClassifierMixin, BaseNetwork
):
    """Your own Keras model as a classifier.

    Parameters are routed as in scikeras: ``model__units=64`` is an argument of the
    model function, ``optimizer__learning_rate=0.1`` one of the optimizer. A name that
    nothing takes is refused at once, not in ``fit``.

    Several inputs and outputs are taken by name, as a DataFrame or a dict of arrays. X
    may also be a ``keras.utils.PyDataset``, a ``tf.data.Dataset`` or an array mapped
    from a file, which train through ``Model.fit``.

    Parameters
    ----------
    model : callable or keras.Model
        A function that returns a model, compiled or not, with one output of n_classes
        units (or of one unit for two classes; of n_labels sigmoids where y has a
        column of zeros and ones for each label). It may take `meta`, a dict with
        `n_features_in_`, `X_shape_`, `X_dtype_`, `target_type_`, `n_classes_`,
        `classes_` and `n_outputs_expected_`; `compile_kwargs`; and `params`. A model
        is copied, weights included, before each fit.
    loss : str, keras.losses.Loss or callable, default=None
        For a model that is not compiled. None means binary cross-entropy for one
        output unit or for several labels, and sparse categorical cross-entropy for
        several classes, or the categorical one where metrics need one-hot rows. A loss
        is tried on made-up rows: classes become one-hot rows where it cannot take class
        numbers.
    optimizer : str, type or keras.optimizers.Optimizer, default="adam"
        For a model that is not compiled; a name or a type takes
        ``optimizer__...`` parameters.
    metrics : list, default=None
        For a model that is not compiled. None means accuracy, of several labels the
        binary one, a mean over labels. Keras' own, by name or
        by type, are given what logits or a single output unit need.
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
        Share of the training rows, stratified, that each epoch is validated on. None
        means 0.1 with `early_stopping` and none without.
    restore_best_weights : bool, default=True
    class_weight : dict, "balanced" or None, default=None
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
    classes_ : ndarray of shape (n_classes,)
        Numbers of the labels where y had a column for each.
    multilabel_ : bool
        Whether y had a column for each label.
    history_ : dict of str to list of float
    engine_ : {"compiled", "keras"}
        Which engine trained the network.
    n_epochs_ : int
    best_epoch_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_iris
    >>> from kerasweep import KerasClassifier
    >>> def network(meta, units=8):
    ...     return keras.Sequential([
    ...         keras.Input((meta["n_features_in_"],)),
    ...         keras.layers.Dense(units, activation="relu"),
    ...         keras.layers.Dense(meta["n_classes_"], activation="softmax"),
    ...     ])
    >>> net = KerasClassifier(network, model__units=16, random_state=0,
    ...                       optimizer__learning_rate=0.03)
    >>> X, y = load_iris(return_X_y=True)
    >>> net.fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNetwork._parameter_constraints,
        **OWN_MODEL_CONSTRAINTS,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

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
        class_weight: Any = None,
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
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.engine = engine
        self._keep_routed(routed)

    def _meta(self, X: np.ndarray) -> dict[str, Any]:
        n_classes = len(self.classes_)
        return {
            "n_features_in_": self.n_features_in_,
            "X_shape_": X.shape,
            "X_dtype_": X.dtype,
            "target_type_": self._target_type(),
            "n_classes_": n_classes,
            "classes_": self.classes_,
            "n_outputs_expected_": 1,
        }

    def _target_type(self) -> str:
        if self._is_multilabel():
            return "multilabel-indicator"
        return "binary" if len(self.classes_) == 2 else "multiclass"

    @property
    def _default_metrics(self) -> list[str]:
        return ["binary_accuracy" if self._is_multilabel() else "accuracy"]

    def _allowed_outputs(self) -> tuple[int, ...]:
        return (1, 2) if self._target_type() == "binary" else (len(self.classes_),)

    def _default_loss(self, n_outputs: int, metrics: Any) -> str:
        if n_outputs == 1 or self._is_multilabel():
            return "binary_crossentropy"
        return default_loss(choose_form(type(self).__name__, None, metrics, n_outputs))

    def _ask_for_targets(self, loss: Any, metrics: Any, n_outputs: int) -> None:
        owner = type(self).__name__
        if self._is_multilabel():
            self._target_form = "labels"
            check_form(owner, loss, metrics, label_form(n_outputs))
            return
        if n_outputs > 1:
            self._target_form = choose_form(owner, loss, metrics, n_outputs)
            return
        self._target_form = "column"
        check_form(owner, loss, metrics, column_form(1, classes=True))

    def _check_shapes(self, model: Any, X: np.ndarray) -> None:
        super()._check_shapes(model, X)
        if self._is_multilabel() and _ends_in_softmax(model):
            raise ValueError(
                "model of KerasClassifier must end in a sigmoid layer, or in logits, "
                "for several labels per row. Got a softmax layer instead, whose "
                "outputs sum to 1."
            )

    def _loss_target(self, network: Any, target: np.ndarray) -> np.ndarray:
        if self._by_name():
            return super()._loss_target(network, target)
        if self._target_form == "column":
            return target[:, None].astype(np.float32)
        if self._target_form in ("numbers", "labels"):
            return target
        return class_columns(target, len(self.classes_))

    def _probabilities(self, outputs: np.ndarray, loss: Any = None) -> np.ndarray:
        logits = gives_logits(self.model_.loss if loss is None else loss)
        if self._is_multilabel():
            probabilities = expit(outputs) if logits else outputs
            if probabilities.min() < -1e-6 or probabilities.max() > 1 + 1e-6:
                raise ValueError(
                    "The outputs of KerasClassifier's model must be a probability for "
                    "each label. End the model with a sigmoid layer, or train it with "
                    "a loss that has from_logits=True."
                )
            return probabilities.clip(0, 1)
        if outputs.shape[1] == 1:
            share = expit(outputs) if logits else outputs
            probabilities = np.hstack([1 - share, share])
        else:
            probabilities = softmax(outputs, axis=1) if logits else outputs
        sums = probabilities.sum(axis=1, keepdims=True)
        if probabilities.min() < -1e-6 or np.abs(sums - 1).max() > 1e-3:
            raise ValueError(
                "The outputs of KerasClassifier's model must be probabilities. End "
                "the model with a softmax (or sigmoid) layer, or train it with a loss "
                "that has from_logits=True."
            )
        return probabilities / sums


def _ends_in_softmax(model: Any) -> bool:
    """Tell whether a model's last layer makes shares of one whole."""
    import keras

    last = model
    while getattr(last, "layers", None):
        last = last.layers[-1]
    activation = getattr(last, "activation", None)
    return isinstance(last, keras.layers.Softmax) or (
        activation is keras.activations.softmax
    )
