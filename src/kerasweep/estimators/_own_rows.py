"""The rows of a user's own model: one array, several by name, a file, or batches."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import validate_data

from kerasweep import training
from kerasweep.estimators._datasets import (
    Batch,
    MetaOfBatches,
    Part,
    is_dataset,
    look_at,
    refuse_list_of_batches,
)
from kerasweep.estimators._fold import Fold
from kerasweep.estimators._limits import check_finite, clear_memory_errors
from kerasweep.estimators._named_inputs import (
    SeveralInputs,
    named_arrays,
    needs_names,
    takes_by_name,
    to_inputs,
)
from kerasweep.estimators._named_outputs import is_frame, output_names
from kerasweep.estimators._row_sources import (
    MappedRows,
    NamedRows,
    NamedTargets,
    is_by_name,
    is_mapped,
)
from kerasweep.estimators._seeding import draw_seeds
from kerasweep.training import GivenBatches, TrainingJob

_BLOCK = 1024


class OwnRowsMixin:
    """X as an array, as several by name, mapped from a file, or as a dataset."""

    _x_by_name: bool
    _y_by_name: bool
    _named_out: Any
    classes_: Any

    def __getattr__(self, name: str) -> Any:
        if name == "n_features_in_" and "_network" in self.__dict__:
            raise AttributeError(
                f"This {type(self).__name__} was fitted on arrays by name or on a "
                "dataset, which have no number of features: scikit-learn's "
                "n_features_in_ is for one table."
            )
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}"
        )

    # Fitting ------------------------------------------------------------------------

    def _train(
        self: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any] | None,
        epochs: int,
        resume: bool,
        context: Any,
    ) -> None:
        if is_dataset(X):
            try:
                self._train_on_batches(
                    X, y, sample_weight, validation, epochs, resume, context
                )
            finally:
                self.__dict__.pop("_batch", None)
            return
        refuse_list_of_batches(type(self).__name__, X)
        rest = (y, sample_weight, validation, epochs, resume, context)
        if not resume:
            self.__dict__.pop("n_features_in_", None)
            self.__dict__.pop("feature_names_in_", None)
            self._x_by_name = is_by_name(X)
            self._y_by_name = is_by_name(y)
        self._frames = (is_frame(X), is_frame(y))
        try:
            super()._train(X, *rest)  # type: ignore[misc]
        except SeveralInputs as found:
            by_x, by_y = found.args
            self._x_by_name, self._y_by_name = self._x_by_name or by_x, by_y
            super()._train(X, *rest)  # type: ignore[misc]
        finally:
            self.__dict__.pop("_frames", None)
            self.__dict__.pop("_not_one_array", None)

    def _take_names_of(self: Any, model: Any, X: Any) -> None:
        """Begin anew where a model wants by name what was read as one array.

        Raises
        ------
        SeveralInputs
        ValueError, TypeError
            If a frame that is no array of numbers meets a model that wants one.
        """
        refusal = getattr(self, "_not_one_array", None)
        if refusal is not None and not takes_by_name(model, X):
            raise refusal
        x_frame, y_frame = getattr(self, "_frames", (False, False))
        by_x = x_frame and not self._x_by_name and len(model.inputs or []) > 1
        several = output_names(model) is not None
        by_y = y_frame and not self._by_name() and several and not self._y_by_name
        if by_x or by_y:
            raise SeveralInputs(by_x, by_y or self._y_by_name)

    def _check_rows(self: Any, X: Any, y: Any, weight: Any, *, first: bool) -> Fold:
        if is_by_name(y):
            y = NamedTargets(y)
        return super()._check_rows(X, y, weight, first=first)  # type: ignore[misc]

    def _check_features(self: Any, X: Any, *, first: bool) -> Any:
        owner = type(self).__name__
        if isinstance(X, NamedRows | MappedRows):
            return X
        if getattr(self, "_x_by_name", False):
            return named_arrays(self, X, first=first)
        if is_by_name(X):
            raise TypeError(
                f"X of {owner} must be one array, as in fit. Got a dict instead."
            )
        if is_mapped(X) and self.engine != "compiled":
            rows = MappedRows(owner, X)
            validate_data(self, X, skip_check_array=True, reset=first)
            if first:
                self._row_shape = rows.shape[1:]
            elif rows.shape[1:] != self._row_shape:
                raise ValueError(
                    f"X of {owner} must have rows of shape {self._row_shape}, as in "
                    f"fit. Got {rows.shape[1:]} instead."
                )
            return rows
        try:
            return super()._check_features(X, first=first)  # type: ignore[misc]
        except (TypeError, ValueError) as error:
            if not first or not needs_names(X):
                raise
            self._x_by_name, self._not_one_array = True, error
            return named_arrays(self, X, first=first)

    def _for_loss(self: Any, network: Any, fold: Fold, rows: str) -> Fold:
        if isinstance(fold.X, NamedRows):
            X: Any = to_inputs(type(self).__name__, fold.X, network.model)
            fold = fold._replace(X=X)
        return super()._for_loss(network, fold, rows)  # type: ignore[misc]

    def _described(self: Any, X: Any) -> Mapping[str, Any]:
        """Return what a model function is told of the data."""
        if isinstance(X, Batch):
            return self._meta_of_batches(X)
        if not isinstance(X, NamedRows) and not self._by_name():
            return self._meta(X)
        arrays = X.arrays if isinstance(X, NamedRows) else None
        return {
            "n_features_in_": X.shape[1],
            "X_shape_": arrays and {n: array.shape for n, array in arrays.items()},
            "X_dtype_": arrays and {n: array.dtype for n, array in arrays.items()},
            "n_outputs_expected_": len(self._named_out or [0]),
            **({} if arrays else {"X_shape_": X.shape, "X_dtype_": X.dtype}),
            **self._meta_of_targets(),
        }

    # Datasets -----------------------------------------------------------------------

    def _meta_of_batches(self: Any, batch: Batch) -> MetaOfBatches:
        meta = MetaOfBatches(X_shape_=batch.shape, X_dtype_=batch.dtype)
        if not isinstance(batch.x, dict):
            meta["n_features_in_"] = batch.shape[-1]
        y = batch.y
        if y is not None and not isinstance(y, dict):
            columns = y.shape[-1] if y.shape else 1
            if not is_classifier(self):
                meta["n_outputs_"] = columns
            elif columns is not None and columns > 1:
                meta["n_classes_"] = columns
        return meta

    def _train_on_batches(
        self: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any] | None,
        epochs: int,
        resume: bool,
        context: Any,
    ) -> None:
        owner = type(self).__name__
        given = {
            "y": y,
            "sample_weight": sample_weight,
            "y_val": validation and validation[1],
            "class_weight": getattr(self, "class_weight", None),
            "validation_fraction": self.validation_fraction,
        }
        wrong = [name for name, value in given.items() if value is not None]
        if wrong:
            raise ValueError(
                f"{', '.join(wrong)} of {owner} must be None where X is a dataset, "
                "whose batches hold rows, targets and weights. Validate on another "
                "dataset, as X_val."
            )
        held_out = None if validation is None else validation[0]
        if held_out is not None and not is_dataset(held_out):
            raise ValueError(
                f"X_val of {owner} must be a dataset, as X is. Got "
                f"{type(held_out).__name__} instead."
            )
        if self.early_stopping and validation is not None and held_out is None:
            raise ValueError(
                f"early_stopping of {owner} must be given a dataset to validate on, as "
                "X_val, where X is a dataset: nobody can hold rows of it out."
            )
        self._batch = batch = look_at(owner, X, with_targets=True)
        if held_out is not None:
            look_at(owner, held_out, with_targets=True)
        if not resume:
            self._begin_with(batch)
        seeds = draw_seeds(self.random_state)
        network = (
            self._continued(batch)
            if resume
            else self._new_network(batch, seeds.weights)
        )
        first_epoch = self.n_epochs_ if resume else 0
        job = TrainingJob(
            network=network,
            train=GivenBatches(X),
            validation=None if held_out is None else GivenBatches(held_out),
            epochs=int(epochs),
            batch_size=int(self.batch_size),
            seed=seeds.order,
            first_epoch=first_epoch,
            early_stopping=self._stopping() if held_out is not None else None,
            on_epoch=self._reporter(context),
            terminate_on_nan=True,
            keras_callbacks=self._keras_callbacks(),
            verbose=int(self.verbose),
            engine=self.engine,
        )
        past = self.history_ if resume else {}
        self._keep(training.train(job), past, first_epoch)
        self._order_seed = seeds.order

    def _begin_with(self: Any, batch: Batch) -> None:
        """Take what a dataset's batches say of features and targets."""
        self._named_out, self._y_by_name = None, False
        self._x_by_name = isinstance(batch.x, dict)
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            self.__dict__.pop(name, None)
        if isinstance(batch.x, dict):
            self._named_in = list(batch.x)
        else:
            self._row_shape = batch.x.shape
            if len(batch.x.shape) == 1 and batch.x.shape[0] is not None:
                self.n_features_in_ = batch.x.shape[0]
        if isinstance(batch.y, dict):
            raise ValueError(
                f"Targets of a dataset of {type(self).__name__} must be one array, not "
                "several by name. Pass arrays or a DataFrame for several outputs."
            )

    def _loss_of_batches(self: Any, n_outputs: int) -> str | None:
        """Name the default loss where the batches of a dataset hold one-hot rows."""
        batch = getattr(self, "_batch", None)
        y = None if batch is None else batch.y
        one_hot = is_classifier(self) and n_outputs > 1 and isinstance(y, Part)
        if one_hot and y is not None and y.shape == (n_outputs,):
            return "categorical_crossentropy"
        return None

    def _adopt_outputs(self: Any, model: Any) -> None:
        """Take from a model what its targets are: class numbers, or columns."""
        if output_names(model) is not None:
            raise ValueError(
                f"model of {type(self).__name__} must have one output where X is a "
                "dataset. Pass arrays or a DataFrame for several outputs."
            )
        units = int(model.output_shape[-1])
        if is_classifier(self):
            self.classes_ = np.arange(max(2, units))
        else:
            self.n_outputs_, self._y_ndim = units, 1 if units == 1 else 2

    # Using --------------------------------------------------------------------------

    def _outputs(self: Any, X: Any) -> Any:
        owner = type(self).__name__
        if is_dataset(X):
            look_at(owner, X, with_targets=False)
            with clear_memory_errors(owner):
                whole = np.asarray(self.model_.predict(X, verbose=0))
            check_finite(owner, whole)
            return whole.astype(np.float64)
        rows = self._check_features(X, first=False)
        names = output_names(self.model_) if self._by_name() else None
        if not isinstance(rows, NamedRows) and names is None:
            return self._predict(self._network, rows).astype(np.float64)
        if isinstance(rows, NamedRows):
            rows = to_inputs(owner, rows, self.model_)
        blocks = []
        with clear_memory_errors(owner):
            for start in range(0, len(rows), _BLOCK):
                block = rows[start : start + _BLOCK]
                blocks.append(_parts(self.model_.predict_on_batch(block), names))
        found = {n: np.concatenate([block[n] for block in blocks]) for n in blocks[0]}
        for outputs in found.values():
            check_finite(owner, outputs)
        found = {n: outputs.astype(np.float64) for n, outputs in found.items()}
        return found[""] if names is None else found


def _parts(outputs: Any, names: list[str] | None) -> dict[str, np.ndarray]:
    if names is None:
        return {"": np.asarray(outputs)}
    if isinstance(outputs, Mapping):
        return {name: np.asarray(outputs[name]) for name in names}
    return {n: np.asarray(o) for n, o in zip(names, outputs, strict=True)}
