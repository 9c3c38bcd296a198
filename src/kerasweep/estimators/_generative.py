"""What a generative model of rows can do once it is trained: sample, and rate."""

from abc import abstractmethod
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils.validation import _num_samples

from kerasweep.estimators._base import BaseNetwork
from kerasweep.estimators._code_prior import draw_codes, log_density
from kerasweep.estimators._importance import elbo_terms, importance_weighted
from kerasweep.estimators._labels import check_labels, class_numbers
from kerasweep.estimators._limits import check_finite, clear_memory_errors
from kerasweep.estimators._seeding import draw_seeds
from kerasweep.networks import likelihood_network


class GenerativeNetwork(DensityMixin, BaseNetwork):
    """Samples and ratings, from an encoder and a decoder with Gaussian codes."""

    binarize: bool
    conditional: bool
    likelihood: str
    prior: str
    random_state: Any
    encoder_: Any
    classes_: np.ndarray
    priors_: list[Any]
    _class_shares: np.ndarray

    # What a leaf supplies -----------------------------------------------------------

    @abstractmethod
    def inverse_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Decode codes, those of labels `y` with `conditional`."""

    @abstractmethod
    def _latent_dim(self) -> int:
        """Return how many numbers a code has."""

    @abstractmethod
    def _n_classes(self) -> int:
        """Return how many classes the decoder knows; 0 without `conditional`."""

    @abstractmethod
    def _check_range(self, X: np.ndarray) -> None:
        """Refuse rows that the likelihood can't rate."""

    @abstractmethod
    def _with_classes(self, rows: np.ndarray, y: Any) -> np.ndarray:
        """Put the class columns of labels behind rows with `conditional`."""

    # Samples ------------------------------------------------------------------------

    def sample(
        self,
        n_samples: int | None = None,
        y: Any = None,
        *,
        pixels: str = "mean",
        prior: str | None = None,
        random_state: Any = None,
    ) -> np.ndarray:
        """Draw rows: a code from the prior, decoded.

        Parameters
        ----------
        n_samples : int, default=None
            None draws one row, or one for each label in `y`.
        y : label or array-like of shape (n_samples,), default=None
            What to draw, with `conditional` alone. None draws labels as often as they
            were in ``fit``.
        pixels : {"mean", "draw"}, default="mean"
            Whether a row is the mean of ``p(x | z)``, a smooth image, or a draw.
        prior : {"normal", "mixture"}, default=None
            What the codes are drawn from. None takes the estimator's `prior`.
        random_state : int, RandomState instance or None, default=None
            None stands for that of the estimator.

        Returns
        -------
        rows : ndarray of shape (n_samples, n_features), float64
        """
        self._check_fitted()
        if pixels not in ("mean", "draw"):
            raise ValueError(
                f"pixels of {type(self).__name__}.sample must be 'mean' or 'draw'. "
                f"Got {pixels!r} instead."
            )
        n_samples, y = self._what_to_draw(n_samples, y)
        rng = self._generator(random_state)
        mixtures, shape = self._mixtures(prior), (n_samples, self._latent_dim())
        codes = rng.standard_normal(shape, dtype=np.float32)
        if self.conditional and y is None:
            y = rng.choice(self.classes_, n_samples, p=self._class_shares)
        if mixtures is not None:
            codes = draw_codes(mixtures, self._mixture_numbers(y, n_samples), rng)
        rows = self.inverse_transform(codes, y)
        if pixels == "mean":
            return rows
        if self.likelihood == "bernoulli":
            return (rng.random(rows.shape) < rows).astype(np.float64)
        layer = self.model_.get_layer("log_likelihood")
        return rows + np.exp(float(layer.log_std)) * rng.standard_normal(rows.shape)

    def _what_to_draw(self, n_samples: Any, y: Any) -> tuple[int, Any]:
        name = f"{type(self).__name__}.sample"
        if y is not None and not self.conditional:
            raise ValueError(
                f"y of {name} must be None without conditional=True. Got labels "
                "instead."
            )
        if n_samples is None:
            n_samples = 1 if y is None or np.ndim(y) == 0 else _num_samples(y)
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(
                f"n_samples of {name} must be an integer of at least 1. "
                f"Got {n_samples!r} instead."
            )
        if y is not None and np.ndim(y) == 0:
            y = np.full(n_samples, y)
        if y is not None and _num_samples(y) != n_samples:
            raise ValueError(
                f"y of {name} must be one label or {n_samples}. "
                f"Got {_num_samples(y)} instead."
            )
        return int(n_samples), y

    def _generator(self, random_state: Any) -> np.random.Generator:
        state = self.random_state if random_state is None else random_state
        return np.random.default_rng(draw_seeds(state).weights)

    # Rating -------------------------------------------------------------------------

    def score_samples(
        self,
        X: Any,
        y: Any = None,
        *,
        n_draws: int = 1,
        prior: str | None = None,
        random_state: Any = None,
    ) -> np.ndarray:
        """Estimate each row's evidence lower bound.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Drawn as binary rows with `binarize`.
        y : array-like of shape (n_samples,), default=None
            Labels; needed with `conditional`, which bounds ``log p(x | y)``.
        n_draws : int, default=1
            Codes drawn per row.
        prior : {"normal", "mixture"}, default=None
            Density of the codes. None takes the estimator's `prior`.
        random_state : int, RandomState instance or None, default=None
            None stands for that of the estimator.

        Returns
        -------
        elbo : ndarray of shape (n_samples,), float64
            In nats, with `beta` taken as 1.
        """
        reconstruction, kl = self.elbo_terms(
            X, y, n_draws=n_draws, prior=prior, random_state=random_state
        )
        return -reconstruction - kl

    def elbo_terms(
        self,
        X: Any,
        y: Any = None,
        *,
        n_draws: int = 1,
        prior: str | None = None,
        random_state: Any = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the two terms of each row's evidence lower bound.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Drawn as binary rows with `binarize`.
        y : array-like of shape (n_samples,), default=None
            Labels; needed with `conditional`.
        n_draws : int, default=1
            Codes drawn per row.
        prior : {"normal", "mixture"}, default=None
            Density of the codes. None takes the estimator's `prior`.
        random_state : int, RandomState instance or None, default=None
            None stands for that of the estimator. With the same int as for
            ``score_samples`` the bound is minus the sum of the terms.

        Returns
        -------
        reconstruction : ndarray of shape (n_samples,), float64
            ``-E_q[log p(x | z)]`` in nats.
        kl : ndarray of shape (n_samples,), float64
            ``KL(q(z | x) || p(z))`` in nats: in closed form for the normal prior,
            averaged over the draws for a mixture.
        """
        return self._rate(X, y, n_draws, prior, random_state, elbo_terms)

    def log_likelihood(
        self,
        X: Any,
        y: Any = None,
        *,
        n_importance_samples: int = 100,
        prior: str | None = None,
        random_state: Any = None,
    ) -> np.ndarray:
        """Estimate each row's log-likelihood by importance sampling.

        Computes ``log 1/K sum_k p(x | z_k) p(z_k) / q(z_k | x)`` with K draws from
        ``q(z | x)``: in expectation a lower bound, which tightens as K grows. K = 1
        gives the ELBO.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Drawn as binary rows with `binarize`.
        y : array-like of shape (n_samples,), default=None
            Labels; needed with `conditional`.
        n_importance_samples : int, default=100
            K. Takes as long as decoding K rows for each row.
        prior : {"normal", "mixture"}, default=None
            Density of the codes. None takes the estimator's `prior`.
        random_state : int, RandomState instance or None, default=None
            None stands for that of the estimator.

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,), float64
            In nats.

        References
        ----------
        Y. Burda, R. Grosse, R. Salakhutdinov, "Importance weighted autoencoders",
        ICLR 2016, arXiv:1509.00519.
        """
        return self._rate(
            X, y, n_importance_samples, prior, random_state, importance_weighted
        )

    def score(self, X: Any, y: Any = None) -> float:
        """Compute the mean evidence lower bound, from one draw per row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), default=None
            Labels; needed with `conditional`.

        Returns
        -------
        elbo : float
            In nats; higher is better.
        """
        return float(self.score_samples(X, y).mean())

    def _rate(
        self, X: Any, y: Any, n_draws: int, prior: Any, random_state: Any, estimate: Any
    ) -> Any:
        self._check_fitted()
        X = self._check_features(X, first=False)
        self._check_range(X)
        if not isinstance(n_draws, Integral) or n_draws < 1:
            raise ValueError(
                f"The number of draws of {type(self).__name__} must be an integer of "
                f"at least 1. Got {n_draws!r} instead."
            )
        rng = self._generator(random_state)
        if self.binarize:
            X = (rng.random(X.shape, dtype=np.float32) < X).astype(np.float32)
        codes = self._predict(self.encoder_, X)

        def network(n: int) -> Any:
            return likelihood_network(
                self.model_, self.n_features_in_, self._n_classes(), n
            )

        mixtures = self._mixtures(prior)
        numbers = self._mixture_numbers(y, len(X)) if mixtures else None
        log_prior = partial(log_density, mixtures, numbers)
        if mixtures is None and estimate is elbo_terms:
            log_prior = None  # the divergence has a closed form
        rows = self._with_classes(X, y)
        with clear_memory_errors(type(self).__name__):
            ratings = estimate(network, rows, codes, int(n_draws), rng, log_prior)
        for rating in ratings if isinstance(ratings, tuple) else (ratings,):
            check_finite(type(self).__name__, rating)
        return ratings

    # The prior --------------------------------------------------------------------

    def _mixtures(self, prior: str | None) -> list[Any] | None:
        prior = self.prior if prior is None else prior
        if prior == "normal":
            return None
        if prior != "mixture" or not hasattr(self, "priors_"):
            known = "'normal' or 'mixture'" if hasattr(self, "priors_") else "'normal'"
            raise ValueError(
                f"prior of {type(self).__name__} must be {known} after this fit. "
                f"Got {prior!r} instead."
            )
        return self.priors_

    def _mixture_numbers(self, y: Any, n: int) -> np.ndarray:
        if not self.conditional:
            return np.zeros(n, dtype=np.int32)
        return class_numbers(self, check_labels(self, y))
