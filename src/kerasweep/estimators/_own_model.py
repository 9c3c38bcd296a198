"""What the two estimators for a user's own model share."""

from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import HasMethods

from kerasweep.estimators._datasets import Batch
from kerasweep.estimators._frozen import freeze_model, thaw_model
from kerasweep.estimators._named_outputs import compile_named, output_names
from kerasweep.estimators._own_metrics import fitting_metrics, gives_logits
from kerasweep.estimators._own_rows import OwnRowsMixin
from kerasweep.estimators._routing import (
    callback_instances,
    check_routed_names,
    compile_arguments,
    is_model,
    model_arguments,
    takes,
)
from kerasweep.estimators._row_sources import NamedRows
from kerasweep.estimators._seeding import seeded_globals

OWN_MODEL_CONSTRAINTS: dict[str, list[Any]] = {
    "model": [callable, HasMethods(["get_config", "get_weights"]), None],
}


class OwnModelMixin(OwnRowsMixin):
    """Routed parameters, and a model that the user's function builds."""

    _allow_nd: ClassVar[bool] = True
    model: Any
    _routed: dict[str, Any]

    def _keep_routed(self, routed: dict[str, Any]) -> None:
        check_routed_names(type(self).__name__, self._flat(), routed)
        self._routed = dict(routed)

    def _flat(self) -> dict[str, Any]:
        return super().get_params(deep=False)  # type: ignore[misc]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all parameters, the routed ones included.

        Parameters
        ----------
        deep : bool, default=True
            Has no effect: a network holds no estimators.

        Returns
        -------
        params : dict
        """
        return {**self._flat(), **self._routed}

    def set_params(self, **params: Any) -> Any:
        """Set parameters, flat or routed.

        Parameters
        ----------
        **params : dict
            For instance ``epochs=5``, ``model__units=64`` or
            ``optimizer__learning_rate=0.1``.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If nothing takes one of them; then none is set.
        """
        flat = self._flat()
        changed = {name: value for name, value in params.items() if name in flat}
        routed = {n: v for n, v in params.items() if n not in flat}
        try:
            check_routed_names(type(self).__name__, {**flat, **changed}, routed)
        except TypeError as error:
            raise ValueError(str(error)) from None
        vars(self).update(changed)
        self._routed.update(routed)
        return self

    def _build_model(self: Any, X: np.ndarray, seed: int) -> Any:
        name = type(self).__name__
        if self.model is None:
            raise ValueError(
                f"model of {name} must be a function that returns a keras.Model, or a "
                "keras.Model. Got None instead."
            )
        try:  # again: `model` or `optimizer` may have been set after what it takes
            check_routed_names(name, self._flat(), self._routed)
        except TypeError as error:
            raise ValueError(str(error)) from None
        from kerasweep.training.engine._private import user_metrics

        with seeded_globals(seed):
            if is_model(self.model):
                model = thaw_model(freeze_model(self.model, with_optimizer=False))
            else:
                arguments = model_arguments(
                    name, self.model, self._flat(), self._routed, self._described(X)
                )
                model = self.model(**arguments)
            if not is_model(model):
                raise ValueError(
                    f"model of {name} must return a keras.Model. Got "
                    f"{type(model).__name__} instead."
                )
            model = self._with_known_shapes(model, X)
        self._take_names_of(model, X)
        if isinstance(X, Batch):
            self._adopt_outputs(model)
        self._check_shapes(model, X)
        if model.compiled:
            self._check_compiled(model)
            if not self._by_name():
                self._ask_for_targets(
                    model.loss, user_metrics(model), model.output_shape[-1]
                )
        else:
            self._compile(model)
        return model

    def _with_known_shapes(self: Any, model: Any, X: np.ndarray) -> Any:
        """Build a model that waits for its data; give a subclass an input layer."""
        import keras

        if isinstance(model, keras.Sequential) and not model.built:
            model.build((None, *X.shape[1:]))
        if hasattr(model, "inputs"):
            return model
        if isinstance(X, NamedRows) or isinstance(getattr(X, "x", None), dict):
            raise ValueError(
                f"model of {type(self).__name__} must be a functional model for "
                "inputs by name. Got a subclass of keras.Model instead."
            )
        own_step = type(model).train_step is not keras.Model.train_step
        if model.compiled or own_step:
            raise ValueError(
                f"model of {type(self).__name__} must be a Sequential or functional "
                "model, or a subclass of keras.Model that is not compiled and has no "
                f"train_step. Got a {type(model).__name__} that "
                f"{'has a train_step' if own_step else 'is compiled'} instead."
            )
        features = keras.Input(X.shape[1:], name="features")
        return keras.Model(features, model(features))

    def _check_compiled(self: Any, model: Any) -> None:
        """Refuse settings that would have no effect on a compiled model."""
        name = type(self).__name__
        if model.loss is None:
            raise ValueError(
                f"model of {name} must be compiled with a loss, or not be compiled. "
                "Pass loss to the estimator if the function uses compile_kwargs."
            )
        if not is_model(self.model) and (
            takes(self.model, "compile_kwargs") or takes(self.model, "params")
        ):
            return
        defaults = {"optimizer": "adam", "loss": None, "metrics": None}
        ignored = [
            parameter
            for parameter, value in self.get_params().items()
            if (parameter in defaults and value != defaults[parameter])
            or (parameter.partition("__")[0] in defaults and "__" in parameter)
        ]
        if ignored:
            raise ValueError(
                f"model of {name} must not be compiled, or its function must take "
                f"compile_kwargs, for {', '.join(sorted(ignored))} to have an effect."
            )

    def _compile(self: Any, model: Any) -> None:
        owner = type(self).__name__
        arguments = compile_arguments(owner, self.get_params())
        if self._by_name():
            compile_named(self, model, arguments)
            return
        n_outputs = model.output_shape[-1]
        given = arguments["metrics"]
        metrics = fitting_metrics(
            owner,
            self._default_metrics if given is None else given,
            logits=gives_logits(arguments["loss"]),
            n_outputs=n_outputs,
            labels=getattr(self, "multilabel_", False),
        )
        if arguments["loss"] is None:
            arguments["loss"] = self._loss_of_batches(n_outputs) or self._default_loss(
                n_outputs, metrics
            )
        self._ask_for_targets(arguments["loss"], metrics, n_outputs)
        # By default as scores are: sample weights count.
        arguments["metrics" if given is not None else "weighted_metrics"] = metrics
        model.compile(**arguments)

    def _check_shapes(self: Any, model: Any, X: np.ndarray) -> None:
        name = type(self).__name__
        if output_names(model) is not None or self._by_name():
            self._check_named(model)
        shapes = [tuple(tensor.shape) for tensor in model.outputs or []]
        n_inputs = len(model.inputs or [])
        by_name = isinstance(X, NamedRows) or isinstance(getattr(X, "x", None), dict)
        if (n_inputs != 1 and not by_name) or {*map(len, shapes)} != {2}:
            raise ValueError(
                f"model of {name} must have one input, or several that are named as "
                "columns of a DataFrame or arrays of a dict, and outputs of shape "
                f"(rows, outputs). Got {n_inputs} inputs and outputs of shape "
                f"{shapes} instead."
            )
        if not by_name:
            self._check_row_shape(model, X)
        n_outputs = shapes[0][1]
        allowed = () if self._by_name() else self._allowed_outputs()
        if allowed and n_outputs not in allowed:
            raise ValueError(
                f"model of {name} must have {' or '.join(map(str, allowed))} outputs "
                f"for this y. Got {n_outputs} instead."
            )

    def _check_row_shape(self: Any, model: Any, X: np.ndarray) -> None:
        expected = tuple(model.inputs[0].shape)[1:]
        if len(expected) != X.ndim - 1 or any(
            e not in (None, n) for e, n in zip(expected, X.shape[1:], strict=True)
        ):
            raise ValueError(
                f"model of {type(self).__name__} takes rows of shape {expected}, but X "
                f"has rows of shape {X.shape[1:]}. Build its input from "
                "meta['n_features_in_'] or meta['X_shape_']."
            )

    def _keras_callbacks(self: Any) -> list[Any]:
        return callback_instances(self.get_params())
