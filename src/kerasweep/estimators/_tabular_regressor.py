"""Numbers of the rows of a table."""

from typing import Any, ClassVar

import numpy as np

from kerasweep.estimators._fold import Fold
from kerasweep.estimators._tabular import TabularNetwork
from kerasweep.estimators._targets import NetworkRegressorMixin
from kerasweep.networks._tabular import TabularShape, tabular_ensemble


class TabularRegressor(NetworkRegressorMixin, TabularNetwork):
    """DOC"""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TabularNetwork._parameter_constraints,
    }

    target_mean_: np.ndarray
    target_scale_: np.ndarray

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
        self.random_state = random_state
        self.verbose = verbose
        self.engine = engine

    @property
    def partial_fit(self) -> Any:
        """Not there: an ensemble with a schedule is not trained on."""
        raise AttributeError(f"{type(self).__name__} has no partial_fit.")

    def _learn_target(self, rows: Fold) -> int:
        y = rows.target.astype(np.float64)
        self.target_mean_ = np.average(y, axis=0, weights=rows.sample_weight)
        spread = np.average((y - self.target_mean_) ** 2, 0, weights=rows.sample_weight)
        self.target_scale_ = np.sqrt(spread)
        return y.shape[1]

    def _loss(self) -> tuple[Any, list[str]]:
        return "mean_squared_error", []

    def _loss_target(self, network: Any, target: np.ndarray) -> np.ndarray:
        scale = np.where(self.target_scale_ > 0, self.target_scale_, 1.0)
        return ((target - self.target_mean_) / scale).astype(np.float32)

    def _smoothed(self, fold: Fold) -> Fold:
        return fold

    def _merged(
        self, shape: TabularShape, members: list[dict[str, list[np.ndarray]]]
    ) -> Any:
        return tabular_ensemble(
            shape,
            members,
            softmax=False,
            scale=self.target_scale_.tolist(),
            offset=self.target_mean_.tolist(),
        )

    def predict(self, X: Any, *, return_std: bool = False) -> Any:
        """Predict the targets.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
        return_std : bool, default=False
            Whether to tell how far the members differ, too.

        Returns
        -------
        targets : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            The mean of the members, in the units of y.
        spread : ndarray of the shape of targets
            Only with `return_std`: the sample standard deviation (ddof=1) of the
            members' answers, in the units of y; 0 for one member. It says where they
            disagree, and is no interval that holds a share of all targets.
        """
        mean = super().predict(X)
        if not return_std:
            return mean
        answers = self._member_outputs(X) * self.target_scale_
        ddof = 1 if answers.shape[1] > 1 else 0
        return mean, answers.std(axis=1, ddof=ddof).reshape(mean.shape)
