"""In which form a loss and metrics take targets: they are asked, not guessed.

Each is run on a few made-up rows, in three orders. What fails cannot be trained with;
what depends on the order has taken a row for something else, as a categorical accuracy
does that is given class numbers.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from kerasweep.estimators._seeding import seeded_globals

_CHOSEN_BY_KERAS = ("acc", "accuracy", "ce", "crossentropy")


class Form(NamedTuple):
    """Targets as one kind of loss takes them."""

    name: str
    targets: np.ndarray
    outputs: np.ndarray
    of_labels: bool = False


class Answer(NamedTuple):
    """What a loss or a metric made of a form."""

    error: Exception | None
    keeps_rows: bool


def class_forms(n_classes: int) -> dict[str, Form]:
    """Make rows of both forms that several output units can be compared with."""
    rng = np.random.default_rng(0)
    n_rows = n_classes + 4  # other than the classes, so that nothing broadcasts
    outputs = rng.dirichlet(np.ones(n_classes), n_rows).astype(np.float32)
    numbers = (np.arange(n_rows) % n_classes).astype(np.int32)
    rows = np.eye(n_classes, dtype=np.float32)[numbers]
    return {
        "numbers": Form("class numbers of shape (n_samples,)", numbers, outputs),
        "rows": Form(f"one-hot rows of shape (n_samples, {n_classes})", rows, outputs),
    }


def column_form(n_outputs: int, *, classes: bool) -> Form:
    """Make rows of numbers, or of zeros and ones."""
    rng = np.random.default_rng(0)
    shape = (n_outputs + 4, n_outputs)
    outputs, targets = rng.uniform(0.1, 0.9, (2, *shape)).astype(np.float32)
    if classes:
        targets = (np.arange(len(targets)) % 2).astype(np.float32)[:, None]
    return Form(f"targets of shape (n_samples, {n_outputs})", targets, outputs)


def label_form(n_labels: int) -> Form:
    """Make rows of zeros and ones, any number of ones in each."""
    rng = np.random.default_rng(0)
    outputs = rng.uniform(0.1, 0.9, (n_labels + 4, n_labels)).astype(np.float32)
    targets = rng.integers(0, 2, outputs.shape).astype(np.float32)
    name = f"zeros and ones of shape (n_samples, {n_labels})"
    return Form(name, targets, outputs, of_labels=True)


def choose_form(owner: str, loss: Any, metrics: Any, n_classes: int) -> str:
    """Choose between class numbers and one-hot rows.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    loss : str, keras.losses.Loss, callable or None
        None leaves the choice to the metrics.
    metrics : list, dict or None
    n_classes : int
        At least 2, as many as there are output units.

    Returns
    -------
    form : {"numbers", "rows"}
        Class numbers where both would do, as in scikeras.

    Raises
    ------
    ValueError
        If the loss takes neither, or a metric not what the loss takes.
    """
    forms = class_forms(n_classes)
    possible = list(forms) if loss is None else _forms_of_loss(owner, loss, forms)
    wanted = [(m, _forms_of_metric(owner, m, forms)) for m in each_metric(metrics)]
    for form in possible:
        if all(form in taken for _, taken in wanted):
            return form
    metric, taken = next(pair for pair in wanted if possible[0] not in pair[1])
    which = "for this loss" if loss is not None else "like the other metrics"
    if not taken:
        remedy = "It takes no one-hot rows either."
    elif loss is None:
        remedy = "Leave out one kind of metrics."
    else:
        remedy = f'Pass loss="{default_loss(taken[0])}" for {forms[taken[0]].name}.'
    raise ValueError(
        f"metrics of {owner} must take {forms[possible[0]].name} {which}. Got "
        f"{name_of(metric)} instead, which does not. {remedy}"
    )


def default_loss(form: str) -> str:
    """Name the loss of several classes that takes a form."""
    return ("sparse_" if form == "numbers" else "") + "categorical_crossentropy"


def check_form(owner: str, loss: Any, metrics: Any, form: Form) -> None:
    """Refuse a loss or metric that cannot take the one form that there is.

    Raises
    ------
    ValueError
        That names it.
    """
    if (form.outputs.shape[1] == 1 or form.of_labels) and _compares_classes(loss):
        what = "labels that may hold together" if form.of_labels else "a model with one"
        raise ValueError(
            f"loss of {owner} must not compare several outputs for {what}. Got "
            f"{name_of(loss)} instead."
        )
    parts: list[tuple[str, Any, Any]] = [("loss", loss, _loss_measure)]
    parts += [("metrics", m, _metric_measure) for m in each_metric(metrics)]
    for parameter, part, measure in parts:
        error = None if _is_name(part) else _ask(measure(owner, part), form).error
        if error is not None:
            raise ValueError(
                f"{parameter} of {owner} must take {form.name}. Got {name_of(part)} "
                f"instead, which says: {_brief(error)}"
            )


def each_metric(metrics: Any) -> Iterator[Any]:
    """Give the metrics of a list, or of a dict of lists, one by one."""
    if isinstance(metrics, Mapping) and "class_name" not in metrics:
        metrics = list(metrics.values())
    if isinstance(metrics, list | tuple):
        for metric in metrics:
            yield from each_metric(metric)
    elif metrics is not None:
        yield metrics


def name_of(part: Any) -> str:
    """Name a loss or metric as the user knows it."""
    if isinstance(part, str):
        return repr(part)
    return str(getattr(part, "__name__", type(part).__name__))


def _forms_of_loss(owner: str, loss: Any, forms: dict[str, Form]) -> list[str]:
    if _is_name(loss):
        return list(forms)
    answers = _answers(_loss_measure(owner, loss), forms)
    taken = _taken(answers)
    if not taken:
        numbers, rows = forms["numbers"], forms["rows"]
        raise ValueError(
            f"loss of {owner} must take {numbers.name} or {rows.name}. Got "
            f"{name_of(loss)} instead, which says of the first: "
            f"{_brief(answers['numbers'].error)}; of the second: "
            f"{_brief(answers['rows'].error)}"
        )
    return taken


def _forms_of_metric(owner: str, metric: Any, forms: dict[str, Form]) -> list[str]:
    if _is_name(metric):
        return list(forms)
    return _taken(_answers(_metric_measure(owner, metric), forms))


def _answers(measure: Any, forms: dict[str, Form]) -> dict[str, Answer]:
    return {name: _ask(measure, form) for name, form in forms.items()}


def _taken(answers: dict[str, Answer]) -> list[str]:
    taken = [name for name, answer in answers.items() if answer.error is None]
    return [name for name in taken if answers[name].keeps_rows] or taken


def _is_name(part: Any) -> bool:
    return isinstance(part, str) and part.lower() in _CHOSEN_BY_KERAS


def _ask(measure: Callable[[Any, Any], Any], form: Form) -> Answer:
    rows = np.arange(len(form.targets))
    values = []
    try:
        with seeded_globals(0):
            for order in (rows, rows[::-1], np.roll(rows, 2)):
                values.append(measure(form.targets[order], form.outputs[order]))
    except Exception as error:  # of any kind: it may be a user's own code
        return Answer(error, False)
    return Answer(None, all(np.allclose(v, values[0], rtol=1e-4) for v in values))


def _compares_classes(loss: Any) -> bool:
    """Tell whether this is one of Keras' losses over several classes."""
    name = loss if isinstance(loss, str) else name_of(loss)
    own = getattr(loss, "__module__", "").startswith("keras.")
    return (own or isinstance(loss, str)) and "categorical" in name.lower()


def made(owner: str, parameter: str, get: Callable[[Any], Any], part: Any) -> Any:
    """Make a loss or a metric of what the user passed.

    Raises
    ------
    ValueError
        If Keras does not know it, or cannot make it without arguments.
    """
    try:
        known = get(part)
        return known() if isinstance(known, type) else known
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{parameter} of {owner} must be what Keras knows, with its arguments. Got "
            f"{part!r} instead, of which Keras says: {error}"
        ) from None


def _loss_measure(owner: str, loss: Any) -> Callable[[Any, Any], Any]:
    import keras

    of_rows = made(owner, "loss", keras.losses.get, loss)
    if not isinstance(of_rows, keras.losses.Loss):
        of_rows = _as_loss(of_rows)

    def measure(targets: Any, outputs: Any) -> Any:
        tensors = (keras.ops.convert_to_tensor(a) for a in (targets, outputs))
        return np.mean(keras.ops.convert_to_numpy(of_rows(*tensors)))

    return measure


def _as_loss(function: Any) -> Any:
    import keras

    class FunctionLoss(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return function(y_true, y_pred)

    return FunctionLoss()


def _metric_measure(owner: str, metric: Any) -> Callable[[Any, Any], Any]:
    import keras

    of_rows = made(owner, "metrics", keras.metrics.get, metric)
    if not isinstance(of_rows, keras.metrics.Metric):
        of_rows = keras.metrics.MeanMetricWrapper(of_rows)

    def measure(targets: Any, outputs: Any) -> Any:
        tensors = (keras.ops.convert_to_tensor(a) for a in (targets, outputs))
        of_rows.reset_state()
        of_rows.update_state(*tensors)
        values = keras.tree.flatten(of_rows.result())
        of_rows.reset_state()
        return np.hstack([np.ravel(keras.ops.convert_to_numpy(v)) for v in values])

    return measure


def _brief(error: Exception | None) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:150]}{' ...' if text[150:] else ''}"
