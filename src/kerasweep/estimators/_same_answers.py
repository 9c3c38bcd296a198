"""Whether a copy of a network computes what the network does."""

from typing import Any

import numpy as np

_ROWS = 3


def check_same_answers(network: Any, copy: Any) -> None:
    """Refuse a copy that answers otherwise, as far as some rows can show it.

    Parameters
    ----------
    network, copy : keras.Model
        Rows are made up; a network that takes none of them is not compared.

    Raises
    ------
    ValueError
    """
    rows = _made_up_rows(network)
    if rows is None:
        return
    expected = _answers(network, rows)
    # Twice: one that draws from Python's generators never answers the same.
    if expected is None or not _same(expected, _answers(network, rows)):
        return
    if not _same(expected, _answers(copy, rows)):
        raise ValueError(
            "The network can't be copied or pickled: a copy made from its "
            "configuration, attributes and variables computes something else. Let the "
            "own layers keep what they compute with in variables, in attributes, or in "
            "what save_own_variables writes and load_own_variables reads."
        )


def _made_up_rows(network: Any) -> list[np.ndarray] | None:
    rng = np.random.default_rng(0)
    rows = []
    for tensor in getattr(network, "inputs", None) or ():
        shape = (_ROWS, *(2 if n is None else n for n in tensor.shape[1:]))
        if tensor.dtype == "string":
            return None
        rows.append(rng.uniform(0, 2, shape).astype(tensor.dtype))
    return rows or None


def _answers(network: Any, rows: list[np.ndarray]) -> list[np.ndarray] | None:
    import keras

    try:
        # What a call assigns, such as the states of generators, is forgotten.
        with keras.StatelessScope():
            given = rows[0] if len(rows) == 1 else rows
            answers = keras.tree.flatten(network(given, training=False))
        return [np.asarray(keras.ops.convert_to_numpy(a)) for a in answers]
    except Exception:
        return None


def _same(one: list[np.ndarray], other: list[np.ndarray] | None) -> bool:
    return other is not None and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )
