"""What the two estimators for tables share: encoding, an ensemble, its training."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils._param_validation import Interval, StrOptions

from kerasweep import training
from kerasweep.estimators._base import BaseNetwork
from kerasweep.estimators._dense import DENSE_CONSTRAINTS, layer_sizes
from kerasweep.estimators._fold import Fold
from kerasweep.estimators._seeding import draw_seeds
from kerasweep.networks._tabular import (
    TabularShape,
    draw_weights,
    tabular_network,
)
from kerasweep.preprocessing._table_encoder import TableEncoder, take_columns
from kerasweep.training import TrainingJob

_LEAST_BATCH, _MOST_BATCH, _UPDATES_AN_EPOCH = 32, 256, 32
_LEAST_BINS, _MOST_BINS, _ROWS_A_BIN = 8, 32, 50
# More rows are split alike for all members, so that they are in memory once.
_OWN_SPLITS = 50_000

TABULAR_CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": DENSE_CONSTRAINTS["hidden_layer_sizes"],
    "n_members": [Interval(Integral, 1, None, closed="left")],
    "activation": DENSE_CONSTRAINTS["activation"],
    "numeric_embedding": [StrOptions({"piecewise", "periodic"}), None],
    "n_frequencies": [
        Interval(Integral, 1, None, closed="left"),
        StrOptions({"auto"}),
    ],
    "embedding_width": [Interval(Integral, 1, None, closed="left")],
    "frequency_scale": [Interval(Real, 0, None, closed="neither")],
    "categorical_features": [StrOptions({"from_dtype"}), "array-like", None],
    "max_one_hot": [Interval(Integral, 2, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "learning_rate_schedule": [StrOptions({"constant", "cosine", "one_cycle"})],
    "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    **{
        name: BaseNetwork._parameter_constraints[name]
        for name in (
            *("epochs", "early_stopping", "patience", "min_delta"),
            *("validation_fraction", "restore_best_weights", "random_state"),
            *("verbose", "engine"),
        )
    },
}


class TabularNetwork(BaseNetwork):
    """An ensemble of networks for tables of mixed columns, trained as one stack."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = TABULAR_CONSTRAINTS
    #: An ensemble with a schedule is not trained on.
    warm_start = False

    hidden_layer_sizes: Any
    n_members: int
    activation: str
    numeric_embedding: str | None
    n_frequencies: Any
    embedding_width: int
    frequency_scale: float
    categorical_features: Any
    max_one_hot: int
    dropout: float
    weight_decay: float
    learning_rate: float
    learning_rate_schedule: str

    encoder_: TableEncoder
    batch_size_: int
    n_frequencies_: int
    best_epochs_: list[int]

    # What a leaf supplies -----------------------------------------------------------

    @abstractmethod
    def _prepare_target(self, rows: Fold) -> int:
        """Learn how targets are brought into the loss; return the number of outputs."""

    @abstractmethod
    def _loss(self) -> tuple[Any, list[str]]:
        """Return the loss of one network, and its metrics."""

    @abstractmethod
    def _smoothed(self, fold: Fold) -> Fold:
        """Return training rows as they are trained on."""

    @abstractmethod
    def _merged(
        self, shape: TabularShape, members: list[dict[str, list[np.ndarray]]]
    ) -> Any:
        """Return the Keras model that answers for the trained networks."""

    # Rows ---------------------------------------------------------------------------

    def _check_features(self, X: Any, *, first: bool) -> np.ndarray:
        columns = take_columns(self, X, first=first)
        owner = type(self).__name__
        if first:
            self.encoder_ = TableEncoder(
                self.categorical_features, max_one_hot=self.max_one_hot
            )
            self.encoder_._learn(columns, owner)
            for name in ("n_features_in_", "feature_names_in_"):
                if hasattr(self, name):
                    setattr(self.encoder_, name, getattr(self, name))
            self._row_shape = (self.encoder_.n_encoded_,)
        return self.encoder_._encode(columns, owner)

    def _member_folds(
        self, rows: Fold, given: tuple[Any, Any], seed: int
    ) -> list[tuple[Fold, Fold | None]]:
        """Give each member its training rows, and those that it is validated on."""
        n = int(self.n_members)
        fraction = self.validation_fraction
        if given != (None, None) or (fraction is None and not self.early_stopping):
            return [self._hold_out(rows, given, seed)] * n
        n_rows = len(rows.X)
        n_held_out = min(max(1, round((fraction or 0.1) * n_rows)), n_rows - 1)
        own = n if n_rows <= _OWN_SPLITS else 1
        seeds = np.random.SeedSequence(seed).generate_state(own)
        splits = [self._member_split(rows, n_held_out, int(s)) for s in seeds]
        folds: list[tuple[Fold, Fold | None]] = [
            (rows.take(kept), rows.take(held_out)) for kept, held_out in splits
        ]
        return folds * (n // own)

    def _member_split(
        self, rows: Fold, n_held_out: int, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        strata = self._strata(rows.target)
        if strata is not None:
            counts = np.unique(strata, return_counts=True)[1]
            few = min(n_held_out, len(strata) - n_held_out) < len(counts)
            if few or counts.min() < 2:
                strata = None
        kept, held_out = train_test_split(
            np.arange(len(rows.X)),
            test_size=n_held_out,
            random_state=seed,
            stratify=strata,
        )
        return np.sort(kept), np.sort(held_out)

    # Training -----------------------------------------------------------------------

    def _train(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any] | None,
        epochs: int,
        resume: bool,
        context: Any,
    ) -> None:
        rows = self._check_rows(X, y, sample_weight, first=True)
        weight = rows.sample_weight
        if weight is not None and weight.max() > 0:
            rows = rows.take(np.flatnonzero(weight > 0))
        if len(rows.X) < 2:
            raise ValueError(
                f"X of {type(self).__name__} must have at least 2 rows. Got n_samples="
                f"{len(rows.X)} instead."
            )
        seeds = draw_seeds(self.random_state)
        self.n_frequencies_ = (
            min(max(_LEAST_BINS, len(rows.X) // _ROWS_A_BIN), _MOST_BINS)
            if self.n_frequencies == "auto"
            else int(self.n_frequencies)
        )
        shape = self._shape(self._prepare_target(rows))
        raw = self._member_folds(rows, validation or (None, None), seeds.split)
        folds = [self._folds_for_loss(*pair) for pair in raw]
        self.batch_size_ = self._batch_size(len(folds[0][0].X))
        n_updates = -(-len(folds[0][0].X) // self.batch_size_) * int(epochs)
        copies = self._copies(shape, rows.X, n_updates, seeds.weights)
        reporter = _Reporter(self._reporter(context))
        orders = _spread(seeds.order, len(copies))
        results = training.train_members(
            [
                TrainingJob(
                    network=network,
                    train=train,
                    validation=held_out,
                    epochs=int(epochs),
                    batch_size=self.batch_size_,
                    seed=order,
                    early_stopping=self._stopping() if held_out is not None else None,
                    on_epoch=reporter.of(k),
                    terminate_on_nan=True,
                    verbose=int(self.verbose),
                    engine=self.engine,
                )
                for k, (network, (train, held_out), order) in enumerate(
                    zip(copies, folds, orders, strict=True)
                )
            ]
        )
        reporter.end()
        for result in results:
            self._check_finite(result)
        members = [_weights_of(result.network) for result in results]
        with training.building:
            self._network = training.Live(self._merged(shape, members))
        self.engine_ = results[0].engine
        self.history_ = _mean_history([result.history for result in results])
        self.n_epochs_ = len(self.history_["loss"])
        self.__dict__.pop("best_epochs_", None)
        best = [r.best_epoch for r in results if r.best_epoch is not None]
        if best:
            self.best_epochs_ = best

    def _folds_for_loss(
        self, train: Fold, held_out: Fold | None
    ) -> tuple[Fold, Fold | None]:
        train = self._smoothed(self._for_loss(None, train, "the rows of a fit"))
        if held_out is not None:
            held_out = self._for_loss(None, held_out, "the rows held out or of X_val")
        return train, held_out

    def _batch_size(self, n_rows: int) -> int:
        if self.batch_size != "auto":
            return min(int(self.batch_size), n_rows)
        power = round(np.log2(max(1, n_rows / _UPDATES_AN_EPOCH)))
        return min(max(_LEAST_BATCH, min(2**power, _MOST_BATCH)), n_rows)

    def _shape(self, n_outputs: int) -> TabularShape:
        encoder = self.encoder_
        return TabularShape(
            n_numeric=encoder.n_numeric_,
            n_flags=encoder.n_flags_,
            code_sizes=tuple(encoder.code_sizes_),
            n_outputs=n_outputs,
            hidden_layer_sizes=layer_sizes(self),
            activation=self.activation,
            dropout=float(self.dropout),
            numeric_embedding=self.numeric_embedding,
            n_frequencies=self.n_frequencies_,
            embedding_width=int(self.embedding_width),
        )

    def _copies(
        self, shape: TabularShape, X: np.ndarray, n_updates: int, seed: int
    ) -> list[Any]:
        build = partial(self._compiled, shape, n_updates)
        with training.building:
            model = build()
            draws = [
                partial(draw_weights, model, shape, X, s, float(self.frequency_scale))
                for s in _spread(seed, int(self.n_members))
            ]
            return training.copies_of(model, draws, build)

    def _compiled(self, shape: TabularShape, n_updates: int) -> Any:
        import keras

        from kerasweep.networks._compile import rate_over_time

        schedule = self.learning_rate_schedule
        optimizer = keras.optimizers.AdamW(
            rate_over_time(
                float(self.learning_rate),
                None if schedule == "constant" else (schedule, n_updates),
            ),
            weight_decay=float(self.weight_decay),
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "embeddings"])
        model = tabular_network(shape)
        loss, metrics = self._loss()
        model.compile(optimizer=optimizer, loss=loss, weighted_metrics=metrics)
        return model

    # Using --------------------------------------------------------------------------

    def _member_outputs(self, X: Any) -> np.ndarray:
        """Compute each member's own output, of shape (n_samples, n_members, n)."""
        import keras

        encoded = self._check_features(X, first=False)
        whole = self.model_
        with training.building:
            members = keras.Model(whole.inputs, whole.get_layer("members").output)
        outputs = self._predict(training.Live(members), encoded)
        return np.asarray(outputs, dtype=np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


class _Reporter:
    """Makes one task of each epoch, whatever number of members are in it.

    The mean of their logs is told when the next epoch begins, or all have ended.
    """

    def __init__(self, tell: Callable[[int, dict[str, float]], bool] | None):
        self._tell = tell
        self._epoch = -1
        self._told = -1
        self._stop = False
        self._logs: list[dict[str, float]] = []

    def of(self, k: int) -> Callable[[int, dict[str, float]], bool] | None:
        """Give the function that a member calls after each epoch."""
        return None if self._tell is None else self._hear

    def _hear(self, epoch: int, logs: dict[str, float]) -> bool:
        if epoch != self._epoch:
            self.end()
            self._epoch = epoch
        self._logs.append(logs)
        return self._stop

    def end(self) -> None:
        """Tell of the last epoch; members that follow one by one tell nothing new."""
        if self._tell is None or not self._logs:
            return
        if self._epoch > self._told:
            names = self._logs[0]
            mean = {n: float(np.mean([logs[n] for logs in self._logs])) for n in names}
            self._stop = self._tell(self._epoch, mean) or self._stop
            self._told = self._epoch
        self._logs = []


def _spread(seed: int, n: int) -> list[int]:
    drawn = np.random.SeedSequence(seed).generate_state(n, np.uint64)
    return [int(value) >> 1 for value in drawn]


def _weights_of(network: Any) -> dict[str, list[np.ndarray]]:
    if hasattr(network, "weights"):
        return dict(network.weights())
    layers = network.model.layers
    return {layer.name: layer.get_weights() for layer in layers if layer.weights}


def _mean_history(
    histories: Sequence[dict[str, list[float]]],
) -> dict[str, list[float]]:
    """Average over the members that were still in training."""
    longest = max(len(history["loss"]) for history in histories)
    return {
        name: [
            float(np.mean([h[name][e] for h in histories if e < len(h[name])]))
            for e in range(longest)
        ]
        for name in histories[0]
    }
