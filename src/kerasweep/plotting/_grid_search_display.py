"""The score of a search against all of its parameters."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from kerasweep.plotting._candidates import read_candidates
from kerasweep.plotting._panels import draw_panels
from kerasweep.plotting._parallel import draw_parallel
from kerasweep.plotting._parameter_axis import ParameterAxis, parameter_axis
from kerasweep.plotting._results import name_of_score
from kerasweep.plotting._style import is_share, score_label

if TYPE_CHECKING:
    import pandas as pd

_KINDS = ("parallel", "parameters")


class GridSearchDisplay:
    """Score of a search against any number of parameters of any type.

    Use :meth:`from_search` or :meth:`from_cv_results` to make one.

    Parameters
    ----------
    parameters : dict of str to sequence
        For each searched parameter its value in each candidate; NaN where a candidate
        has none.
    scores : array-like of shape (n_candidates,)
        Validation scores; NaN where a fit failed.
    score_sds : array-like of shape (n_candidates,), default=None
        Sample SD of each score over splits, or over replicates.
    n_values : array-like of shape (n_candidates,), default=None
        Splits or replicates behind each score.
    fit_times : array-like of shape (n_candidates,), default=None
        Seconds that a fit took.
    selected : int, default=None
        The candidate that won.
    score_name : str, default="score"
        Name of the score. An accuracy is drawn in per cent.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The first of `axes_`.
    axes_ : ndarray of matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib PathPatch
        One per candidate; ``kind="parallel"`` alone.
    colorbar_ : matplotlib Colorbar
        ``kind="parallel"`` alone.
    errorbars_ : dict of str to matplotlib ErrorbarContainer
        Marginal means of each parameter; ``kind="parameters"`` alone.
    points_ : dict of str to matplotlib Line2D
        Candidates in each parameter's panel; ``kind="parameters"`` alone.
    legend_ : matplotlib Legend

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from kerasweep.plotting import GridSearchDisplay
    >>> display = GridSearchDisplay(
    ...     parameters={"l2": [1e-5, 1e-5, 1e-3], "activation": ["relu", "elu", "elu"]},
    ...     scores=[0.97, 0.98, 0.96], score_name="accuracy")
    >>> display.to_frame()["mean"].tolist()
    [0.98, 0.97, 0.96]
    >>> len(display.plot().lines_)
    3
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        *,
        parameters: Mapping[str, Sequence[Any]],
        scores: Any,
        score_sds: Any = None,
        n_values: Any = None,
        fit_times: Any = None,
        selected: int | None = None,
        score_name: str = "score",
    ) -> None:
        self.parameters = parameters
        self.scores = scores
        self.score_sds = score_sds
        self.n_values = n_values
        self.fit_times = fit_times
        self.selected = selected
        self.score_name = score_name

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        over: str | list[str] | None = None,
        score: str = "test_score",
        score_name: str | None = None,
    ) -> "GridSearchDisplay":
        """Make a display of a fitted search, with the candidate that it selected.

        Parameters
        ----------
        search : fitted GridSearchCV, RandomizedSearchCV or their like
            Something with ``cv_results_``.
        over : str or list of str, default=None
            Parameters that replicate a setting, such as ``"net__random_state"``: their
            candidates become one, with the mean of their scores.
        score : str, default="test_score"
            Column of ``cv_results_``.
        score_name : str, default=None
            Name of the score; None takes the search's own, where it tells.

        Returns
        -------
        display : GridSearchDisplay
        """
        check_is_fitted(search, "cv_results_")
        return cls._from_results(
            search.cv_results_,
            over,
            score,
            name_of_score(search, score) if score_name is None else score_name,
            getattr(search, "best_index_", None),
        )

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Any,
        *,
        over: str | list[str] | None = None,
        score: str = "test_score",
        score_name: str | None = None,
    ) -> "GridSearchDisplay":
        """Make a display of a search's results; the highest mean counts as selected.

        Parameters
        ----------
        cv_results : dict or DataFrame
            The ``cv_results_`` of a search.
        over, score, score_name
            As in :meth:`from_search`, but the score is named after `score`.

        Returns
        -------
        display : GridSearchDisplay
        """
        name = score.removeprefix("test_") if score_name is None else score_name
        return cls._from_results(cv_results, over, score, name, None)

    @classmethod
    def _from_results(
        cls, cv_results: Any, over: Any, score: str, name: str, best: int | None
    ) -> "GridSearchDisplay":
        found = read_candidates(cv_results, over, score)
        if best is not None:
            selected = found.index_of(int(best))
        elif np.all(np.isnan(found.scores)):
            selected = None
        else:
            selected = int(np.nanargmax(found.scores))
        return cls(
            parameters=found.parameters,
            scores=found.scores,
            score_sds=found.sds,
            n_values=found.n_values,
            fit_times=found.fit_times,
            selected=selected,
            score_name=name,
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return the candidates as a table, the best first.

        Returns
        -------
        frame : DataFrame
            `rank`, the parameters, `mean`, `sd` (ddof=1, over splits or replicates)
            and the number `n` of these, `fit_time` in seconds, and whether `selected`.
            Columns that are not known are left out. Failed candidates come last.
        """
        import pandas as pd

        parameters, scores = self._checked()
        frame = pd.DataFrame({name: list(v) for name, v in parameters.items()})
        frame["mean"] = scores
        for name, column in (
            ("sd", self.score_sds),
            ("n", self.n_values),
            ("fit_time", self.fit_times),
        ):
            if column is not None:
                frame[name] = np.asarray(column)
        frame["selected"] = np.arange(len(scores)) == self.selected
        rank = frame["mean"].rank(ascending=False, method="min")
        frame.insert(0, "rank", rank.astype("Int64"))
        return frame.sort_values("rank", kind="stable", ignore_index=True)

    def plot(
        self, kind: str = "parallel", *, ax: Any = None, fit_time: bool = False
    ) -> "GridSearchDisplay":
        """Draw the search.

        Parameters
        ----------
        kind : {"parallel", "parameters"}, default="parallel"
            "parallel" draws one line per candidate across one axis per parameter to the
            score that it reached, the winner on top. "parameters" draws one panel per
            parameter: each candidate, and for each value the mean over the candidates
            that have it, whatever else they have. Parameters that did not vary are
            left out.
        ax : matplotlib Axes or array-like of Axes, default=None
            Where to draw; one for "parallel", one per panel for "parameters". None
            makes a figure.
        fit_time : bool, default=False
            For "parameters": whether a second panel per parameter shows the seconds
            that a fit took.

        Returns
        -------
        self : GridSearchDisplay
        """
        if kind not in _KINDS:
            raise ValueError(
                'kind of GridSearchDisplay must be "parallel" or "parameters". '
                f"Got {kind!r} instead."
            )
        if fit_time and self.fit_times is None:
            raise ValueError(
                "fit_time of GridSearchDisplay must be False where fit_times is None. "
                "Got True instead."
            )
        parameters, scores = self._checked()
        axes = {name: parameter_axis(name, v) for name, v in parameters.items()}
        varied = {name: a for name, a in axes.items() if np.ptp(a.positions) > 0}
        varied = varied or axes
        if kind == "parallel":
            self._plot_parallel(varied, scores, ax)
        else:
            self._plot_panels(varied, scores, ax, fit_time)
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        return self

    def _plot_parallel(
        self, axes: dict[str, ParameterAxis], scores: np.ndarray, ax: Any
    ) -> None:
        import matplotlib.pyplot as plt

        if ax is None:
            width = max(6.4, 1.7 * (len(axes) + 1.4))
            _, ax = plt.subplots(figsize=(width, 4.6), layout="constrained")
        self.axes_ = np.array([ax], dtype=object)
        self.lines_, self.colorbar_, self.legend_ = draw_parallel(
            ax, axes, self._unit() * scores, self.selected, score_label(self.score_name)
        )

    def _plot_panels(
        self, axes: dict[str, ParameterAxis], scores: np.ndarray, ax: Any, times: bool
    ) -> None:
        rows = {score_label(self.score_name): self._unit() * scores}
        if times:
            rows["time a fit (s)"] = np.asarray(self.fit_times, dtype=np.float64)
        self.axes_, self.errorbars_, self.points_, self.legend_ = draw_panels(
            ax, axes, rows, self.selected
        )

    def _unit(self) -> float:
        return 100.0 if is_share(self.score_name) else 1.0

    def _checked(self) -> tuple[Mapping[str, Sequence[Any]], np.ndarray]:
        scores = np.asarray(self.scores, dtype=np.float64)
        if not self.parameters or scores.ndim != 1 or not len(scores):
            raise ValueError(
                "parameters and scores of GridSearchDisplay must hold at least one "
                f"parameter and one candidate. Got {len(self.parameters)} parameters "
                f"and scores of shape {scores.shape} instead."
            )
        for name, values in self.parameters.items():
            if len(values) != len(scores):
                raise ValueError(
                    "parameters of GridSearchDisplay must have one value per "
                    f"candidate. Got {len(values)} values of {name!r} and "
                    f"{len(scores)} scores instead."
                )
        if self.selected is not None and not 0 <= self.selected < len(scores):
            raise ValueError(
                "selected of GridSearchDisplay must be the number of a candidate, "
                f"from 0 to {len(scores) - 1}. Got {self.selected!r} instead."
            )
        return self.parameters, scores
