"""Give a network its optimizer, loss and metrics."""

import copy
from collections.abc import Sequence
from typing import Any

# As in PyTorch's OneCycleLR: how the cycle starts, and when it is highest.
_CYCLE_START, _CYCLE_PEAK = 1 / 25, 0.3


def compile_network(
    model: Any, *, loss: str, metrics: Sequence[str] = (), **optimizer: Any
) -> Any:
    """Compile a network.

    Parameters
    ----------
    model : keras.Model
    loss : str
    metrics : sequence of str, default=()
        Sample weights count in them.
    **optimizer : dict
        What :func:`make_optimizer` takes.

    Returns
    -------
    model : keras.Model
        The same one.
    """
    model.compile(
        optimizer=make_optimizer(**optimizer),
        loss=loss,
        weighted_metrics=list(metrics),
    )
    return model


def make_optimizer(
    optimizer: str,
    *,
    learning_rate: Any,
    schedule: tuple[str, int] | None = None,
    momentum: float | None = None,
) -> Any:
    """Make an optimizer.

    Parameters
    ----------
    optimizer : str
        Name that ``keras.optimizers.get`` knows.
    learning_rate : float or keras.optimizers.schedules.LearningRateSchedule
    schedule : (str, int), default=None
        "cosine" or "one_cycle", and over how many updates the rate follows it; None
        for a constant rate.
    momentum : float, default=None
        None for an optimizer that has none.

    Returns
    -------
    optimizer : keras.optimizers.Optimizer
    """
    import keras

    config = {"learning_rate": rate_over_time(learning_rate, schedule)}
    if momentum is not None:
        config["momentum"] = float(momentum)
    if isinstance(config["learning_rate"], float):
        return keras.optimizers.get({"class_name": optimizer, "config": config})
    # Not through a configuration, which a schedule of the user's need not have.
    return type(keras.optimizers.get(optimizer))(**config)


def rate_over_time(rate: Any, schedule: tuple[str, int] | None) -> Any:
    """Give a learning rate, or the schedule of :func:`make_optimizer` from it."""
    import keras

    if schedule is None:
        # A schedule of the user's may keep a state, which no fit may change.
        return rate if isinstance(rate, float) else copy.deepcopy(rate)
    kind, n_updates = schedule
    if kind == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, n_updates)
    n_rising = max(1, round(_CYCLE_PEAK * n_updates))
    return keras.optimizers.schedules.CosineDecay(
        rate * _CYCLE_START,
        max(1, n_updates - n_rising),
        warmup_target=rate,
        warmup_steps=n_rising,
    )
