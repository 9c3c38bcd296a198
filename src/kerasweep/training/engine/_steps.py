"""A Keras model's training and evaluation steps as pure functions."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kerasweep.training.engine._eligible import NotExpressible
from kerasweep.training.engine._floats import Floats
from kerasweep.training.engine._optimizer import pure_optimizer
from kerasweep.training.engine._private import metric_objects, values_in

Tensors = list[Any]


class Steps:
    """The pure functions behind ``Model.fit``, to be traced once.

    A state is a flat list: trainable variables, the other variables (batch
    statistics, seeds), optimizer variables. An accumulator is a flat list: the sum
    of the batches' losses, the number of rows, then every metric's variables.

    Parameters
    ----------
    model : keras.Model
        Compiled and built, metrics and optimizer included.
    floats : Floats
    value_and_grad : callable
        The backend's, over a list of tensors, with auxiliary output.
    """

    def __init__(self, model: Any, floats: Floats, value_and_grad: Callable[..., Any]):
        self._model = model
        self._floats = floats
        self._value_and_grad = value_and_grad
        self._trainable = model.trainable_variables
        self._other = model.non_trainable_variables
        self._metrics = metric_objects(model)
        self.log_names = ["loss"] + [m.name for m, _ in self._metrics]

    def initial_accumulator(self) -> Tensors:
        """Give the accumulator before the first batch."""
        variables = self._metric_variables()
        with keras.StatelessScope([(v, v.value) for v in variables]) as scope:
            for metric, _ in self._metrics:
                metric.reset_state()
        zero = ops.zeros((), dtype="float32")
        return [zero, zero] + [scope.get_current_value(v) for v in variables]

    def logs(self, accumulator: Tensors) -> Any:
        """Give the values of ``log_names`` in one vector."""
        mapping = list(zip(self._metric_variables(), accumulator[2:], strict=True))
        with keras.StatelessScope(mapping):
            values = [metric.result() for metric, _ in self._metrics]
        loss = accumulator[0] / ops.maximum(accumulator[1], 1.0)
        return ops.stack([ops.cast(v, "float32") for v in [loss, *values]])

    def train_step(
        self, state: Tensors, accumulator: Tensors, floats: Any, batch: tuple[Any, ...]
    ) -> tuple[Tensors, Tensors]:
        """Update the state on one batch.

        Parameters
        ----------
        state, accumulator : list of tensor
        floats : tensor of shape (n_floats,)
        batch : tuple of (x, y, sample_weight or None, mask or None)
            Rows whose mask is zero count for nothing.

        Returns
        -------
        state, accumulator : list of tensor
        """
        trainable, other, slots = self._split(state)
        optimizer = pure_optimizer(
            self._model.optimizer,
            self._floats.optimizer_attributes(self._model.optimizer, floats),
        )

        def loss_of(trainable: Tensors) -> tuple[Any, Any]:
            loss, y_pred, other_out = self._forward(trainable, other, batch, True)
            return optimizer.scale_loss(loss), (loss, y_pred, other_out)

        with self._floats.applied(floats):
            (_, (loss, y_pred, other)), gradients = self._value_and_grad(
                loss_of, trainable
            )
            trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        accumulator = self._accumulate(accumulator, loss, y_pred, batch)
        return [*trainable, *other, *slots], accumulator

    def eval_step(
        self, state: Tensors, accumulator: Tensors, floats: Any, batch: tuple[Any, ...]
    ) -> Tensors:
        """Add one batch of validation rows to the accumulator."""
        trainable, other, _ = self._split(state)
        with self._floats.applied(floats):
            loss, y_pred, _ = self._forward(trainable, other, batch, False)
        return self._accumulate(accumulator, loss, y_pred, batch)

    def _split(self, state: Tensors) -> tuple[Tensors, Tensors, Tensors]:
        n, m = len(self._trainable), len(self._other)
        return state[:n], state[n : n + m], state[n + m :]

    def _forward(
        self, trainable: Tensors, other: Tensors, batch: tuple[Any, ...], training: bool
    ) -> tuple[Any, Any, Tensors]:
        x, y, weight, mask = batch
        mapping = list(zip(self._trainable, trainable, strict=True))
        mapping += list(zip(self._other, other, strict=True))
        with keras.StatelessScope(mapping, collect_losses=True) as scope:
            given = values_in(scope)
            y_pred = self._model(x, training=training)
            loss = self._model.compute_loss(
                x, y, y_pred, _loss_weight(weight, mask), training=training
            )
            loss = loss + self._floats.penalty()
        self._check_assignments(given, values_in(scope))
        return loss, y_pred, [scope.get_current_value(v) for v in self._other]

    def _check_assignments(self, given: dict[int, Any], left: dict[int, Any]) -> None:
        changed = {key for key, value in left.items() if given.get(key) is not value}
        # On JAX, Model.fit itself drops what a call assigns to these.
        if keras.backend.backend() != "jax" and any(
            id(v) in changed for v in self._trainable
        ):
            raise NotExpressible("The model assigns trainable variables in a call.")
        if not changed <= given.keys():
            raise NotExpressible("The model assigns variables that are not its own.")

    def _accumulate(
        self, accumulator: Tensors, loss: Any, y_pred: Any, batch: tuple[Any, ...]
    ) -> Tensors:
        x, y, weight, mask = batch
        count = (
            ops.convert_to_tensor(float(x.shape[0]), "float32")
            if mask is None
            else ops.sum(mask)
        )
        variables = self._metric_variables()
        mapping = list(zip(variables, accumulator[2:], strict=True))
        with keras.StatelessScope(mapping) as scope:
            for metric, weighted in self._metrics:
                metric.update_state(
                    y,
                    y_pred,
                    sample_weight=_product(weight if weighted else None, mask),
                )
        return [
            accumulator[0] + ops.cast(loss, "float32") * count,
            accumulator[1] + count,
            *(scope.get_current_value(v) for v in variables),
        ]

    def _metric_variables(self) -> list[Any]:
        return [v for metric, _ in self._metrics for v in metric.variables]


def _loss_weight(weight: Any, mask: Any) -> Any:
    """Weigh rows so that the mean over all rows is the mean over the real ones."""
    if mask is None:
        return weight
    scale = ops.divide(float(mask.shape[0]), ops.maximum(ops.sum(mask), 1.0))
    return _product(weight, mask * scale)


def _product(weight: Any, mask: Any) -> Any:
    if weight is None or mask is None:
        return mask if weight is None else weight
    return weight * mask
