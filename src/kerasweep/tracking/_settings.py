"""What the user asked of the tracking, and whether it can work."""

import math
import re
from collections.abc import Mapping, Sequence
from numbers import Integral, Number
from typing import Any, NamedTuple, NoReturn

import numpy as np


class Settings(NamedTuple):
    """What the user asked for."""

    experiment: str | None
    run_name: str | None
    register_as: str | None
    tracking_uri: str | None
    tags: Mapping[str, str] | None
    description: str | None
    dataset_name: str | None
    dataset_source: str | None
    image_shape: Sequence[int] | None
    log_model: bool
    resume: str | None = None


#: MLflow's limits on the texts that a user gives.
_LONGEST = {
    "experiment": 500,
    "run_name": 250,
    "register_as": 250,
    "dataset_name": 500,
    "description": 8000,
}
_LONGEST_TAG = 8000
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")


def check_settings(settings: Settings) -> None:
    """Refuse, before any training, what can't work later.

    Raises
    ------
    ValueError
        One sentence on the first such argument.
    """
    texts = ("experiment", "run_name", "register_as", "tracking_uri", "dataset_name")
    for name in (*texts, "dataset_source", "resume"):
        value = getattr(settings, name)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            _refuse(name, "a non-empty str or None", value)
    if settings.description is not None and not isinstance(settings.description, str):
        _refuse("description", "a str or None", settings.description)
    for name, longest in _LONGEST.items():
        value = getattr(settings, name)
        if value is not None and len(value) > longest:
            n = f"{len(value)} characters"
            _refuse(name, f"at most {longest} characters long", n, show=str)
    if settings.register_as is not None:
        check_registered_name("register_as", settings.register_as)
    if settings.resume is not None and not _RUN_ID.fullmatch(settings.resume):
        _refuse("resume", "'auto' or the id of a run", settings.resume)
    if not isinstance(settings.log_model, (bool, np.bool_)):
        _refuse("log_model", "a bool", settings.log_model)
    if settings.register_as is not None and not settings.log_model:
        raise ValueError(
            "log_model of MlflowTracking must be True where register_as is given "
            f"(={settings.register_as!r}). Got False instead."
        )
    _check_tags(settings.tags)
    _check_shape(settings.image_shape)


def check_registered_name(argument: str, name: Any) -> None:
    """Refuse a name that MLflow can't register a model under, or can't find it by."""
    if not isinstance(name, str) or not name.strip():
        _refuse(argument, "a non-empty str", name)
    if not name.isprintable() or set(name) & set("/:?") or f"{name}."[:2] == "..":
        _refuse(
            argument,
            "a name that MLflow can register a model under, without '/', ':', '?' and "
            "control characters, and with no '..' in front",
            name,
        )


def check_images(image_shape: Sequence[int] | None, X: Any) -> None:
    """Refuse data whose rows are no images of a shape.

    Raises
    ------
    ValueError
    """
    if image_shape is None:
        return
    n_values = math.prod(np.shape(X)[1:])
    if math.prod(image_shape) == n_values:
        return
    side = math.isqrt(n_values)
    fitting = f" Pass image_shape=({side}, {side})." if side**2 == n_values else ""
    raise ValueError(
        f"`image_shape` of MlflowTracking (={tuple(map(int, image_shape))}) needs "
        f"{math.prod(image_shape)} features, but X has {n_values}.{fitting}"
    )


def _check_tags(tags: Any) -> None:
    if tags is None:
        return
    if not isinstance(tags, Mapping):
        _refuse("tags", "a dict of str to str, or None", tags)
    for key, value in tags.items():
        if not isinstance(key, str) or not key.strip():
            _refuse("Each name in tags", "a non-empty str", key)
        if not isinstance(value, (str, Number, np.generic)):
            _refuse(f"Tag {key!r}", "a str or a number", value)
        if len(str(value)) > _LONGEST_TAG:
            n = f"{len(str(value))} characters"
            _refuse(f"Tag {key!r}", f"at most {_LONGEST_TAG} characters long", n, str)


def _check_shape(shape: Any) -> None:
    if shape is None:
        return
    sides = list(shape) if np.iterable(shape) else []
    if len(sides) not in (2, 3) or not all(
        isinstance(side, Integral) and not isinstance(side, bool) and int(side) >= 1
        for side in sides
    ):
        _refuse("image_shape", "(height, width) or (height, width, channels)", shape)


def _refuse(name: str, expected: str, value: Any, show: Any = repr) -> NoReturn:
    raise ValueError(
        f"{name} of MlflowTracking must be {expected}. Got {show(value)} instead."
    )
