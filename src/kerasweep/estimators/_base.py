"""What every estimator shares: data checks, the fit, callbacks, and pickling."""

from abc import abstractmethod
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import (
    check_is_fitted,
)

from kerasweep import training
from kerasweep._private_callbacks import OF_A_FIT, has_callbacks
from kerasweep.estimators._auto import count_rows, in_force
from kerasweep.estimators._fold import Fold
from kerasweep.estimators._frozen import freeze, same_parameters, thaw
from kerasweep.estimators._limits import (
    check_factors,
    clear_memory_errors,
    finite_outputs,
)
from kerasweep.estimators._optimizers import check_schedule
from kerasweep.estimators._parameters import carried_state, cloned, restored_state
from kerasweep.estimators._rows import NetworkRows
from kerasweep.estimators._seeding import draw_seeds
from kerasweep.training import EarlyStopping, TrainingJob

if TYPE_CHECKING:
    from kerasweep.training.engine._blueprint import Blueprint

_REMEDY = "Lower the learning rate or the penalties, or scale X (and y)."


class BaseNetwork(NetworkRows, CallbackSupportMixin, BaseEstimator):
    """A Keras network with scikit-learn's face.

    A leaf says what its network is: by a blueprint (:meth:`_describe`), or by building
    a Keras model (:meth:`_build_model`). The mixins of ``_targets`` say what its
    targets mean.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 0, None, closed="left")],
        "min_delta": [Interval(Real, 0, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "restore_best_weights": ["boolean"],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "engine": [StrOptions({"auto", "compiled", "keras"})],
    }

    batch_size: Any
    epochs: Any
    early_stopping: bool | None
    patience: int
    min_delta: float
    validation_fraction: float | None
    restore_best_weights: bool
    warm_start: bool
    random_state: Any
    verbose: int
    engine: str

    engine_: str
    history_: dict[str, list[float]]
    n_epochs_: int
    best_epoch_: int
    _network: Any
    _order_seed: int
    _row_shape: tuple[int, ...]

    #: Whether X may have more than two dimensions.
    _allow_nd = False

    # What a leaf or a mixin supplies ------------------------------------------------

    def _describe(self, X: np.ndarray) -> "tuple[Blueprint, dict[str, Any]] | None":
        """Return the blueprint and the numbers of a network for these rows."""
        return None

    @abstractmethod
    def _build_model(self, X: np.ndarray, seed: int) -> Any:
        """Return a built and compiled ``keras.Model``, where there is no blueprint."""

    @abstractmethod
    def _encode_target(self, X: np.ndarray, y: Any, *, first: bool) -> np.ndarray:
        """Return y as the loss takes it; learn what it means on the first call.

        A network that learns from rows alone makes its targets of them.
        """

    def _needs_y(self) -> bool:
        """Return whether validation rows must come with targets."""
        return True

    def _loss_input(self, X: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Return rows in the form that the network takes in training."""
        return X

    def _loss_target(self, network: Any, target: np.ndarray) -> np.ndarray:
        """Return encoded targets in the shape that this network's loss takes."""
        return target

    def _loss_weight(
        self, target: np.ndarray, sample_weight: np.ndarray | None
    ) -> np.ndarray | None:
        """Return each row's weight in the loss."""
        return sample_weight

    def _strata(self, target: np.ndarray) -> np.ndarray | None:
        """Return what the validation rows are stratified by."""
        return None

    def _keras_callbacks(self) -> list[Any]:
        """Return the user's own Keras callbacks for one run."""
        return []

    def _network_in_training(self, network: Any, seed: int) -> Any:
        """Return what is trained in place of a network, whose variables it shares."""
        return network

    def _validation_rows(self, rows: Fold, seed: int) -> Fold:
        """Return held-out rows as each epoch is validated on them."""
        return rows

    def _resolve(self, n_rows: int, *, one_epoch: bool, validates: bool) -> None:
        """Learn what parameters that are "auto" mean for so many rows."""

    def _learn_target(self, rows: Fold, *, first: bool) -> None:
        """Learn from the training rows of a first call what targets are measured by."""

    def _finish(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Learn, within the fit, what the trained network is needed for."""

    def _answering(self, model: Any) -> Any:
        """Return the model that answers as the estimator does, of the trained one."""
        return model

    # Fitting ------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> "BaseNetwork":
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers; trained on as float32.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Each row's non-negative weight in the loss; only ratios matter.
        X_val, y_val : array-like, default=None
            Rows to validate on after each epoch, instead of a `validation_fraction`
            of the training rows.

        Returns
        -------
        self : estimator
        """
        resume = self.warm_start and self.__sklearn_is_fitted__()
        return self._run(X, y, sample_weight, (X_val, y_val), resume)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> "BaseNetwork":
        check_schedule(self, trains_on=True)
        resume = self.__sklearn_is_fitted__()
        return self._run(X, y, sample_weight, None, resume)

    def _run(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any] | None,
        resume: bool,
    ) -> "BaseNetwork":
        """Fit within a callback context; an error is reported to it and raised.

        Without `validation` for one epoch.
        """
        before, n_rows = dict(vars(self)), count_rows(X, sample_weight)
        if validation is None:
            self._resolve(n_rows, one_epoch=True, validates=False)
            epochs = 1
        else:
            validates = validation[0] is not None or bool(self.validation_fraction)
            self._resolve(n_rows, one_epoch=False, validates=validates)
            epochs = int(in_force(self, "epochs"))
        context = self._init_callback_context(max_subtasks=epochs)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        try:
            check_factors(self)
            with clear_memory_errors(type(self).__name__):
                self._train(X, y, sample_weight, validation, epochs, resume, context)
                self._finish(X, y, sample_weight)
        except BaseException as error:
            if "_network" in before:  # which answers by what was learnt with it
                state = self.__dict__
                of_fit = {name: state[name] for name in OF_A_FIT if name in state}
                state.clear()
                state.update({**before, **of_fit})
            if isinstance(error, Exception):
                context.call_on_fit_task_end(estimator=self, metadata={"error": error})
            raise
        # Nothing has to be reconstructed: self is fitted. Epochs offer no fitted
        # estimator, since a ScoringMonitor would pass their metrics on to its scorer.
        context.call_on_fit_task_end(
            estimator=self, X=X, y=y, reconstruction_attributes=dict
        )
        return self

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
        rows = self._check_rows(X, y, sample_weight, first=not resume)
        seeds = draw_seeds(self.random_state)
        held_out = None
        if validation is not None:  # partial_fit never validates
            rows, held_out = self._hold_out(rows, validation, seeds.split)
        self._learn_target(rows, first=not resume)
        if resume:
            network = self._continued(rows.X)
            order_seed, first_epoch = self._order_seed, self.n_epochs_
        else:
            network = self._new_network(rows.X, seeds.weights)
            order_seed, first_epoch = seeds.order, 0
        rows = self._for_loss(network, rows, "the rows of a fit")
        if validation is not None and held_out is not None:
            held_out = self._for_loss(
                network,
                self._validation_rows(held_out, seeds.split),
                "the rows held out for validation"
                if validation[0] is None
                else "the rows of X_val",
            )
        job = TrainingJob(
            network=self._network_in_training(network, order_seed + first_epoch),
            train=rows,
            validation=held_out,
            epochs=epochs,
            batch_size=min(int(in_force(self, "batch_size")), len(rows.X)),
            seed=order_seed,
            first_epoch=first_epoch,
            early_stopping=self._stopping() if held_out is not None else None,
            on_epoch=self._reporter(context),
            terminate_on_nan=True,
            keras_callbacks=self._keras_callbacks(),
            verbose=int(self.verbose),
            engine=self.engine,
        )
        past = self.history_ if resume else {}
        # A blueprint's network that Model.fit had to train has become a Keras model.
        in_place = None if job.network is network else network
        self._keep(training.train(job), past, first_epoch, in_place)
        self._order_seed = order_seed

    def _keep(
        self,
        result: Any,
        past: dict[str, list[float]],
        first_epoch: int,
        network: Any = None,
    ) -> None:
        """Take over what came of a run, of its own network if that is not given."""
        self._check_finite(result)
        self._network = result.network if network is None else network
        self.engine_ = result.engine
        self.history_ = _joined(past, result.history)
        self.n_epochs_ = first_epoch + len(result.history["loss"])
        self.__dict__.pop("best_epoch_", None)
        if result.best_epoch is not None:
            self.best_epoch_ = first_epoch + result.best_epoch

    def _new_network(self, X: np.ndarray, seed: int) -> Any:
        """Return a network that nobody has trained."""
        described = self._describe(X)
        if described is None:
            return training.Live(self._build_model(X, seed), self._origin())
        # The numbers of a schedule of the user's own are not ours to take out.
        rate = described[1].get("learning_rate", 0.0)
        drawn = self.engine != "keras" and isinstance(rate, Real)
        make = training.Drawn if drawn else training.Live.built
        return make(*described, seed)

    def _continued(self, X: np.ndarray) -> Any:
        """Return the network at hand with the numbers that the parameters have now."""
        owner, network = type(self).__name__, self._network
        described = self._describe(X)
        if described is not None:
            return network.continued(*described, owner)
        if network.origin is None or same_parameters(network.origin, self._origin()):
            return network
        built = training.Live(self._build_model(X, 0), self._origin())
        built.take_over(network, owner)
        return built

    def _origin(self) -> Any:
        """Return the parameters that a model is built from."""
        of_run = BaseNetwork._parameter_constraints
        return {n: v for n, v in self.get_params().items() if n not in of_run}

    def _stopping(self) -> EarlyStopping | None:
        if not in_force(self, "early_stopping"):
            return None
        return EarlyStopping(
            patience=int(self.patience),
            min_delta=float(self.min_delta),
            restore_best_weights=self.restore_best_weights,
        )

    def _reporter(self, context: Any) -> Any:
        """Return the function that makes each epoch a task of the fit, if one listens.

        Where no callback does, several epochs can run in one call of a program.
        """
        if not has_callbacks(self):
            return None

        def on_epoch(epoch: int, logs: dict[str, float]) -> bool:
            task = context.subcontext(task_name="epoch")
            task.call_on_fit_task_begin(estimator=self)
            return bool(task.call_on_fit_task_end(estimator=self, metadata=dict(logs)))

        return on_epoch

    def _check_finite(self, result: Any) -> None:
        owner, losses = type(self).__name__, result.history["loss"]
        for epoch, loss in enumerate(losses, start=1):
            if not np.isfinite(loss):
                raise ValueError(
                    f"The loss of {owner} became {loss} in epoch {epoch}. {_REMEDY}"
                )
        # The loss of an epoch is measured before its updates: the last of them shows
        # in the weights alone.
        if not result.network.is_finite():
            raise ValueError(
                f"The loss of {owner} was {losses[-1]} in epoch "
                f"{len(losses)}, and the updates of that epoch made weights infinite "
                f"or NaN. {_REMEDY}"
            )

    # Using --------------------------------------------------------------------------

    @property
    def model_(self) -> Any:
        """The trained network as a ``keras.Model``, made when it is first asked for.

        From then on it is what the estimator predicts with.
        """
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute 'model_'"
            )
        with training.building:  # two threads get the same model
            self._network = live = self._network.to_live()
            if live.answering is None:
                live.answering = self._answering(live.model)
        return live.answering

    def _outputs(self, X: Any) -> np.ndarray:
        X = self._check_features(X, first=False)
        return self._predict(self._network, X).astype(np.float64)

    def _predict(self, network: Any, X: np.ndarray) -> np.ndarray:
        return finite_outputs(type(self).__name__, network, X)

    def _check_fitted(self) -> None:
        check_is_fitted(self)

    def __sklearn_is_fitted__(self) -> bool:
        return "_network" in vars(self)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "_network" in state:
            state["_network"] = freeze(
                state["_network"], with_optimizer=self.warm_start
            )
        return carried_state(self, state)

    def __sklearn_clone__(self) -> Any:
        return cloned(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = restored_state(state)
        if "_network" in state:
            state["_network"] = thaw(state["_network"])
        super().__setstate__(state)


def _joined(
    past: dict[str, list[float]], present: dict[str, list[float]]
) -> dict[str, list[float]]:
    """Return two histories as one, NaN where an epoch has no such value."""
    n_past = len(past.get("loss", []))
    n_present = len(present["loss"])
    return {
        name: past.get(name, [np.nan] * n_past)
        + present.get(name, [np.nan] * n_present)
        for name in {**past, **present}
    }
