"""Salt-and-pepper noise."""

from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval

from kerasweep.preprocessing._corruptions import salt_and_pepper
from kerasweep.preprocessing._noise import BaseNoise


class SaltAndPepper(BaseNoise):
    r"""Replace a share of each row's values by the lowest or the highest value.

    Each value is replaced with probability :math:`a`, independently of all others:
    by `high` (salt) with probability :math:`a s` and by `low` (pepper) with
    probability :math:`a (1 - s)`, where :math:`a` is `amount` and :math:`s` is
    `salt_vs_pepper`. So the number of replaced values in a row of `n` follows a
    binomial distribution of mean :math:`a n`. Both names mean what they mean in
    scikit-image's ``random_noise``.

    Parameters
    ----------
    amount : float, default=0.1
        Share of the values to replace, in [0, 1].
    salt_vs_pepper : float, default=0.5
        Share of salt among the replaced values, in [0, 1].
    low : float, default=0.0
        The value of pepper, at most `high`.
    high : float, default=1.0
        The value of salt.
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

    See Also
    --------
    GaussianNoise : Noise that is added to every value.

    Notes
    -----
    The noise of a row depends on its position in `X`.

    Examples
    --------
    >>> import numpy as np
    >>> from kerasweep.preprocessing import SaltAndPepper
    >>> X = np.full((300, 1000), 0.5, dtype=np.float32)
    >>> noise = SaltAndPepper(amount=0.2, random_state=0)
    >>> X_noisy = noise.fit_transform(X)
    >>> float(np.mean(X_noisy != X).round(2))
    0.2
    >>> np.unique(X_noisy)
    array([0. , 0.5, 1. ], dtype=float32)
    >>> bool((noise.transform(X) == X).all())
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseNoise._parameter_constraints,
        "amount": [Interval(Real, 0, 1, closed="both")],
        "salt_vs_pepper": [Interval(Real, 0, 1, closed="both")],
        "low": [Interval(Real, None, None, closed="neither")],
        "high": [Interval(Real, None, None, closed="neither")],
    }

    _clips = False

    low: float
    high: float

    def __init__(
        self,
        amount: float = 0.1,
        *,
        salt_vs_pepper: float = 0.5,
        low: float = 0.0,
        high: float = 1.0,
        apply: Literal["fit", "always"] = "fit",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.amount = amount
        self.salt_vs_pepper = salt_vs_pepper
        self.low = low
        self.high = high
        self.apply = apply
        self.random_state = random_state

    def _changes_nothing(self) -> bool:
        return self.amount == 0

    def _corrupt(
        self, X: np.ndarray, out: np.ndarray, generator: np.random.Generator
    ) -> None:
        salt_and_pepper(
            X,
            self.amount,
            salt_vs_pepper=self.salt_vs_pepper,
            low=self.low,
            high=self.high,
            generator=generator,
            out=out,
        )
