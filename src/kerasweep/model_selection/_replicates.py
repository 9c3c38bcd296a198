"""Groups a search's candidates into settings and their replicates."""

from collections.abc import Hashable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np


class Setting(NamedTuple):
    """The candidates that differ in nothing but the replicated parameter."""

    values: tuple[Any, ...]
    candidates: np.ndarray


class Replicates(NamedTuple):
    """A search's settings, with one value per candidate.

    Scores that are not finite in any split are NaN.
    """

    by: tuple[str, ...]
    settings: list[Setting]
    score: np.ndarray
    train_score: np.ndarray | None
    fit_time: np.ndarray | None


def group_replicates(
    cv_results: Any,
    by: str | Sequence[str] | None,
    over: str | Sequence[str] | None,
    score: str,
    *,
    owner: str,
    by_name: str = "by",
) -> Replicates:
    """Return the settings of `by`, in grid order, with their replicates in `over`."""
    columns = read_parameters(cv_results, owner)
    over_names = _check_names(over, columns, f"over of {owner}")
    if by is None:
        by_names = tuple(name for name in columns if name not in over_names)
    else:
        by_names = _check_names(by, columns, f"{by_name} of {owner}")
    if both := [name for name in by_names if name in over_names]:
        raise ValueError(
            f"`{by_name}` and `over` of {owner} must name different parameters. "
            f"Got {both[0]!r} in both instead."
        )
    score, train = score_names(cv_results, score, owner)
    groups: dict[Hashable, list[int]] = {}
    for index in range(len(cv_results[score])):
        groups.setdefault(_row_key(columns, by_names, index), []).append(index)
    for members in groups.values():
        _check_same_setting(columns, by_names, over_names, members, owner, by_name)
        _check_different_replicates(columns, over_names, members, owner)
    settings = [
        Setting(tuple(columns[name][rows[0]] for name in by_names), np.array(rows))
        for rows in groups.values()
    ]
    scores = _floats(cv_results[score])
    scores[~np.isfinite(scores)] = np.nan
    return Replicates(
        by_names,
        settings,
        scores,
        _floats(cv_results[train]) if train in cv_results else None,
        _floats(cv_results["mean_fit_time"]) if "mean_fit_time" in cv_results else None,
    )


def _floats(column: Any) -> np.ndarray:
    return np.array(column, dtype=np.float64)


def read_parameters(cv_results: Any, owner: str) -> dict[str, list[Any]]:
    """Return each searched parameter's values, NaN where a candidate has none."""
    try:
        names = [str(name) for name in cv_results]
    except TypeError:
        names = []
    columns = {
        name.removeprefix("param_"): _values(cv_results[name])
        for name in names
        if name.startswith("param_")
    }
    if not columns:
        raise ValueError(
            f"cv_results of {owner} must be the `cv_results_` of a fitted search. "
            f"Got {type(cv_results).__name__} without a param_ column instead."
        )
    if "iter" in names:  # a halving search trains a candidate once an iteration
        columns["iter"] = _values(cv_results["iter"])
    return columns


def _values(column: Any) -> list[Any]:
    masks = np.ma.getmaskarray(column) if np.ma.isMA(column) else [False] * len(column)
    data = column.data if np.ma.isMA(column) else column
    return [
        float("nan")
        if masked
        else (value.item() if isinstance(value, np.generic) else value)
        for value, masked in zip(data, masks, strict=True)
    ]


def _check_names(
    names: str | Sequence[str] | None, columns: Iterable[str], what: str
) -> tuple[str, ...]:
    if names is None:
        return ()
    names = (names,) if isinstance(names, str) else tuple(names)
    known = sorted(columns)
    for name in names:
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"{what} must name a searched parameter: "
                f"{', '.join(map(repr, known))}. Got {name!r} instead.{hint}"
            )
    return tuple(dict.fromkeys(names))


def score_names(cv_results: Any, score: str, owner: str) -> tuple[str, str]:
    """Return the columns of the validation score and of its training score."""
    known = sorted(
        name.removeprefix("mean_")
        for name in map(str, cv_results)
        if name.startswith("mean_test_")
    )
    if score not in known:
        raise ValueError(
            f"score of {owner} must be one of {', '.join(map(repr, known))}. "
            f"Got {score!r} instead."
        )
    return f"mean_{score}", f"mean_train_{score.removeprefix('test_')}"


def _row_key(
    columns: dict[str, list[Any]], names: Iterable[str], index: int
) -> tuple[Hashable, ...]:
    return tuple(_key(columns[name][index]) for name in names)


def _key(value: Any) -> Hashable:
    """Return what equal parameter values of any type have in common."""
    if isinstance(value, float) and value != value:
        return "nan", None
    if isinstance(value, np.ndarray):
        value = (value.shape, value.tolist())
    try:
        hash(value)
    except TypeError:
        return "repr", repr(value)
    return isinstance(value, bool), value


def _check_same_setting(
    columns: dict[str, list[Any]],
    by: tuple[str, ...],
    over: tuple[str, ...],
    members: list[int],
    owner: str,
    by_name: str,
) -> None:
    """Refuse to call it replication where another parameter varies, too."""
    for name in columns:
        if name in by or name in over:
            continue
        keys = [_key(columns[name][index]) for index in members]
        if (other := next((i for i, key in enumerate(keys) if key != keys[0]), 0)) > 0:
            raise ValueError(
                f"`{by_name}` and `over` of {owner} must name every parameter that "
                f"varies. Got {', '.join(map(repr, by + over)) or 'none'}, but "
                f"{name!r} varies between candidates {members[0]} and {members[other]}."
            )


def _check_different_replicates(
    columns: dict[str, list[Any]],
    over: tuple[str, ...],
    members: list[int],
    owner: str,
) -> None:
    """Refuse to count one replicate twice, which would shrink the SD."""
    seen: dict[Hashable, int] = {}
    for index in members:
        if over and all(columns[name][index] is None for name in over):
            continue  # random_state=None draws a fresh seed each time
        key = _row_key(columns, over, index)
        if key in seen:
            raise ValueError(
                f"over of {owner} must tell the replicates of a setting apart, but "
                f"candidates {seen[key]} and {index} agree in every parameter."
            )
        seen[key] = index
