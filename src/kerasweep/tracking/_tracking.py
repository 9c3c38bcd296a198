"""The callback: every fit of a search in MLflow, while it runs."""

import sys
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasweep.tracking._dataset import summarize
from kerasweep.tracking._messages import (
    DataUsed,
    MetricsSeen,
    RootClosed,
    RunEnded,
    RunKey,
    RunStarted,
    now,
)
from kerasweep.tracking._names import metric_name, short_names
from kerasweep.tracking._register import CHAMPION, Registered
from kerasweep.tracking._scoring import TrackedScorer, remember
from kerasweep.tracking._search_info import (
    SearchInfo,
    estimator_params,
    grid_candidate,
    read_results,
    search_params,
)
from kerasweep.tracking._session import (
    Described,
    Session,
    Settings,
    as_message,
    session_of,
)
from kerasweep.tracking._tasks import (
    CANDIDATE,
    FIT,
    REFIT,
    SEARCH,
    error_text,
    is_search,
    key_of,
    outcome,
    run_context,
    search_context,
    stage_of,
    transformer_step,
)
from kerasweep.tracking._transport import Channel

#: When a task of this process began, by its context.
_begun: "weakref.WeakKeyDictionary[Any, float]" = weakref.WeakKeyDictionary()


class MlflowTracking:
    """Record every fit in MLflow while it runs, as a scikit-learn callback.

    Set it on a search, a pipeline or a lone estimator. A search becomes a run with its
    settings, its data set, its results as a table and one model, the winner; each
    candidate on each split becomes a child run that is there from the moment its fit
    starts, with its curves, its score and how it ended. Messages from threads and
    worker processes go to one writer in this process, which never holds a fit up.

    Inside ``with tracking:`` the run stays open for what follows the search (a test
    result, figures), and fits that belong together, such as those of
    `cross_validate`, become its children.

    Parameters
    ----------
    experiment : str, default=None
        Experiment, made if there is none of that name. By default the one that MLflow
        was told of, or ``"Default"``. Ignored under ``mlflow run``, whose run is
        adopted.
    run_name : str, default=None
        Name of the parent run. By default it says what is searched.
    register_as : str, default=None
        Registered model that the winner becomes a version of. The alias ``champion``
        moves to it if it beats the champion's score on the same data set.
    tracking_uri : str, default=None
        Tracking server or database. By default MLflow's own choice:
        ``MLFLOW_TRACKING_URI``, or ``sqlite:///mlflow.db``.
    tags : dict of str to str, default=None
        Tags of the parent run.
    description : str, default=None
        Text on the parent run's page; Markdown.
    dataset_name : str, default=None
        The data set's name. Champions are compared within it. By default its shape,
        and champions are compared within its digest.
    dataset_source : str, default=None
        Where the data set comes from: a path or a URL.
    image_shape : tuple of int, default=None
        Shape of one image where the rows of X are flattened images. The logged model
        then takes images of shape ``(n, *image_shape)``; in Python it takes rows too.
    log_model : bool, default=True
        Whether to log the winner: the refitted best estimator of a search, or a lone
        estimator.

    Notes
    -----
    Under ``mlflow run`` the project's run is adopted as the parent. Inside a run of
    the caller's (``mlflow.start_run()``) the parent is that run's child.

    In a ``with`` block the first search shares the block's run; later ones are its
    children.

    Examples
    --------
    >>> from kerasweep.tracking import MlflowTracking
    >>> tracking = MlflowTracking("l2-sweep", register_as="mnist-dense")
    >>> # search.set_callbacks(tracking).fit(X, y)
    """

    def __init__(
        self,
        experiment: str | None = None,
        *,
        run_name: str | None = None,
        register_as: str | None = None,
        tracking_uri: str | None = None,
        tags: Mapping[str, str] | None = None,
        description: str | None = None,
        dataset_name: str | None = None,
        dataset_source: str | None = None,
        image_shape: Sequence[int] | None = None,
        log_model: bool = True,
    ) -> None:
        settings = Settings(
            experiment,
            run_name,
            register_as,
            tracking_uri,
            tags,
            description,
            dataset_name,
            dataset_source,
            image_shape,
            log_model,
        )
        for name in ("experiment", "run_name", "register_as", "tracking_uri"):
            value = getattr(settings, name)
            if value is not None and (not isinstance(value, str) or not value.strip()):
                raise ValueError(
                    f"{name} of MlflowTracking must be a non-empty str or None. Got "
                    f"{value!r} instead."
                )
        self._session: Session | None = Session(settings)
        self._channel: Channel = self._session.channel
        self._searches: dict[RunKey, SearchInfo] = {}

    # The callback -------------------------------------------------------------------

    @property
    def max_propagation_depth(self) -> None:
        """None: the tracking goes down to the epochs of a network in a pipeline."""
        return None

    def setup(self, estimator: Any, context: Any) -> None:
        """Open the run of an outermost fit.

        Parameters
        ----------
        estimator : estimator
            The outermost estimator.
        context : sklearn.callback.CallbackContext
            Its task.

        Raises
        ------
        ConnectionError
            If the tracking store can't be written to; nothing is trained then.
        """
        described = _describe(estimator)
        key = key_of(context)
        if self._is_main:
            self._main.open_root(key, estimator, described)
        else:
            self._channel.send(as_message(key, described, parent=None))

    def on_fit_task_begin(
        self,
        estimator: Any,
        context: Any,
        *,
        X: Any = None,
        y: Any = None,
    ) -> None:
        """Open a child run where the task is a candidate on a split, or the refit.

        Parameters
        ----------
        estimator : estimator
            Whose task it is.
        context : sklearn.callback.CallbackContext
            The task.
        X, y : array-like, default=None
            Its data.
        """
        if is_search(estimator) and hasattr(estimator, "n_splits_"):
            if context.task_name == "search":
                self._searches[key_of(context.parent)] = SearchInfo.of(estimator)
        stage = stage_of(context)
        if stage is None:
            return
        _begun[context] = time.perf_counter()
        if context.parent is None:
            self._see_data(key_of(context), X, y)
        else:
            self._channel.send(self._started(stage, estimator, context))

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, metadata: Any = None
    ) -> None:
        """Send what the task's end says: an epoch's metrics, an end, or an error.

        Parameters
        ----------
        estimator : estimator
            Whose task it is.
        context : sklearn.callback.CallbackContext
            The task.
        metadata : dict, default=None
            Numbers become metrics; an exception under ``"error"`` fails the run.
        """
        if isinstance(metadata, dict):
            error = metadata.get("error")
            if isinstance(error, BaseException):
                self._send_error(context, error)
                return
            self._send_metrics(context, metadata)
        if hasattr(estimator, "cv_results_") and context.task_name == "fit":
            key = key_of(context)
            info = self._searches.pop(key, None)
            if info is not None:
                self._channel.send(read_results(estimator, key, info))
        stage = stage_of(context)
        if stage is None:
            return
        key = key_of(context)
        seconds = time.perf_counter() - _begun.pop(context, time.perf_counter())
        metrics = {"time/fit_seconds": seconds}
        if context.parent is None:
            self._channel.send(MetricsSeen(key, metrics, 0, now()))
        else:
            self._channel.send(RunEnded(key, "FINISHED", None, now(), metrics))
        if stage != REFIT and not is_search(estimator):
            remember(estimator, self._channel, key)

    def teardown(self, estimator: Any, context: Any) -> None:
        """Close the run of an outermost fit, whether it succeeded or not.

        Parameters
        ----------
        estimator : estimator
            The outermost estimator.
        context : sklearn.callback.CallbackContext
            Its task.
        """
        key = key_of(context)
        for search in [k for k in self._searches if k.root == key.root]:
            del self._searches[search]
        if self._is_main:
            self._main.close_root(key, estimator)
        else:
            self._close_elsewhere(key)

    def _close_elsewhere(self, key: RunKey) -> None:
        status, text = outcome(sys.exc_info()[1])
        self._channel.send(RootClosed(key, status, text, now(), terminate=True))

    def _see_data(self, key: RunKey, X: Any, y: Any) -> None:
        if X is None:
            return
        try:
            data = summarize(X, y)
        except Exception:  # what can't be described is trained on all the same
            data = None
        if self._is_main:
            self._main.saw_data(key, X, data)
        elif data is not None:
            self._channel.send(DataUsed(key, data))

    def _started(self, stage: str, estimator: Any, context: Any) -> RunStarted:
        key = key_of(context)
        parent = key_of(run_context(context.parent))
        search = search_context(context)
        info = self._searches.get(key_of(search))
        if stage == REFIT or info is None:
            name, text, params = "refit", "The winner, fitted on all rows", {}
            if info is not None and context.source_task_name is not None:
                params = info.texts(estimator.get_params())
            if stage == CANDIDATE:
                name, text = f"candidate {key.path[-1]}", ""
            return RunStarted(key, parent, stage, name, params, text, now())
        candidate, split = divmod(int(context.task_id), info.n_splits)
        iteration = int(context.parent.task_id) if info.halving else None
        # A sub-estimator without callbacks is seen through the search itself.
        if context.source_task_name is None:
            given = grid_candidate(estimator, candidate)
        else:
            given = estimator.get_params()
        chosen = {key: given[key] for key in info.short if key in given}
        return RunStarted(
            key,
            parent,
            stage,
            info.named(chosen, split, iteration),
            info.texts(chosen),
            info.described(candidate, split, iteration),
            now(),
        )

    def _send_metrics(self, context: Any, metadata: dict[str, Any]) -> None:
        numbers = {
            key: float(value)
            for key, value in metadata.items()
            if isinstance(value, (int, float, np.number))
            and not isinstance(value, bool)
        }
        if not numbers:
            return
        step = transformer_step(context)
        metrics = {metric_name(key, step): value for key, value in numbers.items()}
        self._channel.send(
            MetricsSeen(
                key_of(run_context(context)), metrics, int(context.task_id) + 1, now()
            )
        )

    def _send_error(self, context: Any, error: BaseException) -> None:
        run = run_context(context)
        if run.parent is not None:  # an outermost fit's error is seen in teardown
            key = key_of(run)
            self._channel.send(RunEnded(key, "FAILED", error_text(error), now()))

    # What the user calls ------------------------------------------------------------

    def __enter__(self) -> "MlflowTracking":
        self._main.enter()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._main.exit(error)

    def scoring(self, scoring: Any) -> TrackedScorer:
        """Return a scorer whose scores MLflow shows as soon as they are known.

        Pass it to a search, as ``scoring=tracking.scoring("accuracy")``. Without it
        the scores are filled in when the search ends.

        Parameters
        ----------
        scoring : str, callable, list, tuple or dict
            As scikit-learn takes it.

        Returns
        -------
        scorer : callable
            Gives what the real scorer gives.
        """
        return TrackedScorer(scoring)

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log numbers to the parent run.

        Parameters
        ----------
        metrics : dict of str to float
            A prefix such as ``"test/"`` makes a section among the charts.
        """
        numbers = {key: float(value) for key, value in metrics.items()}
        self._main.log(
            "log_metrics",
            "the metrics",
            lambda store, run_id: store.log_metrics(run_id, numbers),
        )

    def log_test(
        self,
        *,
        low: float | None = None,
        high: float | None = None,
        n: int | None = None,
        **score: float,
    ) -> None:
        """Log the test score, once, under its metric's own name.

        Inside ``with tracking:`` it is also what the registered model is compared by.

        Parameters
        ----------
        low, high : float, default=None
            Bounds of its confidence interval.
        n : int, default=None
            Number of test rows.
        **score : float
            One score, such as ``accuracy=0.985``; greater is better.
        """
        if len(score) != 1:
            raise TypeError(
                "log_test of MlflowTracking must be given exactly one score, such as "
                f"accuracy=0.985. Got {sorted(score) or 'none'} instead."
            )
        ((name, value),) = score.items()
        metrics = {f"test/{name}": float(value)}
        more = {f"{name}_low": low, f"{name}_high": high, "n": n}
        metrics |= {f"test/{k}": float(v) for k, v in more.items() if v is not None}
        self._main.run("log_test").test = (name, float(value))
        self._main.log(
            "log_test",
            "the test score",
            lambda store, run_id: store.log_metrics(run_id, metrics),
        )

    def log_figure(self, figure: Any, name: str) -> None:
        """Log a figure to the parent run.

        Parameters
        ----------
        figure : matplotlib.figure.Figure
            The figure.
        name : str
            Its file is ``figures/NAME.png``.
        """
        path = f"figures/{_stem(name, '.png')}.png"
        self._main.log(
            "log_figure",
            f"the figure {name}",
            lambda store, run_id: store.client.log_figure(run_id, figure, path),
        )

    def log_table(self, table: Any, name: str) -> None:
        """Log a table to the parent run.

        Parameters
        ----------
        table : pandas.DataFrame
            The table.
        name : str
            Its file is ``tables/NAME.csv``.
        """
        text = table.to_csv(index=False)
        path = f"tables/{_stem(name, '.csv')}.csv"
        self._main.log(
            "log_table",
            f"the table {name}",
            lambda store, run_id: store.log_text(run_id, text, path),
        )

    def log_text(self, text: str, path: str) -> None:
        """Log a text file to the parent run.

        Parameters
        ----------
        text : str
            Its content.
        path : str
            Where it goes among the run's artifacts.
        """
        self._main.log(
            "log_text",
            f"the file {path}",
            lambda store, run_id: store.log_text(run_id, text, path),
        )

    def register(self, name: str) -> Registered:
        """Register the last winner after the fact.

        Parameters
        ----------
        name : str
            The registered model.

        Returns
        -------
        registered : Registered
            Named tuple of `name`, `version`, `is_champion` and `reason`.
        """
        return self._main.register(name)

    @property
    def run_id(self) -> str | None:
        """Id of the parent run that is open, or was last."""
        try:
            return self._main.run("run_id").run_id
        except RuntimeError:
            return None

    def how_to_open(self, register_as: str | None = None) -> list[str]:
        """Say how to see the runs and how to load the model.

        Parameters
        ----------
        register_as : str, default=None
            The registered model, by default the one that the winner was registered as.

        Returns
        -------
        lines : list of str
            Commands and addresses, each with what it shows.
        """
        uri = self._main.uri
        server = uri.rstrip("/") if uri.startswith("http") else "http://127.0.0.1:5000"
        lines = []
        if not uri.startswith("http"):
            lines.append(f"mlflow ui --backend-store-uri {uri}")
        experiment = self._main.experiment_id()
        if experiment is not None:
            lines.append(
                f"{server}/#/experiments/{experiment}/runs?"
                "workflowType=machine_learning"
            )
        name = register_as or self._main._settings.register_as
        if name is not None:
            lines.append(f'mlflow.sklearn.load_model("models:/{name}@{CHAMPION}")')
        return lines

    # Across processes ---------------------------------------------------------------

    @property
    def _is_main(self) -> bool:
        return self._session is not None and self._channel.is_local

    @property
    def _main(self) -> Session:
        if self._session is None or not self._channel.is_local:
            raise RuntimeError(
                "This MlflowTracking is a copy in another process than the one that "
                "made it; make a new one here."
            )
        return self._session

    def __getstate__(self) -> dict[str, Any]:
        # A copy in a worker knows where to send, and never what to write to.
        return {"_channel": self._channel, "_searches": dict(self._searches)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._session = session_of(self._channel)


def _describe(estimator: Any) -> Described:
    name = type(estimator).__name__
    if not is_search(estimator):
        return Described(FIT, name, "", estimator_params(estimator))
    params = search_params(estimator)
    start = "search/grid/"
    keys = [key.removeprefix(start) for key in params if key.startswith(start)]
    text = f"{name} over {', '.join(short_names(keys).values())}"
    return Described(SEARCH, text, f"{text}.", params)


def _stem(name: str, suffix: str) -> str:
    return name.removesuffix(suffix)
