"""Reading scikit-learn's tree of tasks: which of them are runs, and whose they are."""

import traceback
from typing import Any

from kerasweep.tracking._messages import RunKey
from kerasweep.tracking._names import value_text

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
