"""Is a network worth it on a table: models compared on the same splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline

from kerasweep.experiments.run import Run
from kerasweep.model_selection import comparison_table, corrected_t_test
from kerasweep.preprocessing import table_preprocessor

if TYPE_CHECKING:
    import pandas as pd

SIMPLE, NETWORKS = ("linear", "boosting"), ("dense", "tabular")
CALLED = {
    "linear": "the linear model",
    "boosting": "gradient boosting",
    "dense": "the dense network",
    "tabular": "the tabular network",
}


class Candidate(Pipeline):
    """A pipeline whose name says what it is, in MLflow and in a search's results."""

    def __init__(self, steps: Any, label: str = "", transform_input: Any = None):
        super().__init__(steps, transform_input=transform_input)
        self.label = label

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Return the name."""
        return self.label


@dataclass
class Table:
    """A table to compare models on.

    Attributes
    ----------
    X : DataFrame of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    kinds : dict of str to str
        What the columns hold.
    is_quantity : bool
        Whether the target is one: then R2 is compared, else the log loss.
    """

    X: "pd.DataFrame"
    y: np.ndarray
    kinds: Mapping[str, str]
    is_quantity: bool

    @property
    def score(self) -> str:
        """The score that models are compared by; greater is better."""
        return "r2" if self.is_quantity else "neg_log_loss"

    def shown(self, score: float) -> float:
        """Return a score as it is spoken of: a log loss is positive."""
        return score if self.is_quantity else -score

    @property
    def said(self) -> str:
        """The score in words."""
        return "R2" if self.is_quantity else "log loss"

    def splits(self, n_folds: int, n_repeats: int, random_state: int) -> Any:
        """Return the repeated cross-validation, stratified for classes."""
        from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold

        kind = RepeatedKFold if self.is_quantity else RepeatedStratifiedKFold
        return kind(n_splits=n_folds, n_repeats=n_repeats, random_state=random_state)


def table_of(run: Run, n_folds: int) -> Table:
    """Return a run's data as a table, all rows of it or a draw.

    Raises
    ------
    ValueError
        If there are too few rows to split.
    """
    import pandas as pd
    from sklearn.model_selection import train_test_split

    dataset, size = run.dataset, run.settings.train_size
    X, y = dataset.data, dataset.target
    is_quantity = dataset.target_names is None
    if not isinstance(X, pd.DataFrame):
        X = pd.DataFrame(X.astype(np.float64), columns=dataset.feature_names)
    if size is not None and size < len(X):
        classes = None if is_quantity else y
        X, _, y, _ = train_test_split(
            X, y, train_size=size, random_state=run.settings.seed, stratify=classes
        )
    if n_folds < 2:
        raise ValueError(f"folds must be a whole number of at least 2. Got {n_folds}.")
    fewest = len(y) // 10 if is_quantity else np.unique(y, return_counts=True)[1].min()
    if fewest < n_folds:
        what = "ten times folds rows" if is_quantity else "folds rows of each class"
        raise ValueError(
            f"{dataset.name} must have at least {what}, {n_folds} of them. Got "
            f"{len(y) if is_quantity else fewest} rows"
            f"{'' if is_quantity else ' of the rarest class'} instead."
        )
    kinds = dataset.kinds or dict.fromkeys(dataset.feature_names, "numeric")
    X = X.reset_index(drop=True)
    target = y.astype(np.float64) if is_quantity else y
    return Table(X, target, kinds, is_quantity)


def candidates(
    table: Table, labels: Sequence[str], *, random_state: int, epochs: int | None
) -> dict[str, Candidate]:
    """Return the models by name, each with its defaults and what it needs in front.

    Parameters
    ----------
    table : Table
    labels : sequence of {"linear", "boosting", "dense", "tabular"}
    random_state : int
    epochs : int or None
        Of the networks; None for their defaults.

    Raises
    ------
    ValueError
        If there is no model of a name, or only one.
    """
    strange = [label for label in labels if label not in SIMPLE + NETWORKS]
    if strange or len({*labels}) < 2:
        raise ValueError(
            f"models must be two or more of {', '.join(SIMPLE + NETWORKS)}. Got "
            f"{', '.join(labels) or 'none'} instead."
        )
    made = {}
    for label in dict.fromkeys(labels):
        network: dict[str, Any] = {"random_state": random_state}
        if label in NETWORKS and epochs is not None:
            network["epochs"] = epochs
        made[label] = Candidate(_steps(table, label, network), label)
    return made


def _steps(table: Table, label: str, network: dict[str, Any]) -> list[tuple[str, Any]]:
    from kerasweep import (
        DenseClassifier,
        DenseRegressor,
        TabularClassifier,
        TabularRegressor,
    )

    quantity = table.is_quantity
    if label == "tabular":
        kind = TabularRegressor if quantity else TabularClassifier
        return [("net", kind(**network))]
    if label == "boosting":
        codes = table_preprocessor(table.kinds, encoding="ordinal")
        return [("table", codes), ("model", _boosting(table, network))]
    columns = table_preprocessor(table.kinds)
    if label == "dense":
        dense = DenseRegressor if quantity else DenseClassifier
        return [("table", columns), ("net", dense(**network))]
    return [("table", columns), ("model", _linear(quantity))]


def _linear(quantity: bool) -> Any:
    from sklearn.linear_model import LogisticRegression, RidgeCV

    return RidgeCV() if quantity else LogisticRegression(max_iter=2000)


def _boosting(table: Table, settings: dict[str, Any]) -> Any:
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    n_categorical = sum(kind == "categorical" for kind in table.kinds.values())
    boosting = (
        HistGradientBoostingRegressor
        if table.is_quantity
        else HistGradientBoostingClassifier
    )
    return boosting(categorical_features=[*range(n_categorical)] or None, **settings)


@dataclass
class HeldOutScores:
    """A scorer that keeps what each model predicts of each row, the first time."""

    table: Table
    predictions: dict[str, dict[int, Any]] = field(default_factory=dict)

    def __call__(self, model: Any, X: "pd.DataFrame", y: Any) -> dict[str, float]:
        """Score one model on held-out rows."""
        from sklearn import metrics

        inner = model.named_steps["model"]
        if self.table.is_quantity:
            found = model.predict(X)
            error = metrics.root_mean_squared_error(y, found)
            scores = {"r2": metrics.r2_score(y, found), "neg_rmse": -error}
        else:
            found = model.predict_proba(X)
            right = model.classes_[found.argmax(axis=1)] == y
            loss = metrics.log_loss(y, found, labels=model.classes_)
            scores = {"neg_log_loss": -loss, "accuracy": float(np.mean(right))}
        kept = self.predictions.setdefault(inner.label, {})
        for row, value in zip(X.index, found, strict=True):
            kept.setdefault(int(row), value)
        return {name: float(value) for name, value in scores.items()}

    def of(self, label: str) -> np.ndarray:
        """Return one prediction for each row of the table."""
        kept = self.predictions[label]
        return np.array([kept[row] for row in range(len(self.table.y))])


@dataclass
class Comparison:
    """Models on the same splits of a table, and what came of it.

    `epochs` is None where the networks have their defaults.
    """

    table: Table
    search: Any
    held_out: HeldOutScores
    n_folds: int
    epochs: int | None = None

    @property
    def sizes(self) -> dict[str, int]:
        """Rows that a split trains on and tests on."""
        n_test = round(len(self.table.y) / self.n_folds)
        return {"n_train": len(self.table.y) - n_test, "n_test": n_test}

    def scores(self, name: str | None = None) -> dict[str, np.ndarray]:
        """Return each model's scores, one per split."""
        results, name = self.search.cv_results_, name or self.table.score
        n_splits = self.search.n_splits_
        columns = [results[f"split{i}_test_{name}"] for i in range(n_splits)]
        values = np.column_stack(columns)
        labels = [params["model"].label for params in results["params"]]
        return dict(zip(labels, values, strict=True))

    def frame(self) -> "pd.DataFrame":
        """Return one row per model, the best first, with its scores and its times."""
        frame = comparison_table(self.scores(), **self.sizes)
        other = "neg_rmse" if self.table.is_quantity else "accuracy"
        seconds = {
            params["model"].label: (fit, score)
            for params, fit, score in zip(
                *(
                    self.search.cv_results_[name]
                    for name in ("params", "mean_fit_time", "mean_score_time")
                ),
                strict=True,
            )
        }
        second = self.scores(other)
        frame[other] = [float(second[label].mean()) for label in frame["model"]]
        frame["fit_time"] = [seconds[label][0] for label in frame["model"]]
        frame["score_time"] = [seconds[label][1] for label in frame["model"]]
        return frame

    def verdict(self) -> str:
        """Say in a sentence or two whether a network is worth it."""
        if self.epochs is None:
            return self._verdict()
        return f"With networks of {self.epochs} epochs: {self._verdict()}"

    def _verdict(self) -> str:
        scores, table = self.scores(), self.table
        means = {label: float(values.mean()) for label, values in scores.items()}
        best = [
            max((label for label in labels if label in means), key=means.__getitem__)
            for labels in (SIMPLE, NETWORKS)
            if {*labels} & {*means}
        ]
        if len(best) < 2:
            return f"The best is {CALLED[best[0]]}; see the table for the differences."
        simple, network = best
        found = corrected_t_test(scores[network], scores[simple], **self.sizes)
        difference = table.shown(found.difference)
        ends = sorted((table.shown(found.low), table.shown(found.high)))
        measured = (
            f"{table.said} {table.shown(means[network]):.4f} against "
            f"{table.shown(means[simple]):.4f}, difference {difference:+.4f}, 95 % "
            f"interval {ends[0]:+.4f} to {ends[1]:+.4f}"
        )
        if not found.separates:
            return (
                f"Nothing separates {CALLED[network]} and {CALLED[simple]} "
                f"({measured}). {CALLED[simple].capitalize()} is simpler: a network "
                "is not shown to be worth it on this table."
            )
        if found.difference > 0:
            return (
                f"A network is worth it on this table: {CALLED[network]} is better "
                f"than {CALLED[simple]} ({measured})."
            )
        return (
            f"{CALLED[simple].capitalize()} wins: a network is not worth it on this "
            f"table. {CALLED[network].capitalize()} is worse ({measured})."
        )


def compare(
    table: Table, models: Mapping[str, Candidate], run: Run, *, n_repeats: int
) -> Comparison:
    """Score every model on every split, tracked, and refit the best on all rows.

    One after another, so that the times can be compared.
    """
    from sklearn.model_selection import GridSearchCV

    settings: Any = run.settings
    held_out = HeldOutScores(table)
    splits = table.splits(settings.folds, n_repeats, settings.seed)
    search = GridSearchCV(
        Pipeline([("model", next(iter(models.values())))]),
        {"model": list(models.values())},
        scoring=run.tracking.scoring(held_out),
        cv=splits,
        refit=table.score,
        error_score="raise",
    )
    networks = [models[label]["net"] for label in NETWORKS if label in models]
    epochs = max([net.epochs for net in networks if net.epochs != "auto"] or [1])
    n_fits = len(networks) * settings.folds * n_repeats
    with run.training(n_fits, epochs, search, one_by_one=True):
        search.fit(table.X, table.y)
    return Comparison(table, search, held_out, settings.folds, settings.epochs)
