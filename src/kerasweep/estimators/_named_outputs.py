"""Targets by name, brought to a model's named outputs, and predictions by name."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils import check_array

from kerasweep.estimators._labels import check_class_labels, class_columns
from kerasweep.estimators._named_inputs import named_targets
from kerasweep.estimators._own_metrics import fitting_metrics, gives_logits
from kerasweep.estimators._row_sources import NamedRows, is_by_name
from kerasweep.estimators._target_forms import choose_form


def is_frame(values: Any) -> bool:
    """Tell whether this is a data frame."""
    return hasattr(values, "columns") and hasattr(values, "iloc")


def _is_indicator(y: Any) -> bool:
    """Tell whether a frame holds zeros and ones alone, a column for each label."""
    numbers = all(getattr(kind, "kind", "O") in "buif" for kind in y.dtypes)
    return numbers and bool(np.isin(np.asarray(y), (0, 1)).all())


def output_names(model: Any) -> list[str] | None:
    """Name a model's outputs; None if there is only one."""
    from kerasweep.training.engine._private import graph_of

    if len(model.outputs or []) < 2:
        return None
    graph = graph_of(model)
    structure = None if graph is None else graph[2]
    if isinstance(structure, Mapping):
        return list(structure)
    return [str(name) for name in model.output_names]


def output_units(model: Any) -> dict[str, int]:
    """Give the units of each named output."""
    from kerasweep.training.engine._private import graph_of

    graph = graph_of(model)
    structure = None if graph is None else graph[2]
    names = output_names(model) or []
    if isinstance(structure, Mapping):
        return {name: int(structure[name].shape[-1]) for name in names}
    return {n: int(t.shape[-1]) for n, t in zip(names, model.outputs, strict=True)}


def by_name(owner: str, what: str, given: Any, names: list[str]) -> dict[str, Any]:
    """Give each output its loss, or its metrics, as ``compile`` was given them.

    Raises
    ------
    ValueError
        If an output has none, or one is of no output.
    """
    if isinstance(given, Mapping) and "class_name" not in given:
        if {*given} != {*names}:
            raise ValueError(
                f"{what} of {owner} must be of the outputs {names}. Got those of "
                f"{list(given)} instead."
            )
        return dict(given)
    if isinstance(given, list | tuple) and what == "loss":
        if len(given) != len(names):
            raise ValueError(
                f"loss of {owner} must be one for each of the outputs {names}. Got "
                f"{len(given)} instead."
            )
        return dict(zip(names, given, strict=True))
    return dict.fromkeys(names, given)


def compile_named(estimator: Any, model: Any, arguments: dict[str, Any]) -> None:
    """Compile a model with several outputs.

    Parameters
    ----------
    estimator : KerasClassifier or KerasRegressor
    model : keras.Model
    arguments : dict
        Of ``compile``: optimizer, loss and metrics as the user gave them.
    """
    owner, units = type(estimator).__name__, output_units(model)
    names, given = list(units), arguments.pop("metrics")
    losses = by_name(owner, "loss", arguments["loss"], names)
    asked = estimator._default_metrics if given is None else given
    metrics = by_name(owner, "metrics", asked, names)
    for name in names:
        metrics[name] = fitting_metrics(
            owner,
            list(metrics[name]),
            logits=gives_logits(losses[name]),
            n_outputs=units[name],
        )
        if losses[name] is None:
            losses[name] = estimator._default_loss(units[name], metrics[name])
    arguments["loss"] = losses
    arguments["metrics" if given is not None else "weighted_metrics"] = metrics
    model.compile(**arguments)


class _NamedOutputs:
    """What both kinds of targets share."""

    _named_out: Any
    _out_frame: bool

    def _by_name(self) -> bool:
        return getattr(self, "_named_out", None) is not None

    def _check_named(self: Any, model: Any) -> None:
        """Compare the outputs of a model with the names and sizes of the targets."""
        owner, units = type(self).__name__, output_units(model)
        if {*units} != {*(self._named_out or [])}:
            raise ValueError(
                f"y of {owner} must have a column, or an array of a dict, for each "
                f"output of the model, {list(units)}. Got "
                f"{self._named_out or 'one array'} instead."
            )
        for name, n_units in units.items():
            allowed = self._allowed_named(name)
            if n_units not in allowed:
                raise ValueError(
                    f"Output {name!r} of the model of {owner} must have "
                    f"{' or '.join(map(str, allowed))} units for this y. Got {n_units} "
                    "instead."
                )

    def _loss_target(self: Any, network: Any, target: Any) -> Any:
        if not isinstance(target, NamedRows):
            return super()._loss_target(network, target)  # type: ignore[misc]
        from kerasweep.training.engine._private import graph_of

        units = output_units(network.model)
        graph = graph_of(network.model)
        formed = {
            name: self._formed(network.model, name, target.arrays[name], n)
            for name, n in units.items()
        }
        in_order = graph is None or not isinstance(graph[2], Mapping)
        return NamedRows(formed, in_order=in_order)

    def _strata(self: Any, target: Any) -> Any:
        if isinstance(target, NamedRows):
            return None
        return super()._strata(target)  # type: ignore[misc]

    def _refuse_unnamed(self: Any, first: bool) -> None:
        if first:
            self._named_out = None
        elif self._by_name():
            raise ValueError(
                f"y of {type(self).__name__} must have the names {self._named_out}, as "
                "in fit. Got none."
            )

    def _keep_names(self: Any, y: Any, names: list[str], first: bool) -> None:
        if first:
            self._named_out, self._out_frame = names, is_frame(y)
        elif names != self._named_out:
            raise ValueError(
                f"y of {type(self).__name__} must have the names {self._named_out}, as "
                f"in fit. Got {names} instead."
            )

    def _as_given(self, parts: dict[str, np.ndarray], X: Any) -> Any:
        """Return predictions as y was given: a frame, or a dict."""
        if not self._out_frame:
            return parts
        import pandas as pd

        return pd.DataFrame(parts, index=X.index if is_frame(X) else None)


class NamedClassesMixin(_NamedOutputs):
    """Classes of several outputs, of a `KerasClassifier`."""

    classes_: Any

    def _encode_target(self: Any, X: Any, y: Any, *, first: bool) -> Any:
        named = is_by_name(y) or (is_frame(y) and self._takes_names(y))
        if not named:
            self._refuse_unnamed(first)
            return super()._encode_target(X, y, first=first)  # type: ignore[misc]
        owner = type(self).__name__
        if self.class_weight is not None:
            raise ValueError(
                f"class_weight of {owner} must be None for several outputs. Got "
                f"{self.class_weight!r} instead. Pass sample_weight."
            )
        parts = named_targets(owner, y)
        labels = {n: check_class_labels(self, part) for n, part in parts.items()}
        self._keep_names(y, list(parts), first)
        if first:
            self.classes_ = {n: np.unique(part) for n, part in labels.items()}
        for name, known in self.classes_.items():
            strangers = np.setdiff1d(labels[name], known)
            if len(known) < 2 or len(strangers):
                raise ValueError(
                    f"{name!r} of y of {owner} must hold at least 2 classes, those "
                    f"seen in fit. Got {np.unique(labels[name]).tolist()} instead."
                )
        return NamedRows(
            {
                n: np.searchsorted(self.classes_[n], part).astype(np.int32)
                for n, part in labels.items()
            }
        )

    def _meta_of_targets(self: Any) -> dict[str, Any]:
        if not self._by_name():
            n_classes = len(self.classes_)
            kind = "binary" if n_classes == 2 else "multiclass"
            known = {"n_classes_": n_classes, "classes_": self.classes_}
            return {"target_type_": kind, **known}
        return {
            "target_type_": "multiclass-multioutput",
            "n_classes_": {n: len(known) for n, known in self.classes_.items()},
            "classes_": dict(self.classes_),
        }

    def _takes_names(self: Any, y: Any) -> bool:
        if getattr(self, "_y_by_name", False) or self._by_name():
            return True
        return y.shape[1] > 1 and not _is_indicator(y)

    def _allowed_named(self: Any, name: str) -> tuple[int, ...]:
        n_classes = len(self.classes_[name])
        return (1, 2) if n_classes == 2 else (n_classes,)

    def _formed(self: Any, model: Any, name: str, target: Any, n_units: int) -> Any:
        if n_units == 1:
            return target[:, None].astype(np.float32)
        names = output_names(model) or []
        loss = by_name(type(self).__name__, "loss", model.loss, names)[name]
        form = choose_form(type(self).__name__, loss, None, n_units)
        return target if form == "numbers" else class_columns(target, n_units)

    def predict_proba(self: Any, X: Any) -> Any:
        """Compute the probability of each class.

        Parameters
        ----------
        X : array-like, DataFrame, dict or dataset
            As in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), float64
            Rows sum to 1; columns follow ``classes_``. A dict of such for a model with
            several outputs.
        """
        self._check_fitted()
        if not self._by_name():
            return super().predict_proba(X)  # type: ignore[misc]
        names = list(self._named_out)
        losses = by_name(type(self).__name__, "loss", self.model_.loss, names)
        found = self._outputs(X)
        return {n: self._probabilities(found[n], losses[n]) for n in names}

    def predict(self: Any, X: Any) -> Any:
        """Choose the most probable class.

        Parameters
        ----------
        X : array-like, DataFrame, dict or dataset
            As in ``fit``.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            In the type of the labels seen in ``fit``. A DataFrame or a dict of such, as
            y was, for a model with several outputs.
        """
        self._check_fitted()
        if not self._by_name():
            return super().predict(X)  # type: ignore[misc]
        shares = self.predict_proba(X)
        chosen = {n: self.classes_[n][s.argmax(axis=1)] for n, s in shares.items()}
        return self._as_given(chosen, X)

    def score(self: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the accuracy: the share of rows that are right in every output.

        Parameters
        ----------
        X : array-like, DataFrame or dict
        y : array-like, DataFrame or dict
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        self._check_fitted()
        if not self._by_name():
            return super().score(X, y, sample_weight)  # type: ignore[misc]
        found = self.predict(X)
        right = [np.asarray(found[n]) == np.asarray(y[n]) for n in self._named_out]
        return float(np.average(np.all(right, axis=0), weights=sample_weight))


class NamedNumbersMixin(_NamedOutputs):
    """Numbers of several outputs, of a `KerasRegressor`."""

    def _encode_target(self: Any, X: Any, y: Any, *, first: bool) -> Any:
        named = is_by_name(y) or (
            is_frame(y)
            and (getattr(self, "_y_by_name", False) or (not first and self._by_name()))
        )
        if not named:
            self._refuse_unnamed(first)
            return super()._encode_target(X, y, first=first)  # type: ignore[misc]
        parts = named_targets(type(self).__name__, y)
        numbers = {
            n: check_array(
                part, dtype=np.float32, ensure_2d=False, input_name="y", estimator=self
            )
            for n, part in parts.items()
        }
        self._keep_names(y, list(numbers), first)
        if first:
            self._out_ndim = {n: part.ndim for n, part in numbers.items()}
            self._out_columns = {n: part[0].size for n, part in numbers.items()}
            self.n_outputs_ = sum(self._out_columns.values())
        return NamedRows(
            {n: part.reshape(len(part), -1) for n, part in numbers.items()}
        )

    def _meta_of_targets(self: Any) -> dict[str, Any]:
        several = self.n_outputs_ > 1
        return {
            "target_type_": "continuous-multioutput" if several else "continuous",
            "n_outputs_": dict(self._out_columns)
            if self._by_name()
            else self.n_outputs_,
        }

    def _allowed_named(self: Any, name: str) -> tuple[int, ...]:
        return (self._out_columns[name],)

    def _formed(self: Any, model: Any, name: str, target: Any, n_units: int) -> Any:
        return target

    def predict(self: Any, X: Any) -> Any:
        """Predict the targets.

        Parameters
        ----------
        X : array-like, DataFrame, dict or dataset
            As in ``fit``.

        Returns
        -------
        targets : ndarray of shape (n_samples,) or (n_samples, n_outputs), float64
            A DataFrame or a dict of such, as y was, for a model with several outputs.
        """
        self._check_fitted()
        if not self._by_name():
            return super().predict(X)  # type: ignore[misc]
        found = self._outputs(X)
        shaped = {
            n: found[n].ravel() if self._out_ndim[n] == 1 else found[n]
            for n in self._named_out
        }
        return self._as_given(shaped, X)

    def score(self: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute R2, of several outputs the mean.

        Parameters
        ----------
        X : array-like, DataFrame or dict
        y : array-like, DataFrame or dict
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        from sklearn.metrics import r2_score

        self._check_fitted()
        if not self._by_name():
            return super().score(X, y, sample_weight)  # type: ignore[misc]
        found = self.predict(X)
        scores = [
            r2_score(y[n], found[n], sample_weight=sample_weight)
            for n in self._named_out
        ]
        return float(np.mean(scores))
