"""Every private name of Keras that the engine uses."""

from typing import Any


def flatten_layers(model: Any) -> list[Any]:
    """List the layers of a model, nested ones and itself left out."""
    return list(model._flatten_layers(include_self=False))


def build_metrics(model: Any, data: tuple[Any, ...]) -> None:
    """Build a compiled model's metrics from a few rows (x, y, sample_weight)."""
    model._symbolic_build(data_batch=data)


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
