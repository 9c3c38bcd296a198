"""Additive Gaussian noise."""

from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval

from kerasweep.preprocessing._corruptions import gaussian
from kerasweep.preprocessing._noise import BaseNoise


class GaussianNoise(BaseNoise):
    r"""Add independent Gaussian noise to every value, and clip the sum.

    Each value :math:`x` becomes :math:`\min(\max(x + \sigma z, l), h)` with
    :math:`z \sim N(0, 1)`, where :math:`\sigma` is `std` and :math:`l` and
    :math:`h` are `low` and `high`. With ``std=0`` the data stay as they are.

    Parameters
    ----------
    std : float, default=0.1
        Standard deviation of the noise before clipping, in the unit of the data,
        at least 0.
    low : float or None, default=0.0
        Lower bound of the result, at most `high`; None for no bound.
    high : float or None, default=1.0
        Upper bound of the result; None for no bound.
    apply : {"fit", "always"}, default="fit"
        Where to corrupt. ``"fit"`` corrupts in `fit_transform` only, so that a
        pipeline trains on noisy data and predicts from clean data. ``"always"``
        corrupts in `transform` too, to measure how robust a model is.
    random_state : int, RandomState instance or None, default=None
        An int gives the same corruption in each call. A RandomState instance
        supplies the seed of each call, and None takes one from the operating
        system. NumPy's global random state is neither read nor changed.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen in `fit`, where these are all strings.

    Warns
    -----
    UserWarning
        If clean values lie outside [`low`, `high`], because clipping then changes
        them however weak the noise is.

    See Also
    --------
    SaltAndPepper : Noise that replaces some of the values.

    Notes
    -----
    The noise of a row depends on its position in `X`.

    Examples
    --------
    >>> import numpy as np
    >>> from kerasweep.preprocessing import GaussianNoise
    >>> X = np.full((100, 100), 0.5, dtype=np.float32)
    >>> noise = GaussianNoise(std=0.1, random_state=0)
    >>> X_noisy = noise.fit_transform(X)
    >>> round(float(np.std(X_noisy - X)), 2)
    0.1
    >>> bool((noise.transform(X) == X).all())
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNoise._parameter_constraints,
        "std": [Interval(Real, 0, None, closed="left")],
        "low": [Interval(Real, None, None, closed="neither"), None],
        "high": [Interval(Real, None, None, closed="neither"), None],
    }

    _clips = True

    def __init__(
        self,
        std: float = 0.1,
        *,
        low: float | None = 0.0,
        high: float | None = 1.0,
        apply: Literal["fit", "always"] = "fit",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.std = std
        self.low = low
        self.high = high
        self.apply = apply
        self.random_state = random_state

    def _changes_nothing(self) -> bool:
        return self.std == 0

    def _corrupt(
        self, X: np.ndarray, out: np.ndarray, generator: np.random.Generator
    ) -> None:
        bounds: Any = {"low": self.low, "high": self.high}
        gaussian(X, self.std, **bounds, generator=generator, out=out)
