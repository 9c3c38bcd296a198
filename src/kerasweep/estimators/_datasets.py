"""Batches that a user's dataset makes: what is known of them before training."""

import sys
from typing import Any, NamedTuple

import numpy as np


def is_dataset(X: Any) -> bool:
    """Tell whether X makes batches: a ``PyDataset`` or a ``tf.data.Dataset``."""
    return _is_py_dataset(X) or _is_tf_dataset(X)


def _is_py_dataset(X: Any) -> bool:
    return any(
        c.__name__ == "PyDataset" and c.__module__.startswith("keras.")
        for c in type(X).__mro__
    )


def _is_tf_dataset(X: Any) -> bool:
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(X, tensorflow.data.Dataset)


class Part(NamedTuple):
    """Shape of one row, and type, of one array of a batch."""

    shape: tuple[int | None, ...]
    dtype: str


class Batch(NamedTuple):
    """One batch of a dataset: rows and targets, each one part or several by name."""

    x: Part | dict[str, Part]
    y: Part | dict[str, Part] | None

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Of all rows, of which nobody knows the number."""
        if isinstance(self.x, dict):
            return (None, len(self.x))
        return (None, *self.x.shape)

    @property
    def ndim(self) -> int:
        """Axes, that of the rows included."""
        return len(self.shape)

    @property
    def dtype(self) -> Any:
        """Type of the rows; None where they are several arrays."""
        return None if isinstance(self.x, dict) else np.dtype(self.x.dtype)


def look_at(owner: str, dataset: Any, *, with_targets: bool) -> Batch:
    """Describe the batches of a dataset.

    Parameters
    ----------
    owner : str
        Name of the estimator, for messages.
    dataset : PyDataset or tf.data.Dataset
        Of the first one batch is made, of the second none.
    with_targets : bool
        Whether a batch must have them.

    Returns
    -------
    batch : Batch

    Raises
    ------
    ValueError
        If it never ends, is empty, or its batches are of another form.
    """
    if _is_tf_dataset(dataset):
        if int(dataset.cardinality()) == -1:
            raise ValueError(
                f"X of {owner} must be a dataset that ends. Got one that repeats "
                "without an end: leave out repeat(), each epoch begins anew."
            )
        batch = dataset.element_spec
    else:
        try:
            n_batches = len(dataset)
        except (TypeError, NotImplementedError):
            n_batches = 0
        if n_batches < 1:
            raise ValueError(
                f"X of {owner} must be a dataset with at least one batch, and say how "
                "many in __len__. Got none."
            )
        batch = dataset[0]
    parts = batch if isinstance(batch, tuple) else (batch,)
    if len(parts) > 3 or (with_targets and len(parts) < 2):
        raise ValueError(
            f"A batch of the dataset of {owner} must be a tuple of rows and targets, "
            f"and weights if there are any. Got {len(parts)} parts instead."
        )
    return Batch(
        _describe(owner, parts[0]),
        _describe(owner, parts[1]) if len(parts) > 1 else None,
    )


def _describe(owner: str, part: Any) -> Any:
    if isinstance(part, dict):
        return {str(name): _describe(owner, value) for name, value in part.items()}
    if not hasattr(part, "shape") or len(part.shape) == 0:
        raise ValueError(
            f"A batch of the dataset of {owner} must hold arrays with an axis for "
            f"rows, or dicts of them. Got {type(part).__name__} instead. A "
            "tf.data.Dataset of single rows needs batch()."
        )
    dtype = getattr(part.dtype, "name", str(part.dtype))
    return Part(tuple(part.shape[1:]), dtype)


def refuse_list_of_batches(owner: str, X: Any) -> None:
    """Refuse what scikit-learn makes of a dataset when it splits it.

    Raises
    ------
    TypeError
    """
    if isinstance(X, list) and X and isinstance(X[0], tuple):
        if any(getattr(part, "ndim", 0) > 0 for part in X[0]):
            raise TypeError(
                f"X of {owner} must be rows, or a dataset as a whole. Got a list of "
                "batches instead, as a cross-validation makes of a PyDataset: "
                "scikit-learn can split only what has rows. Pass arrays, a "
                "memory-mapped array or a DataFrame to it."
            )


class MetaOfBatches(dict[str, Any]):
    """What is known of a dataset; a question for anything else has a clear answer."""

    def __missing__(self, name: str) -> Any:
        raise ValueError(
            f"meta holds no {name!r} for a model that is trained on a dataset, which "
            f"tells only {', '.join(map(repr, self))}. Give the function an argument "
            "of its own, such as model__n_classes=3."
        )
