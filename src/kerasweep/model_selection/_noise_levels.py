"""The same noisy images for everything that is compared."""

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

_STRENGTH = {"SaltAndPepper": "amount", "GaussianNoise": "std"}


class NoisyRows(NamedTuple):
    """One corrupted copy of the rows, and how it was drawn."""

    amount: float
    repeat: int
    seed: int
    X: np.ndarray


def noisy_rows(
    owner: str,
    X: np.ndarray,
    amounts: Sequence[float],
    noise: Any,
    n_repeats: int,
    random_state: Any,
) -> Iterator[NoisyRows]:
    """Corrupt rows at each level, as often as asked.

    Parameters
    ----------
    owner : str
        The function that asks, for errors.
    X : ndarray of shape (n_samples, ...)
    amounts : sequence of float
    noise : {"salt_and_pepper", "gaussian"} or a noise transformer
    n_repeats : int
    random_state : int, RandomState instance or None

    Yields
    ------
    rows : NoisyRows
        Level by level. The draws of all levels differ.
    """
    template = _template(owner, noise)
    name = _STRENGTH[type(template).__name__]
    seeds = np.random.SeedSequence(_entropy(random_state)).generate_state(
        len(amounts) * n_repeats
    )
    flat = X.reshape(len(X), -1)
    for i, amount in enumerate(amounts):
        for repeat in range(n_repeats):
            seed = int(seeds[i * n_repeats + repeat])
            transformer = clone(template).set_params(
                **{name: float(amount)}, apply="always", random_state=seed
            )
            noisy = transformer.fit_transform(flat)
            yield NoisyRows(float(amount), repeat, seed, noisy.reshape(X.shape))


def check_request(
    owner: str, methods: Any, amounts: Any, n_repeats: Any
) -> tuple[dict[str, Any], list[float]]:
    """Return the methods and the levels, or say what is wrong with them."""
    if not isinstance(methods, Mapping) or not methods:
        raise ValueError(
            f"{owner} must be given a dict of name to fitted estimator, with at least "
            f"one. Got {methods!r} instead."
        )
    levels = list(amounts) if isinstance(amounts, Sequence | np.ndarray) else []
    if not levels or not all(isinstance(a, Real) and float(a) >= 0 for a in levels):
        raise ValueError(
            f"amounts of {owner} must be numbers of at least 0. Got {amounts!r} "
            "instead."
        )
    if len({float(a) for a in levels}) < len(levels):
        raise ValueError(f"amounts of {owner} must differ. Got {amounts!r} instead.")
    if not isinstance(n_repeats, Integral) or n_repeats < 1:
        raise ValueError(
            f"n_repeats of {owner} must be an integer of at least 1. Got "
            f"{n_repeats!r} instead."
        )
    return {str(name): m for name, m in methods.items()}, [float(a) for a in levels]


def as_floats(X: Any) -> np.ndarray:
    """Return rows as an array of floats, in the precision they have."""
    X = np.asarray(X)
    return X if X.dtype in (np.float32, np.float64) else X.astype(np.float32)


def _template(owner: str, noise: Any) -> Any:
    from kerasweep.preprocessing import GaussianNoise, SaltAndPepper

    if isinstance(noise, str) and noise == "salt_and_pepper":
        return SaltAndPepper()
    if isinstance(noise, str) and noise == "gaussian":
        return GaussianNoise()
    if isinstance(noise, SaltAndPepper | GaussianNoise):
        return noise
    raise ValueError(
        f"noise of {owner} must be 'salt_and_pepper', 'gaussian', or a SaltAndPepper "
        f"or GaussianNoise. Got {noise!r} instead."
    )


def _entropy(random_state: Any) -> int | None:
    if random_state is None:
        return None
    return int(check_random_state(random_state).randint(2**31 - 1))
