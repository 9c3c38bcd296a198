"""One estimator, trained with several seeds."""

from collections.abc import Iterable, Sequence
from typing import Any

from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed


def fit_replicates(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    random_states: Iterable[Any] = (0, 1, 2),
    over: str | Sequence[str] | None = None,
    n_jobs: int | None = None,
    **fit_params: Any,
) -> list[Any]:
    """Fit clones of an estimator that differ in their seed alone.

    The fits go through joblib, so that :func:`~kerasweep.training.fleet` trains them
    together, and they keep the estimator's callbacks: inside ``with tracking:`` each is
    a child run of MLflow.

    Parameters
    ----------
    estimator : estimator
        It is cloned, not fitted.
    X : array-like of shape (n_samples, ...)
        Training rows, the same for all.
    y : array-like of shape (n_samples,), default=None
        Targets.
    random_states : iterable of int, default=(0, 1, 2)
        A fit each.
    over : str or sequence of str, default=None
        Parameters that take the seed, such as ``"net__random_state"``. None takes
        every parameter called ``random_state``, those of a pipeline's steps included.
    n_jobs : int, default=None
        Fits at the same time; None means 1 unless joblib was told otherwise, as a
        fleet does.
    **fit_params : object
        Passed to ``fit``, such as ``net__X_val``.

    Returns
    -------
    replicates : list of fitted estimators
        In the order of `random_states`.

    Raises
    ------
    ValueError
        If there is no seed, or the estimator has no such parameter.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from kerasweep.model_selection import fit_replicates
    >>> X, y = load_digits(return_X_y=True)
    >>> tree = DecisionTreeClassifier(max_features=8)
    >>> trees = fit_replicates(tree, X[:1000], y[:1000], random_states=range(4))
    >>> [one.random_state for one in trees]
    [0, 1, 2, 3]
    >>> len({one.score(X[1000:], y[1000:]) for one in trees}) > 1
    True
    """
    names = _seed_names(estimator, over)
    seeds = list(random_states)
    if not seeds:
        raise ValueError(
            "random_states of fit_replicates must hold at least one seed. Got none "
            "instead."
        )
    clones = [
        clone(estimator).set_params(**dict.fromkeys(names, seed)) for seed in seeds
    ]
    return Parallel(n_jobs=n_jobs)(
        delayed(_fit)(one, X, y, fit_params) for one in clones
    )


def _fit(estimator: Any, X: Any, y: Any, fit_params: dict[str, Any]) -> Any:
    return estimator.fit(X, y, **fit_params)


def _seed_names(estimator: Any, over: str | Sequence[str] | None) -> list[str]:
    known = estimator.get_params(deep=True)
    if over is None:
        found = [name for name in known if name.split("__")[-1] == "random_state"]
        if not found:
            raise ValueError(
                f"estimator of fit_replicates must have a parameter random_state. Got "
                f"{type(estimator).__name__} instead. Pass the parameter's name as "
                "over."
            )
        return found
    names = [over] if isinstance(over, str) else list(over)
    for name in names:
        if name not in known:
            raise ValueError(
                f"over of fit_replicates must name parameters of the estimator. Got "
                f"{name!r} instead."
            )
    return names
