"""Classes of the rows of a table."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from kerasweep.estimators._fold import Fold
from kerasweep.estimators._tabular import TabularNetwork
from kerasweep.estimators._targets import NetworkClassifierMixin
from kerasweep.networks._tabular import TabularShape, tabular_ensemble


class TabularClassifier(NetworkClassifierMixin, TabularNetwork):
    """DOC"""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TabularNetwork._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (192, 192),
        *,
        n_members: int = 4,
        activation: str = "relu",
        numeric_embedding: str | None = "piecewise",
        n_frequencies: int = 16,
        embedding_width: int = 6,
        frequency_scale: float = 0.2,
        categorical_features: Any = "from_dtype",
        max_one_hot: int = 64,
        dropout: float = 0.15,
        label_smoothing: float = 0.0,
        weight_decay: float = 0.02,
        learning_rate: float = 0.002,
        learning_rate_schedule: str = "cosine",
        batch_size: Any = "auto",
        epochs: int = 60,
        early_stopping: bool = True,
        patience: int = 15,
        min_delta: float = 0.0,
        validation_fraction: float | None = 0.15,
        restore_best_weights: bool = True,
        class_weight: Any = None,
        random_state: Any = None,
        verbose: int = 0,
        engine: str = "auto",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_members = n_members
        self.activation = activation
        self.numeric_embedding = numeric_embedding
        self.n_frequencies = n_frequencies
        self.embedding_width = embedding_width
        self.frequency_scale = frequency_scale
        self.categorical_features = categorical_features
        self.max_one_hot = max_one_hot
        self.dropout = dropout
        self.label_smoothing = label_smoothing
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.early_stopping = early_stopping
        self.patience = patience
        self.min_delta = min_delta
        self.validation_fraction = validation_fraction
        self.restore_best_weights = restore_best_weights
        self.class_weight = class_weight
        self.random_state = random_state
        self.verbose = verbose
        self.engine = engine

    @property
    def partial_fit(self) -> Any:
        """Not there: an ensemble with a schedule is not trained on."""
        raise AttributeError(f"{type(self).__name__} has no partial_fit.")

    def _learn_target(self, rows: Fold) -> int:
        return len(self.classes_)

    def _loss(self) -> tuple[Any, list[str]]:
        import keras

        return keras.losses.CategoricalCrossentropy(from_logits=True), ["accuracy"]

    def _loss_target(self, network: Any, target: np.ndarray) -> np.ndarray:
        return np.eye(len(self.classes_), dtype=np.float32)[target]

    def _smoothed(self, fold: Fold) -> Fold:
        share = np.float32(self.label_smoothing)
        target = fold.target * (1 - share) + share / fold.target.shape[1]
        return fold._replace(target=target.astype(np.float32))

    def _merged(
        self, shape: TabularShape, members: list[dict[str, list[np.ndarray]]]
    ) -> Any:
        return tabular_ensemble(shape, members, softmax=True)
