"""How well generative models fit rows that they have not seen."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.model_selection._normal_interval import normal_interval
from kerasweep.model_selection._wilson import check_confidence

if TYPE_CHECKING:
    import pandas as pd

#: Variance of a latent mean over rows above which the unit counts as used.
_ACTIVE = 0.01


def likelihood_table(
    estimators: Mapping[str, Any],
    X: Any,
    y: Any = None,
    *,
    n_importance_samples: int = 100,
    random_state: Any = 0,
    confidence: float = 0.95,
) -> "pd.DataFrame":
    """Rate held-out rows by variational autoencoders, under each of their priors.

    Parameters
    ----------
    estimators : dict of str to fitted VariationalAutoencoder
    X : array-like of shape (n_samples, n_features)
        Rows that none of them has seen. With `binarize` one binary row is drawn of
        each, the same for all models and all measures.
    y : array-like of shape (n_samples,), default=None
        Labels; needed where a model is conditional, which rates ``p(x | y)``.
    n_importance_samples : int, default=100
        Draws per row for the importance-weighted log-likelihood.
    random_state : int, default=0
        Draws binary rows and codes.
    confidence : float, default=0.95
        Of the intervals, in (0, 1).

    Returns
    -------
    table : DataFrame
        One row a model and prior: `model`, `prior`, `n` rows; `elbo`, its terms
        `reconstruction` and `kl`, and `log_likelihood`, all means over rows in nats,
        each with the normal interval of the mean, as `elbo_low` and so on; and
        `active_units`, the latent units whose means vary over rows by more than 0.01.

    References
    ----------
    Y. Burda, R. Grosse, R. Salakhutdinov, "Importance weighted autoencoders", ICLR
    2016, arXiv:1509.00519.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from kerasweep import VariationalAutoencoder
    >>> from kerasweep.model_selection import likelihood_table
    >>> X = load_digits().data / 16
    >>> vae = VariationalAutoencoder(2, (32,), epochs=2, random_state=0).fit(X[:1500])
    >>> table = likelihood_table({"vae": vae}, X[1500:])
    >>> bool(table["log_likelihood"][0] > table["elbo"][0])
    True
    """
    import pandas as pd

    check_confidence("likelihood_table", confidence)
    rows = []
    for name, estimator in estimators.items():
        active = int((np.var(estimator.transform(X), axis=0) > _ACTIVE).sum())
        priors = ["normal", "mixture"] if hasattr(estimator, "priors_") else ["normal"]
        for prior in priors:
            how: dict[str, Any] = {"prior": prior, "random_state": random_state}
            reconstruction, kl = estimator.elbo_terms(X, y, **how)
            measures = {
                "elbo": -reconstruction - kl,
                "reconstruction": reconstruction,
                "kl": kl,
                "log_likelihood": estimator.log_likelihood(
                    X, y, n_importance_samples=n_importance_samples, **how
                ),
            }
            row: dict[str, Any] = {"model": name, "prior": prior, "n": len(kl)}
            for measure, values in measures.items():
                low, high = normal_interval(values, confidence=confidence)
                row |= {
                    measure: float(values.mean()),
                    f"{measure}_low": low,
                    f"{measure}_high": high,
                }
            rows.append({**row, "active_units": active})
    return pd.DataFrame(rows)
