"""What scikit-learn's tasks and searches say: which are runs, their names, numbers."""

import traceback
from collections.abc import Mapping
from numbers import Number
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import ParameterGrid

from kerasweep.tracking._messages import RunKey, SearchResults, SplitResult, now
from kerasweep.tracking._names import (
    clean_text,
    log10_params,
    run_name,
    short_names,
    spans_a_decade,
    value_name,
    value_text,
)

CANDIDATE, REFIT, SEARCH, FIT = "candidate", "refit", "search", "fit"

_STAGE_OF_TASK = {
    "candidate-split-evaluation": CANDIDATE,
    "refit-with-best-params": REFIT,
}


def key_of(context: Any) -> RunKey:
    """Return the name of a task."""
    path = []
    node = context
    while node is not None:
        path.append(int(node.task_id))
        node = node.parent
    return RunKey(context.root_uuid.hex, tuple(reversed(path)))


def stage_of(context: Any) -> str | None:
    """Return the stage of a task that is a run of its own, and None for any other.

    A sub-estimator's own fit stands for its meta-estimator's task; the latter's name
    is then in `source_task_name`.
    """
    for name in (context.source_task_name, context.task_name):
        if name in _STAGE_OF_TASK:
            return _STAGE_OF_TASK[name]
    if context.parent is None:
        return FIT
    return None


def run_context(context: Any) -> Any:
    """Return the nearest task, from this one up, that is a run."""
    while stage_of(context) is None:
        context = context.parent
    return context


def transformer_step(context: Any) -> str | None:
    """Return the pipeline step that a task belongs to, unless it is the last one."""
    last = run_context(context)
    while context is not last:
        name = context.source_task_name or context.task_name
        if name.startswith("fit-transform-"):
            return name.removeprefix("fit-transform-")
        context = context.parent
    return None


def search_context(context: Any) -> Any:
    """Return the fit of the search that a candidate belongs to."""
    node = context.parent
    while node.task_name in ("search", "halving-iteration"):
        node = node.parent
    return node


def is_search(estimator: Any) -> bool:
    """Whether an estimator tries candidates on splits."""
    return hasattr(estimator, "cv") and hasattr(estimator, "_run_search")


def scoring_name(search: Any) -> str:
    """Return what a search scores by, in a word."""
    if isinstance(search.refit, str):
        return search.refit
    scoring = getattr(search, "scoring", None)
    return "score" if scoring is None else value_text(scoring)


def error_text(error: BaseException) -> str:
    """Return an error and where it was raised, briefly."""
    lines = traceback.format_exception(error)
    text = "".join(lines)
    if len(text) > 3000:
        text = text[:500] + "\n...\n" + text[-2400:]
    return text


def outcome(error: BaseException | None) -> tuple[str, str | None]:
    """Return MLflow's state for what a fit raised, and the text of that."""
    if error is None:
        return "FINISHED", None
    status = "FAILED" if isinstance(error, Exception) else "KILLED"
    return status, error_text(error)


def error_line(text: str) -> str:
    """Return the last line of a traceback: what the error says."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:500] if lines else ""


class SearchInfo(NamedTuple):
    """The part of a search that names its candidates; small, as it is pickled."""

    short: dict[str, str]
    log_keys: dict[str, str]
    n_splits: int
    n_candidates: int | None
    halving: bool
    n_scores: int = 1

    @classmethod
    def of(cls, search: Any) -> "SearchInfo":
        """Read a search that has counted its splits."""
        values = _values_by_key(search)
        resource = getattr(search, "resource", None)
        halving = resource is not None
        if halving and resource != "n_samples":
            values.setdefault(str(resource), ())
        short = short_names(values)
        grid = getattr(search, "param_grid", None)
        n_candidates = getattr(search, "n_iter", None)
        if grid is not None and not halving:
            n_candidates = len(ParameterGrid(grid))
        return cls(
            short=short,
            log_keys={
                key: short[key]
                for key, tried in values.items()
                if spans_a_decade(tried)
            },
            n_splits=int(search.n_splits_),
            n_candidates=None if halving else n_candidates,
            halving=halving,
            n_scores=1 + bool(getattr(search, "return_train_score", False)),
        )

    def named(
        self, params: Mapping[str, Any], split: int, iteration: int | None
    ) -> str:
        """Return a candidate's name; its split only where there are several."""
        more: dict[str, Any] = {"split": split} if self.n_splits > 1 else {}
        if iteration is not None:
            more["iter"] = iteration
        return run_name(params, self.short, **more) or "candidate"

    def described(self, candidate: int, split: int, iteration: int | None) -> str:
        """Return one line that places a candidate in its search."""
        of = f" of {self.n_candidates}" if self.n_candidates else ""
        text = f"Candidate {candidate + 1}{of}"
        if self.n_splits > 1:
            text += f", split {split} of 0..{self.n_splits - 1}"
        return text if iteration is None else f"{text}, halving iteration {iteration}"

    def texts(self, params: Mapping[str, Any]) -> dict[str, str]:
        """Return a candidate's parameters as MLflow keeps them."""
        known = {k: params[k] for k in self.short if k in params}
        return {
            **log10_params(known, self.log_keys),
            **{key: value_text(value) for key, value in known.items()},
        }


def grid_candidate(search: Any, index: int) -> Mapping[str, Any]:
    """Return a candidate's parameters where they follow from its number alone."""
    grid = getattr(search, "param_grid", None)
    if grid is None or hasattr(search, "resource"):
        return {}
    return ParameterGrid(grid)[index]


def _values_by_key(search: Any) -> dict[str, Any]:
    grids = getattr(search, "param_grid", None)
    if grids is None:
        grids = getattr(search, "param_distributions", {})
    values: dict[str, Any] = {}
    for grid in [grids] if isinstance(grids, Mapping) else grids:
        for key, tried in grid.items():
            if key in values and not hasattr(tried, "rvs"):
                tried = [*values[key], *tried]
            values[key] = tried
    return values


def search_params(search: Any) -> dict[str, str]:
    """Return a search's own settings as readable text.

    They are prefixed, so that they never meet a parameter of the project that
    ``mlflow run`` has already logged.
    """
    params = {"search/class": type(search).__name__}
    for name in ("cv", "scoring", "n_jobs", "refit", "n_iter", "random_state"):
        if hasattr(search, name):
            params[f"search/{name}"] = value_text(getattr(search, name))
    for name in ("resource", "factor", "min_resources", "max_resources"):
        if hasattr(search, name):
            params[f"search/{name}"] = value_text(getattr(search, name))
    for key, tried in _values_by_key(search).items():
        params[f"search/grid/{key}"] = _grid_text(tried)
    return {**params, **estimator_params(search.estimator)}


def _grid_text(tried: Any) -> str:
    if hasattr(tried, "rvs"):
        name = getattr(getattr(tried, "dist", None), "name", type(tried).__name__)
        arguments = [value_name(a) for a in getattr(tried, "args", ())]
        arguments += [
            f"{k}={value_name(v)}" for k, v in getattr(tried, "kwds", {}).items()
        ]
        return f"{name}({', '.join(arguments)})"
    return value_text(", ".join(value_name(value) for value in tried))


def estimator_params(estimator: Any) -> dict[str, str]:
    """Return one readable text for an estimator, or one for each pipeline step."""
    if hasattr(estimator, "steps"):
        return {
            f"estimator/{name}": value_text(step)
            for name, step in estimator.steps
            if step is not None
        }
    return {"estimator": value_text(estimator)}


def read_results(search: Any, key: RunKey, info: SearchInfo) -> SearchResults:
    """Read `cv_results_` into what each run lacks, and a table of it all."""
    import pandas as pd

    results = search.cv_results_
    splits: list[SplitResult] = []
    in_iteration: dict[int, int] = {}
    for row, params in enumerate(results["params"]):
        iteration = int(results["iter"][row]) if info.halving else None
        candidate = in_iteration.get(iteration or 0, 0)
        in_iteration[iteration or 0] = candidate + 1
        texts = info.texts(params)
        if info.halving and search.resource == "n_samples":
            texts["n_resources"] = str(results["n_resources"][row])
        for split in range(info.n_splits):
            metrics = _split_scores(results, row, split)
            task = candidate * info.n_splits + split
            path = (0, task) if iteration is None else (0, iteration, task)
            splits.append(
                SplitResult(
                    key=key.child(*path),
                    name=info.named(params, split, iteration),
                    description=info.described(candidate, split, iteration),
                    params=texts,
                    metrics={k: v for k, v in metrics.items() if np.isfinite(v)},
                    failed=not all(
                        np.isfinite(v)
                        for k, v in metrics.items()
                        if k.startswith("score/validation")
                    ),
                )
            )
    table = pd.DataFrame(
        {clean_text(k): _cells(v) for k, v in results.items() if k != "params"}
    )
    metrics, params, summary = _best(search, info)
    return SearchResults(
        key, splits, table.to_csv(index=False), metrics, params, summary, now()
    )


def _cells(column: Any) -> list[Any]:
    """Return numbers as they are and all else as text, which pandas may take apart."""
    return [
        value
        if isinstance(value, (Number, np.generic, np.ma.core.MaskedConstant))
        and not isinstance(value, str)
        else clean_text(value if isinstance(value, str) else value_text(value))
        for value in column
    ]


def _split_scores(results: Mapping[str, Any], row: int, split: int) -> dict[str, float]:
    scores = {}
    for kind, name in (("test", "validation"), ("train", "train")):
        start = f"split{split}_{kind}_"
        for column in results:
            if column.startswith(start):
                scores[score_name(name, column.removeprefix(start))] = float(
                    results[column][row]
                )
    return scores


def score_name(kind: str, scorer: str = "score") -> str:
    """Return the metric of a score; a lone scorer's has no name of its own."""
    name = f"score/{kind}"
    return name if scorer == "score" else f"{name}_{scorer}"


def _best(
    search: Any, info: SearchInfo
) -> tuple[dict[str, float], dict[str, str], str]:
    """Return the winner as metrics, as parameters and as one sentence."""
    if not hasattr(search, "best_params_"):
        return {}, {}, ""
    best = search.best_params_
    metrics = {
        f"best/{info.short.get(key, key)}": float(value)
        for key, value in best.items()
        if isinstance(value, (int, float, np.number))
        and not isinstance(value, bool)
        and not key.endswith("random_state")  # a seed is no measurement
    }
    params = {f"best/{key}": value_text(v) for key, v in best.items()}
    name = run_name(best, info.short)
    summary = f"Best: {name}."
    score = getattr(search, "best_score_", None)
    if score is None and "mean_test_score" in search.cv_results_:  # a callable refit
        score = search.cv_results_["mean_test_score"][search.best_index_]
    if score is not None and np.isfinite(score):
        metrics["best/score"] = float(score)
        summary = f"Best: {name}, validation score {score:.4f}."
    return metrics, params, summary
