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
    "momentum": [Interval(Real, 0, 1, closed="left")],
}


def make_optimizer(estimator: Any) -> Any:
    """Return the optimizer that an estimator's parameters describe.

    Parameters
    ----------
    estimator : estimator with `optimizer`, `learning_rate` and `momentum`

    Returns
    -------
    optimizer : keras.optimizers.Optimizer

    Raises
    ------
    ValueError
        If `momentum` is given to an optimizer that has none.
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
    rate = estimator.learning_rate
    if isinstance(rate, Real):
        rate = float(rate)  # Keras takes no NumPy float32
    return keras.optimizers.get(
        {"class_name": name, "config": {"learning_rate": rate, **momentum}}
    )
