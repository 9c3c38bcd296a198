"""Score against a swept factor, with every replicate in sight."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from kerasweep.model_selection._replicates import group_replicates
from kerasweep.plotting._results import (
    filter_candidates,
    known_mean_and_sd,
    name_of_score,
    score_table,
)
from kerasweep.plotting._style import (
    add_legend,
    factor_label,
    is_share,
    new_axes,
    score_label,
)
from kerasweep.plotting._sweep_drawing import (
    check_factors,
    check_reference,
    check_scores,
    draw_curve,
    draw_failures,
    draw_reference,
    draw_selected,
    legend_entries,
    resolve_scale,
    set_abscissa,
)

if TYPE_CHECKING:
    import pandas as pd


class SweepDisplay:
    """Score of a search against one numeric factor.

    Draws the mean over replicates with their sample standard deviation, each replicate
    as a faint point, the setting that was selected, and a reference value with the
    interval that its number of test rows allows. Use :meth:`from_search` or
    :meth:`from_cv_results` to make one.

    Parameters
    ----------
    factors : array-like of shape (n_factors,)
        Values of the swept parameter.
    scores : array-like of shape (n_factors, n_replicates)
        Validation score of each replicate; NaN where there is none.
    train_scores : array-like of shape (n_factors, n_replicates), default=None
        Training score of each replicate.
    n_failed : array-like of shape (n_factors,), default=None
        Replicates whose fit failed; None means none.
    selected : float, default=None
        The value in `factors` that was selected.
    x : str, default="factor"
        Name of the parameter, such as ``"net__l2"``.
    score_name : str, default="score"
        Name of the score. An accuracy is drawn in per cent.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    errorbar_, line_, points_ : matplotlib artists
        Means on validation rows with their SD, the line that joins them, and the
        single replicates, drawn a little aside.
    train_errorbar_, train_line_, train_points_ : matplotlib artists or None
        The same on training rows.
    selected_ : matplotlib Line2D or None
        Mark of the selected setting.
    reference_line_, reference_band_ : matplotlib artists or None
    legend_ : matplotlib Legend

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from kerasweep.plotting import SweepDisplay
    >>> display = SweepDisplay(
    ...     factors=[1e-5, 1e-4], scores=[[0.97, 0.98, 0.99], [0.98, 0.98, 0.98]],
    ...     x="net__l2", score_name="accuracy")
    >>> display.to_frame()["mean"].round(3).tolist()
    [0.98, 0.98]
    >>> display.plot().ax_.get_ylabel()
    'accuracy (%)'
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        factors: Any,
        scores: Any,
        train_scores: Any = None,
        n_failed: Any = None,
        selected: float | None = None,
        x: str = "factor",
        score_name: str = "score",
    ) -> None:
        self.factors = factors
        self.scores = scores
        self.train_scores = train_scores
        self.n_failed = n_failed
        self.selected = selected
        self.x = x
        self.score_name = score_name

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        x: str,
        over: str | list[str] | None = None,
        score: str = "test_score",
        score_name: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> "SweepDisplay":
        """Make a display of a fitted search, with its selected candidate.

        Parameters
        ----------
        search : fitted GridSearchCV or its like
            Something with ``cv_results_``.
        x : str
            The numeric parameter that was swept, such as ``"net__l2"``.
        over : str or list of str, default=None
            Parameters that replicate a setting, such as ``"net__random_state"``.
        score, score_name, where
            As in :meth:`from_cv_results`, but the name of the score is the search's
            own, where it tells.

        Returns
        -------
        display : SweepDisplay
        """
        check_is_fitted(search, "cv_results_")
        if score_name is None:
            score_name = name_of_score(search, score)
        display = cls.from_cv_results(
            search.cv_results_,
            x=x,
            over=over,
            score=score,
            score_name=score_name,
            where=where,
        )
        best = getattr(search, "best_params_", None)
        if best is not None:
            shown = all(
                best.get(name) == value for name, value in (where or {}).items()
            )
            display.selected = float(best[x]) if shown and x in best else None
        return display

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Any,
        *,
        x: str,
        over: str | list[str] | None = None,
        score: str = "test_score",
        score_name: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> "SweepDisplay":
        """Make a display of a search's results; the highest mean counts as selected.

        Parameters
        ----------
        cv_results : dict or DataFrame
            The ``cv_results_`` of a search.
        x : str
            The numeric parameter that was swept, such as ``"net__l2"``.
        over : str or list of str, default=None
            Parameters that replicate a setting, such as ``"net__random_state"``.
        score : str, default="test_score"
            Column of `cv_results`.
        score_name : str, default=None
            Name of the score; None takes it from `score`.
        where : dict, default=None
            Values of other parameters, to draw the candidates that have them.

        Returns
        -------
        display : SweepDisplay
        """
        if where:
            cv_results = filter_candidates(cv_results, where)
        groups = group_replicates(
            cv_results, x, over, score, owner="SweepDisplay", by_name="x"
        )
        factors = check_factors([setting.values[0] for setting in groups.settings], x)
        order = np.argsort(factors, kind="stable")
        settings = [groups.settings[i] for i in order]
        scores = score_table(groups.score, settings)
        n_candidates = np.array([len(setting.candidates) for setting in settings])
        n_failed = n_candidates - np.sum(~np.isnan(scores), axis=1)
        train = None
        if groups.train_score is not None:
            failed = np.isnan(groups.score)
            train = score_table(np.where(failed, np.nan, groups.train_score), settings)
        means = [known_mean_and_sd(row)[0] for row in scores]
        selected = None
        if not np.all(np.isnan(means)):
            selected = float(factors[order][np.nanargmax(means)])
        return cls(
            factors=factors[order],
            scores=scores,
            train_scores=train,
            n_failed=n_failed,
            selected=selected,
            x=x,
            score_name=score_name or score.removeprefix("test_"),
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return the drawn numbers, as shares rather than per cent.

        Returns
        -------
        frame : DataFrame
            One row per factor: `factor`, `mean`, `sd` (ddof=1), `n`, `n_failed`, and
            `train_mean` and `train_sd` if there are training scores.
        """
        import pandas as pd

        factors, scores, train, n_failed = self._arrays()
        summaries = np.array([known_mean_and_sd(row) for row in scores])
        frame = {
            "factor": factors,
            "mean": summaries[:, 0],
            "sd": summaries[:, 1],
            "n": np.sum(~np.isnan(scores), axis=1),
            "n_failed": n_failed,
        }
        if train is not None:
            summaries = np.array([known_mean_and_sd(row) for row in train])
            frame |= {"train_mean": summaries[:, 0], "train_sd": summaries[:, 1]}
        return pd.DataFrame(frame)

    def plot(
        self,
        *,
        ax: Any = None,
        scale: str = "auto",
        reference: float | None = None,
        reference_n: int | None = None,
        reference_label: str | None = None,
        train: bool = True,
    ) -> "SweepDisplay":
        """Draw the sweep.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        scale : {"auto", "log", "linear"}, default="auto"
            Scale of the factor. "auto" is "log" where the positive factors span a
            decade or more, none is negative, and they are no shares such as a dropout
            rate. On a log scale a factor of 0 stands left of a break in the axis.
        reference : float, default=None
            A published score to compare with, as a share for an accuracy.
        reference_n : int, default=None
            Test rows that `reference` was measured on; draws its 95 % Wilson interval.
        reference_label : str, default=None
            What the reference is, for the legend.
        train : bool, default=True
            Whether to draw training scores, where there are any.

        Returns
        -------
        self : SweepDisplay
        """
        factors, scores, train_scores, n_failed = self._arrays()
        scale = resolve_scale(scale, factors, self.x)
        band = check_reference(reference, reference_n, self.score_name)
        own = ax is None
        if ax is None:
            _, (ax,) = new_axes(1, (6.4, 4.8))
        self.ax_, self.figure_ = ax, ax.figure
        unit = 100.0 if is_share(self.score_name) else 1.0
        positions = set_abscissa(ax, factors, scale)
        joined = (factors > 0) | (scale == "linear")
        self.errorbar_, self.line_, self.points_ = draw_curve(
            ax, positions, joined, unit * scores, "validation"
        )
        self.train_errorbar_ = self.train_line_ = self.train_points_ = None
        if train and train_scores is not None:
            self.train_errorbar_, self.train_line_, self.train_points_ = draw_curve(
                ax, positions, joined, unit * train_scores, "training"
            )
        self.selected_ = draw_selected(
            ax, positions, factors, unit * scores, self.selected
        )
        draw_failures(ax, positions, n_failed)
        self.reference_line_ = self.reference_band_ = None
        if reference is not None:
            self.reference_line_, self.reference_band_ = draw_reference(
                ax, reference, band, reference_n, reference_label, unit
            )
        ax.set_xlabel(factor_label(self.x))
        ax.set_ylabel(score_label(self.score_name))
        ax.grid(axis="y", color="0.9", linewidth=0.8)
        ax.set_axisbelow(True)
        self.legend_ = add_legend(self.figure_, ax, *legend_entries(ax), own=own)
        return self

    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
        factors = check_factors(list(self.factors), self.x)
        scores = check_scores(self.scores, len(factors), "scores")
        train = None
        if self.train_scores is not None:
            train = check_scores(self.train_scores, len(factors), "train_scores")
        n_failed = np.zeros(len(factors), int)
        if self.n_failed is not None:
            n_failed = np.asarray(self.n_failed, dtype=int)
        order = np.argsort(factors, kind="stable")
        return (
            factors[order],
            scores[order],
            None if train is None else train[order],
            n_failed[order],
        )
