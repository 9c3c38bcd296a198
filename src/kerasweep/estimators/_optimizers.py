"""From flat parameters to a Keras optimizer."""

from numbers import Real
from typing import Any

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from kerasweep.estimators._auto import in_force

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


def optimizer_settings(estimator: Any, n_rows: int) -> dict[str, Any]:
    """Return what an estimator's parameters say of its optimizer.

    Parameters
    ----------
    estimator : estimator with the parameters of `OPTIMIZER_CONSTRAINTS`
        Without `learning_rate_schedule` the rate is constant.
    n_rows : int
        Training rows, which with `batch_size` and `epochs` make the number of
        updates.

    Returns
    -------
    settings : dict
        The arguments of :func:`kerasweep.networks.make_optimizer`.

    Raises
    ------
    ValueError
        If `momentum` is given to an optimizer that has none, or a schedule of the
        rate where the number of updates is not known or the rate has its own.
    """
    name = estimator.optimizer
    settings: dict[str, Any] = {"optimizer": name}
    if name in _TAKES_MOMENTUM:
        settings["momentum"] = float(estimator.momentum)
    elif estimator.momentum:
        raise ValueError(
            f"momentum of {type(estimator).__name__} must be 0 with optimizer="
            f"{name!r}, which sets its own. Got {estimator.momentum!r} instead."
        )
    check_schedule(estimator, trains_on=estimator.warm_start)
    rate = estimator.learning_rate
    # Keras takes no NumPy float32.
    settings["learning_rate"] = float(rate) if isinstance(rate, Real) else rate
    schedule = getattr(estimator, "learning_rate_schedule", "constant")
    if schedule != "constant":
        batch_size, epochs = (in_force(estimator, n) for n in ("batch_size", "epochs"))
        n_updates = -(-n_rows // int(batch_size)) * int(epochs)
        settings["schedule"] = (schedule, n_updates)
    return settings


def split_optimizer(
    settings: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split optimizer settings into those of a blueprint and numbers.

    The rate that a schedule begins with is a constant of its programs.

    Returns
    -------
    compiled, numbers : dict
    """
    names = ["momentum"] if "schedule" in settings else ["momentum", "learning_rate"]
    numbers = {name: settings[name] for name in names if name in settings}
    return {n: v for n, v in settings.items() if n not in numbers}, numbers


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
