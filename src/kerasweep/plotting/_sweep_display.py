"""Score against a swept factor, with every replicate in sight."""

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from kerasweep.model_selection import wilson_interval
from kerasweep.model_selection._replicate_summary import mean_and_sd
from kerasweep.model_selection._replicates import group_replicates
from kerasweep.plotting._abscissa import resolve_scale, set_abscissa
from kerasweep.plotting._results import (
    filter_candidates,
    name_of_score,
    score_table,
)
from kerasweep.plotting._style import (
    BLACK,
    BLUE,
    GREEN,
    VERMILION,
    add_legend,
    factor_label,
    is_share,
    new_axes,
    score_label,
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
        factors = _check_factors([setting.values[0] for setting in groups.settings], x)
        order = np.argsort(factors, kind="stable")
        settings = [groups.settings[i] for i in order]
        scores = score_table(groups.score, settings)
        n_candidates = np.array([len(setting.candidates) for setting in settings])
        n_failed = n_candidates - np.sum(~np.isnan(scores), axis=1)
        train = None
        if groups.train_score is not None:
            failed = np.isnan(groups.score)
            train = score_table(np.where(failed, np.nan, groups.train_score), settings)
        means = [_mean_and_sd(row)[0] for row in scores]
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
            One row a factor: `factor`, `mean`, `sd` (ddof=1), `n`, `n_failed`, and
            `train_mean` and `train_sd` if there are training scores.
        """
        import pandas as pd

        factors, scores, train, n_failed = self._arrays()
        summaries = np.array([_mean_and_sd(row) for row in scores])
        frame = {
            "factor": factors,
            "mean": summaries[:, 0],
            "sd": summaries[:, 1],
            "n": np.sum(~np.isnan(scores), axis=1),
            "n_failed": n_failed,
        }
        if train is not None:
            summaries = np.array([_mean_and_sd(row) for row in train])
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
        band = _check_reference(reference, reference_n, self.score_name)
        own = ax is None
        if ax is None:
            _, (ax,) = new_axes(1, (6.4, 4.8))
        self.ax_, self.figure_ = ax, ax.figure
        self._unit = 100.0 if is_share(self.score_name) else 1.0
        positions = set_abscissa(ax, factors, scale)
        joined = (factors > 0) | (scale == "linear")
        self.errorbar_, self.line_, self.points_ = self._draw_curve(
            ax, positions, joined, scores, "validation"
        )
        self.train_errorbar_ = self.train_line_ = self.train_points_ = None
        if train and train_scores is not None:
            self.train_errorbar_, self.train_line_, self.train_points_ = (
                self._draw_curve(ax, positions, joined, train_scores, "training")
            )
        self._draw_selected(ax, positions, factors, scores)
        _draw_failures(ax, positions, n_failed)
        self.reference_line_ = self.reference_band_ = None
        if reference is not None:
            self._draw_reference(ax, reference, band, reference_n, reference_label)
        ax.set_xlabel(factor_label(self.x))
        ax.set_ylabel(score_label(self.score_name))
        ax.grid(axis="y", color="0.9", linewidth=0.8)
        ax.set_axisbelow(True)
        self.legend_ = add_legend(self.figure_, ax, *_legend_entries(ax), own=own)
        return self

    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
        factors = _check_factors(list(self.factors), self.x)
        scores = _check_scores(self.scores, len(factors), "scores")
        train = None
        if self.train_scores is not None:
            train = _check_scores(self.train_scores, len(factors), "train_scores")
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

    def _draw_curve(
        self, ax: Any, at: np.ndarray, joined: np.ndarray, scores: np.ndarray, rows: str
    ) -> tuple[Any, Any, Any]:
        """Draw the means with their SD, and beside them each replicate."""
        from matplotlib.transforms import ScaledTranslation

        scores = scores * self._unit
        mean, sd = np.array([_mean_and_sd(row) for row in scores]).T
        counts = np.sum(~np.isnan(scores), axis=1)
        few = len(at) <= 12
        color, marker = (BLUE, "o") if rows == "validation" else (VERMILION, "s")
        (line,) = ax.plot(at[joined], mean[joined], color=color, linewidth=1.4)
        errorbar = ax.errorbar(
            at,
            mean,
            yerr=sd if counts.max(initial=0) > 1 else None,
            label=f"{rows}: {_describe(counts)}",
            color=color,
            marker=marker,
            markersize=5 if few else 3.5,
            linestyle="none",
            elinewidth=1.2,
            capsize=4 if few else 2,
            zorder=3,
        )
        aside = ScaledTranslation(
            (7 if few else 3.5) / 72, 0, ax.figure.dpi_scale_trans
        )
        (points,) = ax.plot(
            np.repeat(at, scores.shape[1]),
            scores.ravel(),
            transform=ax.transData + aside,
            linestyle="none",
            marker=marker,
            markersize=4 if few else 2.5,
            color=color,
            alpha=0.45,
            markeredgewidth=0,
            zorder=2.5,
            visible=bool(counts.max(initial=0) > 1),
        )
        return errorbar, line, points

    def _draw_selected(
        self, ax: Any, positions: np.ndarray, factors: np.ndarray, scores: np.ndarray
    ) -> None:
        self.selected_ = None
        if self.selected is None:
            return
        where = np.flatnonzero(np.isclose(factors, self.selected, rtol=1e-9, atol=0))
        if not len(where):
            raise ValueError(
                "selected of SweepDisplay must be one of the factors. "
                f"Got {self.selected!r} instead."
            )
        mean = _mean_and_sd(scores[where[0]])[0] * self._unit
        if np.isnan(mean):
            return
        (self.selected_,) = ax.plot(
            positions[where[0]],
            mean,
            linestyle="none",
            marker="o",
            markersize=12,
            markerfacecolor="none",
            markeredgecolor=BLACK,
            markeredgewidth=1.5,
            label=f"selected: {self.selected:.3g}",
            zorder=4,
        )

    def _draw_reference(
        self,
        ax: Any,
        reference: float,
        band: tuple[float, float] | None,
        n: int | None,
        label: str | None,
    ) -> None:
        percent = " %" if self._unit == 100.0 else ""
        label = label or f"reference {reference * self._unit:.4g}{percent}"
        if band is not None:
            label += f" (band: 95 % Wilson interval, n = {n:,} test rows)"
            self.reference_band_ = ax.axhspan(
                band[0] * self._unit,
                band[1] * self._unit,
                color=GREEN,
                alpha=0.15,
                linewidth=0,
                zorder=1,
            )
        self.reference_line_ = ax.axhline(
            reference * self._unit,
            color=GREEN,
            linestyle="--",
            linewidth=1.4,
            zorder=1.5,
            label=label,
        )


def _check_factors(values: list[Any], x: str) -> np.ndarray:
    for value in values:
        if (
            isinstance(value, bool)
            or not isinstance(value, Real)
            or not np.isfinite(float(value))
        ):
            raise ValueError(
                f"Values of {x} in SweepDisplay must be finite numbers. "
                f"Got {value!r} instead."
            )
    return np.array(values, dtype=np.float64)


def _check_scores(scores: Any, n_factors: int, name: str) -> np.ndarray:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or len(table) != n_factors:
        raise ValueError(
            f"{name} of SweepDisplay must have shape ({n_factors}, n_replicates), a "
            f"row a factor. Got shape {table.shape} instead."
        )
    return table


def _check_reference(
    reference: float | None, n: int | None, score_name: str
) -> tuple[float, float] | None:
    """Return the Wilson interval of the reference, or None."""
    if n is None:
        return None
    if reference is None or not is_share(score_name) or not 0 <= reference <= 1:
        raise ValueError(
            "reference of SweepDisplay must be an accuracy in [0, 1] where reference_n "
            f"is given. Got {reference!r} for the score {score_name!r} instead."
        )
    return wilson_interval(round(reference * n), n)


def _mean_and_sd(row: np.ndarray) -> tuple[float, float]:
    return mean_and_sd(row[~np.isnan(row)])


def _describe(counts: np.ndarray) -> str:
    """Say what the points and their error bars are."""
    counts = counts[counts > 0]
    if not len(counts) or counts.max() == 1:
        return "1 replicate, so no SD"
    low, high = counts.min(), counts.max()
    if low == high:
        return f"mean ± SD of {high} replicates (faint: each one)"
    note = ", no SD for 1" if low == 1 else ""
    return f"mean ± SD of {low} to {high} replicates (faint: each one{note})"


def _legend_entries(ax: Any) -> tuple[list[Any], list[str]]:
    """Return what the axes label: curves first, whatever was drawn first."""
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(
        range(len(labels)),
        key=lambda i: not labels[i].startswith(("validation:", "training:")),
    )
    return [handles[i] for i in order], [labels[i] for i in order]


def _draw_failures(ax: Any, positions: np.ndarray, n_failed: np.ndarray) -> None:
    """Mark on the lower edge where a fit failed."""
    if not n_failed.any():
        return
    total = int(n_failed.sum())
    ax.plot(
        positions[n_failed > 0],
        np.full(np.count_nonzero(n_failed), 0.03),
        transform=ax.get_xaxis_transform(),
        linestyle="none",
        marker="x",
        color=BLACK,
        markersize=6,
        label=f"{total} failed fit{'s' if total > 1 else ''}, left out",
        zorder=4,
    )
