"""Whether what a file describes is what was saved."""

from typing import Any

from kerasweep.estimators._carried import copied
from kerasweep.estimators._frozen import FrozenModel, thaw_model
from kerasweep.estimators._same_answers import check_same_answers
from kerasweep.persistence._own_code import WHAT_TO_DO


def check_described_network(model: Any, frozen: FrozenModel) -> None:
    """Refuse a network that its description does not give back.

    Parameters
    ----------
    model : keras.Model
    frozen : FrozenModel
        From :func:`describe_model`.

    Raises
    ------
    ValueError
        With the reason, to be put behind a colon.
    """
    from kerasweep.training.engine._private import user_loss, user_metrics

    rebuilt = thaw_model(frozen, safe_mode=True)
    try:
        check_same_answers(model, rebuilt)
    except ValueError:
        raise ValueError(
            "the network that Keras makes from its configuration and variables "
            f"computes something else. {WHAT_TO_DO}"
        ) from None
    if model.compiled:
        check_described(user_loss(model), user_loss(rebuilt))
        check_described(user_metrics(model), user_metrics(rebuilt))
        # As they are before training, when their variables do not count.
        check_described(copied(model.optimizer), copied(rebuilt.optimizer))


def check_described(item: Any, rebuilt: Any) -> None:
    """Refuse an object of Keras' whose configuration lacks what it computes from.

    Raises
    ------
    ValueError
        With the reason, to be put behind a colon.
    """
    from kerasweep.training.engine._exact import NotExact, exact_part

    try:
        same = exact_part(item) == exact_part(rebuilt)
    except NotExact:
        return  # nothing can be said of it
    if not same:
        items = item if isinstance(item, list | tuple) else [item]
        names = ", ".join(type(i).__name__ for i in items if i is not None)
        raise ValueError(
            f"Keras' configuration of {names} lacks what it was made with. {WHAT_TO_DO}"
        )
