"""Numbers of the rows of a table."""

from typing import Any, ClassVar

import numpy as np

from kerasweep.estimators._fold import Fold
from kerasweep.estimators._tabular import TabularNetwork
from kerasweep.estimators._targets import NetworkRegressorMixin
from kerasweep.networks._tabular import TabularShape, tabular_ensemble


class TabularRegressor(NetworkRegressorMixin, TabularNetwork):
    """Numbers for a table's rows, by an ensemble of networks with good defaults.

    Takes tables as they are: quantities with missing values, categories, text and
    booleans, in a data frame of pandas or polars or in an array. Dates have to be
    turned into numbers before, by skrub's ``TableVectorizer`` for instance.

    The target is learnt in units of its standard deviation, and answered in its own.
    Each member minimizes the mean squared error on training rows of its own, with
    AdamW and a learning rate that falls along a cosine, and keeps the weights of its
    best epoch on the rows that were held out from it. All members are trained at once,
    as one stack, and their answers are averaged.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(192, 192)
        Units of each hidden layer of a member.
    n_members : int, default=4
        Networks in the ensemble, each with a seed and an order of rows of its own.
        Averaging several is what TabM [3]_ found to matter most.
    activation : str, default="relu"
        Activation of the hidden layers, by its Keras name.
    numeric_embedding : {"piecewise", "periodic"} or None, \
default="piecewise"
        What a quantity becomes before the first hidden layer [1]_, beside itself:
        a linear layer with rectified units over its piecewise-linear encoding, whose
        bins are bounded by the quantiles of the training rows; a linear layer over
        ``cos(2 pi f x + b)`` with learnt frequencies, as in RealMLP [2]_; or nothing.
    n_frequencies : int or "auto", default="auto"
        Bins or waves of each quantity. "auto" takes one for 50 rows, from 8 to 32; see
        `n_frequencies_`.
    embedding_width : int, default=6
        Numbers that a quantity becomes.
    frequency_scale : float, default=0.2
        Standard deviation of the frequencies that "periodic" begins with, in cycles per
        interquartile range.
    categorical_features : "from_dtype", None, or array-like of bool, int or str, \
default="from_dtype"
        Which columns hold categories, as in scikit-learn's
        ``HistGradientBoostingClassifier``: those whose type says so (text, categories,
        booleans, objects that are not all numbers), none, or those of a mask, of
        indices or of names.
    max_one_hot : int, default=64
        Most categories of a column that become a column each; those of more are
        embedded in 8 learnt numbers.
    dropout : float, default=0.15
        Share in [0, 1) of units dropped behind each hidden layer.
    weight_decay : float, default=0.02
        Decoupled decay of all kernels, per update and unit of the learning rate.
    learning_rate : float, default=0.003
    learning_rate_schedule : {"constant", "cosine", "one_cycle"}, \
default="cosine"
        How the rate changes over the updates of all `epochs`; RealMLP's schedules [2]_
        fall to 0, too.
    batch_size : int or "auto", default="auto"
        Rows per update. "auto" takes the power of two that makes about 32 updates an
        epoch, from 32 to 256; see `batch_size_`.
    epochs : int, default=60
        Most passes over the training rows.
    early_stopping : bool, default=True
        Whether a member stops once its validation loss has not improved by `min_delta`
        for `patience` epochs.
    patience : int, default=15
    min_delta : float, default=0.0
    validation_fraction : float, default=0.15
        Share of the rows that is held out from each member: other rows from each, so
        that all of them are learnt from, or, of more than 50,000 rows, the same.
    restore_best_weights : bool, default=True
        Whether a member ends with the weights of its best epoch.
    random_state : int, RandomState instance or None, default=None
        Draws initial weights, row orders, dropout and validation rows. The same int
        gives the same ensemble; no global random state is read or changed.
    verbose : int, default=0
        Passed to Keras where Keras does the training.
    engine : {"auto", "compiled", "keras"}, default="auto"
        "compiled" trains whole epochs of all members in one compiled program, "keras"
        one member after the other through ``Model.fit``. "auto" takes the first
        wherever it can express the training.

    Attributes
    ----------
    model_ : keras.Model
        Plain Keras: from the columns of ``encoder_.transform(X)`` to the mean of the
        members, in the units of y.
    encoder_ : TableEncoder
        What turns a table into those columns.
    n_outputs_ : int
    target_mean_, target_scale_ : ndarray of shape (n_outputs,)
        What targets are centered and divided by in training: their weighted mean and
        standard deviation, 1 for a constant.
    batch_size_, n_frequencies_ : int
        What "auto" stands for.
    history_ : dict of str to list of float
        One value per epoch, the mean of the members that were still in training:
        "loss" and "val_loss".
    n_epochs_ : int
        Epochs of the member that was trained longest.
    best_epochs_ : list of int
        Only with early stopping: each member's epoch of the lowest validation loss,
        counted from 0.
    engine_ : {"compiled", "keras"}
        Which code trained the members.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where X was a frame.

    References
    ----------
    .. [1] Y. Gorishniy, I. Rubachev, A. Babenko (2022). On Embeddings for Numerical
           Features in Tabular Deep Learning. NeurIPS.
    .. [2] D. Holzmüller, L. Grinsztajn, I. Steinwart (2024). Better by Default: Strong
           Pre-Tuned MLPs and Boosted Trees on Tabular Data. NeurIPS.
    .. [3] Y. Gorishniy, A. Kotelnikov, A. Babenko (2025). TabM: Advancing Tabular Deep
           Learning with Parameter-Efficient Ensembling. ICLR.

    Examples
    --------
    >>> import pandas as pd
    >>> from kerasweep import TabularRegressor
    >>> X = pd.DataFrame({"size": [30.0, None, 90.0, 95.0] * 8,
    ...                   "kind": ["flat", "flat", "house", None] * 8})
    >>> y = [200e3, 210e3, 650e3, 600e3] * 8
    >>> net = TabularRegressor((16,), n_members=2, random_state=0).fit(X, y)
    >>> price, spread = net.predict(X, return_std=True)
    >>> price.shape, bool(price[2] > price[0])
    ((32,), True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TabularNetwork._parameter_constraints,
    }

    #: Always: the mixin learns the units, and answers in them.
    standardize_target = True

    def __init__(
        self,
        hidden_layer_sizes: Any = (192, 192),
        *,
        n_members: int = 4,
        activation: str = "relu",
        numeric_embedding: str | None = "piecewise",
        n_frequencies: Any = "auto",
        embedding_width: int = 6,
        frequency_scale: float = 0.2,
        categorical_features: Any = "from_dtype",
        max_one_hot: int = 64,
        dropout: float = 0.15,
        weight_decay: float = 0.02,
        learning_rate: float = 0.003,
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

    def _prepare_target(self, rows: Fold) -> int:
        self._learn_target(rows, first=True)
        return self.n_outputs_

    def _loss(self) -> tuple[Any, list[str]]:
        return "mean_squared_error", []

    def _smoothed(self, fold: Fold) -> Fold:
        return fold

    def _merged(
        self, shape: TabularShape, members: list[dict[str, list[np.ndarray]]]
    ) -> Any:
        return tabular_ensemble(shape, members, activation="linear")

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
