"""How much a score suffers when a column is shuffled."""

from typing import TYPE_CHECKING, Any

import numpy as np

from kerasweep.plotting._style import BLUE

if TYPE_CHECKING:
    import pandas as pd


class PermutationImportanceDisplay:
    """The loss of a score when the values of one column are shuffled among rows.

    Use :meth:`from_estimator` to make one, or pass what
    ``sklearn.inspection.permutation_importance`` found.

    Parameters
    ----------
    importances : array-like of shape (n_features, n_repeats)
        The score less that with the column shuffled, for each shuffling.
    feature_names : sequence of str of length n_features
    score_name : str, default="score"

    Attributes
    ----------
    table_ : DataFrame
        One row per column, the most important first: `feature`, `mean` and `sd` of its
        shufflings (ddof=1).
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : matplotlib BarContainer

    Examples
    --------
    >>> from kerasweep.plotting import PermutationImportanceDisplay
    >>> display = PermutationImportanceDisplay(
    ...     importances=[[0.1, 0.2], [0.5, 0.7]], feature_names=["age", "size"])
    >>> display.table_["feature"].tolist()
    ['size', 'age']
    """

    def __init__(
        self, *, importances: Any, feature_names: Any, score_name: str = "score"
    ) -> None:
        self.importances = importances
        self.feature_names = feature_names
        self.score_name = score_name
        self.table_ = self._table()

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        scoring: Any = None,
        score_name: str = "score",
        n_repeats: int = 5,
        random_state: Any = None,
    ) -> "PermutationImportanceDisplay":
        """Shuffle each column of rows that a fitted estimator was not trained on.

        Parameters
        ----------
        estimator : fitted estimator
        X : DataFrame or array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        scoring : str or callable, default=None
            Greater is better; None takes the estimator's own score.
        score_name : str, default="score"
            Its name on the axis.
        n_repeats : int, default=5
            Shufflings of each column.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        display : PermutationImportanceDisplay
        """
        from sklearn.inspection import permutation_importance

        found = permutation_importance(
            estimator,
            X,
            y,
            scoring=scoring,
            n_repeats=n_repeats,
            random_state=random_state,
        )
        n_features = found.importances.shape[0]
        names = getattr(X, "columns", [f"x{i}" for i in range(n_features)])
        return cls(
            importances=found.importances,
            feature_names=list(map(str, names)),
            score_name=score_name,
        )

    def plot(
        self, *, ax: Any = None, n_features: int = 15
    ) -> "PermutationImportanceDisplay":
        """Draw a bar for each of the most important columns.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        n_features : int, default=15
            Columns shown at most.

        Returns
        -------
        display : PermutationImportanceDisplay
        """
        import matplotlib.pyplot as plt

        shown = self.table_.head(n_features).iloc[::-1]
        if ax is None:
            height = 1.2 + 0.3 * len(shown)
            _, ax = plt.subplots(figsize=(6.4, height), layout="constrained")
        n_repeats = np.shape(self.importances)[1]
        errors = shown["sd"] if n_repeats > 1 else None
        labels = [n if len(n) <= 30 else f"{n[:27]}..." for n in shown["feature"]]
        places = np.arange(len(shown))
        self.bars_ = ax.barh(
            places, shown["mean"], xerr=errors, color=BLUE, height=0.6, capsize=2
        )
        ax.set_yticks(places, labels)
        ax.axvline(0, color="0.4", linewidth=0.8)
        left_out = len(self.table_) - len(shown)
        bars = f"error bars: SD of {n_repeats} shufflings" if n_repeats > 1 else ""
        more = f"{left_out} columns of less importance not shown" if left_out else ""
        loss = f"loss of {self.score_name} with the column shuffled"
        ax.set_xlabel("\n".join(text for text in (loss, bars, more) if text))
        ax.spines[["top", "right"]].set_visible(False)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _table(self) -> "pd.DataFrame":
        import pandas as pd

        values = np.asarray(self.importances, dtype=np.float64)
        if values.ndim != 2 or len(values) != len(self.feature_names):
            raise ValueError(
                "importances of PermutationImportanceDisplay must have shape "
                f"({len(self.feature_names)}, n_repeats), a line for each of "
                f"feature_names. Got shape {values.shape} instead."
            )
        several = values.shape[1] > 1
        table = pd.DataFrame(
            {
                "feature": list(self.feature_names),
                "mean": values.mean(axis=1),
                "sd": values.std(axis=1, ddof=1) if several else np.nan,
            }
        )
        return table.sort_values("mean", ascending=False, ignore_index=True)
