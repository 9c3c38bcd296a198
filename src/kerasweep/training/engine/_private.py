"""Every private name of Keras that this package uses.

A release of Keras that renames one of them is found by
``tests/training/test_training_private_names.py``, which says which.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import keras

# Names by the object that has them, for the test.
NAMES = {
    "model": (
        "_flatten_layers",
        "_compile_loss",
        "_compile_metrics",
        "_compile_config",
        "_symbolic_build",
    ),
    "metric": ("_variables", "_metrics", "_tracker"),
    "functional": ("_nodes_by_depth", "_inputs_struct", "_outputs_struct"),
    "sequential": ("_functional",),
    "node": ("operation", "arguments", "outputs", "is_input"),
    "compile_loss": ("_user_loss", "_user_loss_weights"),
    "compile_metrics": (
        "_user_metrics",
        "_user_weighted_metrics",
        "_flat_metrics",
        "_flat_weighted_metrics",
    ),
    "optimizer": (
        "_learning_rate",
        "_trainable_variables",
        "_trainable_variables_indices",
        "_use_weight_decay",
        "_var_key",
    ),
    "base_optimizer": (
        "assign",
        "assign_add",
        "assign_sub",
        "stateless_apply",
        "_var_key",
        "_apply_weight_decay",
        "_backend_update_step",
        "_overwrite_model_variables_with_average_value",
        "_backend_increment_gradient_accumulators",
        "_clip_by_norm",
    ),
    "global_state": ("get_global_attribute", "set_global_attribute"),
    "wrapped": ("fn", "_fn_kwargs"),
    "wrapped_metric": ("_fn", "_fn_kwargs"),
    "scope": ("state_mapping",),
}

# Bookkeeping that no call, loss or update computes from.
_OPERATION = frozenset(
    "name built build quantize _auto_config _build_shapes_dict _call_signature _called "
    "_inbound_nodes _outbound_nodes _loss_ids _losses _lock _path _parent_path "
    "_tracked _tracker _input_tensor call_signature_parameters "
    "_nodes _operations _operations_by_depth _inputs _outputs".split()
)
_TRAINER = frozenset(
    "optimizer loss compiled history stop_training train_function test_function "
    "predict_function steps_per_execution unrolled_steps_per_execution _compile_config "
    "_compile_loss _compile_metrics _loss_tracker _compiled_trainable_state "
    "_jit_compile _run_eagerly _distribute_strategy _eval_epoch_iterator "
    "_initial_epoch _compute_loss_has_training_arg output_names".split()
)
_METRIC = frozenset("_built built _build_input_shape _variables _tracker".split())
_OPTIMIZER = frozenset(
    "name built _lock _tracker _variables _trainable_variables_indices "
    "_exclude_from_weight_decay _exclude_from_weight_decay_cache "
    "_distribution_strategy".split()
)
_VARIABLE = frozenset("_name _path _value _initializer _layout".split())
_SEEDS = frozenset(("_initial_seed", "name"))
_GRAPH = ("_nodes_by_depth", "_inputs_struct", "_outputs_struct")


def ignored_names(item: Any) -> frozenset[str]:
    """Name the attributes that do not count in what an object of Keras' computes."""
    if isinstance(item, keras.Model):
        return _OPERATION | _TRAINER
    if isinstance(item, keras.Operation):
        return _OPERATION
    if isinstance(item, keras.Metric):
        return _METRIC
    if isinstance(item, keras.Optimizer):
        return _OPTIMIZER
    if isinstance(item, keras.Variable):
        return _VARIABLE
    if isinstance(item, keras.random.SeedGenerator):
        return _SEEDS
    return frozenset(("name",)) if isinstance(item, keras.Loss) else frozenset()


def is_bookkeeping(name: str) -> bool:
    """Tell whether TensorFlow keeps an attribute of this name for its checkpoints."""
    return name.startswith(("_self_", "_saved_model_")) or name in _GRAPH


def layers_of(model: Any) -> list[Any]:
    """List a model's layers, those within layers included."""
    return list(model._flatten_layers())


def graph_of(item: Any) -> tuple[Any, list[Any], Any] | None:
    """Give inputs, nodes in the order of their computation, and outputs.

    None where the item is not a functional model.
    """
    by_depth = getattr(item, "_nodes_by_depth", None)
    if by_depth is None:
        return None
    nodes = [n for depth in sorted(by_depth, reverse=True) for n in by_depth[depth]]
    computed = [n for n in nodes if n.operation and not n.is_input]
    return item._inputs_struct, computed, item._outputs_struct


def operations_of(model: Any) -> Iterator[Any]:
    """Give every operation of a model's graphs, layers and others."""
    yield from layers_of(model)
    for layer in [model, *layers_of(model)]:
        graph = graph_of(getattr(layer, "_functional", None) or layer)
        if graph is not None:
            yield from (node.operation for node in graph[1])


def user_loss(model: Any) -> Any:
    """Give the loss that a model was compiled with, or None."""
    loss = model._compile_loss
    return None if loss is None else loss._user_loss


def user_loss_weights(model: Any) -> Any:
    """Give the weights of the losses that a model was compiled with, or None."""
    loss = model._compile_loss
    return None if loss is None else loss._user_loss_weights


def user_metrics(model: Any) -> tuple[Any, Any]:
    """Give the metrics, and the weighted ones, that a model was compiled with."""
    metrics = model._compile_metrics
    if metrics is None:
        return None, None
    return metrics._user_metrics, metrics._user_weighted_metrics


def compile_arguments_of(model: Any) -> dict[str, Any]:
    """Give what a compiled model's ``compile`` was given, the objects themselves."""
    return dict(model._compile_config.config)


def metric_variables(metric: Any) -> tuple[list[Any], list[Any], dict[str, Any]]:
    """Give a metric's variables, the metrics in it, and its other attributes."""
    held = ("_variables", "_metrics", "_tracker")
    others = {n: v for n, v in vars(metric).items() if n not in held}
    return list(metric._variables), list(metric._metrics), others


def track_in_metric(metric: Any, variables: list[Any], metrics: list[Any]) -> None:
    """Let a new metric know its variables, and the metrics in it."""
    for kind, items in (("variables", variables), ("metrics", metrics)):
        for item in items:
            metric._tracker.add_to_store(kind, item)


def function_settings(item: Any) -> dict[str, Any]:
    """Give the arguments that a loss or metric passes to the function in it."""
    return dict(getattr(item, "_fn_kwargs", {}))


def compiled_parts(model: Any) -> tuple[Any, ...]:
    """Give the objects that a new call of ``compile`` replaces."""
    return model.optimizer, model._compile_loss, model._compile_metrics


def learning_rate_of(optimizer: Any) -> Any:
    """Give a learning rate's variable, schedule or function."""
    return optimizer._learning_rate


def set_learning_rate(optimizer: Any, rate: Any) -> None:
    """Put a number, a schedule or a function in a learning rate's place."""
    vars(optimizer)["_learning_rate"] = rate


def trained_by(optimizer: Any) -> list[Any]:
    """List the variables that a built optimizer belongs to."""
    return list(optimizer._trainable_variables)


def decayed(optimizer: Any) -> tuple[bool, ...] | None:
    """Tell which variables the optimizer's weight decay acts on; None without one.

    In ``Model.fit`` it looks for the names that are left out in those of TensorFlow's
    variables, which begin with the model's and the layer's, and on other backends in
    those of Keras' own.
    """
    if optimizer.weight_decay is None:
        return None
    in_tensorflow = keras.backend.backend() == "tensorflow"
    return tuple(
        optimizer._use_weight_decay(v.value if in_tensorflow else v)
        for v in trained_by(optimizer)
    )


def excluded_from_decay(optimizer: Any, variables: list[Any]) -> list[int]:
    """Give the places of the variables that were named to have no weight decay."""
    keys = getattr(optimizer, "_exclude_from_weight_decay", ())
    return [i for i, v in enumerate(variables) if optimizer._var_key(v) in keys]


def exclude_from_decay(optimizer: Any, variables: list[Any]) -> None:
    """Let weight decay not act on variables; names that are excluded remain so."""
    keys = {optimizer._var_key(v) for v in variables}
    vars(optimizer)["_exclude_from_weight_decay"] = keys


def build_losses_and_metrics(model: Any, batch: tuple[Any, ...]) -> None:
    """Create the variables of a compiled model's metrics."""
    model._symbolic_build(data_batch=batch)


def metric_objects(model: Any) -> list[tuple[Any, bool]]:
    """List a built model's metrics, each with whether sample weights count in it."""
    compiled = model._compile_metrics
    if compiled is None:
        return []
    return [
        (metric, weighted)
        for groups, weighted in (
            (compiled._flat_metrics, False),
            (compiled._flat_weighted_metrics, True),
        )
        for group in groups
        if group is not None
        for metric in group.metrics
    ]


def is_tool_of_keras(item: Any) -> bool:
    """Tell whether an object is of Keras' own bookkeeping."""
    return type(item).__module__.startswith("keras.src.utils")


def is_tracked_collection(item: Any) -> bool:
    """Tell whether this is a list, dict or set that Keras made to track its items."""
    tracked = type(item).__module__ == "keras.src.utils.tracking"
    return tracked and isinstance(item, list | dict | set)


def prepares_data(layer: Any) -> bool:
    """Tell whether a layer is one of Keras' that prepare data."""
    return type(layer).__module__.startswith("keras.src.layers.preprocessing.")


def values_in(scope: Any) -> dict[int, Any]:
    """Give the values that a scope has for variables, by the variables' ids."""
    return dict(scope.state_mapping)


def base_optimizer() -> type:
    """Give the class of optimizers that knows of no backend."""
    return next(c for c in keras.Optimizer.__mro__ if c.__name__ == "BaseOptimizer")


def bound_to_variables(optimizer: Any, attributes: dict[str, Any]) -> dict[str, Any]:
    """Give a built optimizer's attributes with its variables known by their ids."""
    variables = trained_by(optimizer)
    attributes = dict(attributes)
    attributes["_trainable_variables_indices"] = {
        id(v): i for i, v in enumerate(variables)
    }
    decay = decayed(optimizer)
    if decay is not None:
        attributes["_exclude_from_weight_decay_cache"] = {
            id(v): d for v, d in zip(variables, decay, strict=True)
        }
    return attributes


@contextmanager
def global_attribute(name: str, value: Any) -> Iterator[None]:
    """Let Keras' global attribute of a name have a value, and put it back."""
    from keras.src.backend.common import global_state

    before = global_state.get_global_attribute(name)
    global_state.set_global_attribute(name, value)
    try:
        yield
    finally:
        global_state.set_global_attribute(name, before)


def fresh_global_seeds() -> AbstractContextManager[None]:
    """Let ``keras.random`` draw from a new global generator for a while."""
    from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR

    return global_attribute(GLOBAL_SEED_GENERATOR, None)
