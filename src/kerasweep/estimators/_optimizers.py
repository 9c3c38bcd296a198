"""From flat parameters to a Keras optimizer."""

from numbers import Real
from typing import Any

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

_TAKES_MOMENTUM = {"sgd", "rmsprop"}

OPTIMIZER_CONSTRAINTS: dict[str, list[Any]] = {
    "optimizer": [
        StrOptions(
            {"adadelta", "adagrad", "adam", "adamax", "adamw", "lion", "nadam"}
            | _TAKES_MOMENTUM
        )
    ],
    "learning_rate": [
        Interval(Real, 0, None, closed="neither"),
        HasMethods(["get_config", "__call__"]),
    ],
    "learning_rate_schedule": [StrOptions({"constant", "cosine", "one_cycle"})],
    "momentum": [Interval(Real, 0, 1, closed="left")],
}
# As in PyTorch's OneCycleLR: how the cycle starts, and when it is highest.
_CYCLE_START, _CYCLE_PEAK = 1 / 25, 0.3


def make_optimizer(estimator: Any, n_rows: int) -> Any:
    """Return the optimizer that an estimator's parameters describe.

    Parameters
    ----------
    estimator : estimator with the parameters of `OPTIMIZER_CONSTRAINTS`
        Without `learning_rate_schedule` the rate is constant.
    n_rows : int
        Training rows, which with `batch_size` and `epochs` make the number of
        updates.

    Returns
    -------
    optimizer : keras.optimizers.Optimizer

    Raises
    ------
    ValueError
        If `momentum` is given to an optimizer that has none, or a schedule of the
        rate where the number of updates is not known or the rate has its own.
    """
    import keras

    name = estimator.optimizer
    momentum = {}
    if name in _TAKES_MOMENTUM:
        momentum["momentum"] = float(estimator.momentum)
    elif estimator.momentum:
        raise ValueError(
            f"momentum of {type(estimator).__name__} must be 0 with optimizer="
            f"{name!r}, which sets its own. Got {estimator.momentum!r} instead."
        )
    rate = _learning_rate(estimator, n_rows)
    return keras.optimizers.get(
        {"class_name": name, "config": {"learning_rate": rate, **momentum}}
    )


def check_schedule(estimator: Any, *, trains_on: bool) -> None:
    """Refuse a schedule where it would have ended before training did."""
    schedule = getattr(estimator, "learning_rate_schedule", "constant")
    if schedule == "constant":
        return
    owner = type(estimator).__name__
    if trains_on:
        raise ValueError(
            f"learning_rate_schedule of {owner} must be 'constant' with "
            f"warm_start=True or partial_fit, which train on. Got {schedule!r} instead."
        )
    if not isinstance(estimator.learning_rate, Real):
        raise ValueError(
            f"learning_rate of {owner} must be a number with learning_rate_schedule="
            f"{schedule!r}. Got {estimator.learning_rate!r} instead."
        )


def _learning_rate(estimator: Any, n_rows: int) -> Any:
    import keras

    check_schedule(estimator, trains_on=estimator.warm_start)
    rate = estimator.learning_rate
    if not isinstance(rate, Real):
        return rate
    rate = float(rate)  # Keras takes no NumPy float32
    schedule = getattr(estimator, "learning_rate_schedule", "constant")
    if schedule == "constant":
        return rate
    n_updates = -(-n_rows // int(estimator.batch_size)) * int(estimator.epochs)
    if schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, n_updates)
    n_rising = max(1, round(_CYCLE_PEAK * n_updates))
    return keras.optimizers.schedules.CosineDecay(
        rate * _CYCLE_START,
        max(1, n_updates - n_rising),
        warmup_target=rate,
        warmup_steps=n_rising,
    )
