"""The callback: every fit of a search in MLflow, while it runs."""

import json
import os
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

from kerasweep.tracking._callback import TrackingCallback
from kerasweep.tracking._registry import CHAMPION, Registered
from kerasweep.tracking._scoring import TrackedScorer
from kerasweep.tracking._settings import Settings, check_registered_name, check_settings


class MlflowTracking(TrackingCallback):
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
    dataset_source : str or path-like, default=None
        Where the data set comes from: a path or a URL.
    image_shape : tuple of int, default=None
        Shape of one image where the rows of X are flattened images. The logged model
        then takes images of shape ``(n, *image_shape)``; in Python it takes rows too.
        A fit on rows of another length is refused.
    log_model : bool, default=True
        Whether to log the winner: the refitted best estimator of a search, or a lone
        estimator.
    resume : str, default=None
        Id of the run of a search that was killed, or ``"auto"`` for all unfinished
        ones of the experiment like this one: of what they finished, a candidate on a
        split each, nothing is trained again. Taken are results of the same data,
        splits, settings, parameters and versions only; for a search with
        ``scoring=tracking.scoring(...)`` alone. Parameters of ``fit`` other than
        `sample_weight` are not compared.

    Raises
    ------
    ValueError
        If an argument can't work.

    Notes
    -----
    Under ``mlflow run`` the project's run is adopted as the parent. Inside a run of
    the caller's (``mlflow.start_run()``) the parent is that run's child.

    In a ``with`` block the first search shares the block's run; later ones are its
    children.

    In the names of parameters, metrics, tags and files, what MLflow does not take, such
    as brackets, becomes an underscore, and a few letters at the end keep different
    names apart. What MLflow refuses all the same costs one warning that names it.

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
        dataset_source: str | os.PathLike[str] | None = None,
        image_shape: Sequence[int] | None = None,
        log_model: bool = True,
        resume: str | None = None,
    ) -> None:
        settings = Settings(
            experiment,
            run_name,
            register_as,
            tracking_uri,
            tags,
            description,
            dataset_name,
            _as_text(dataset_source),
            image_shape,
            log_model,
            resume,
        )
        check_settings(settings)
        super().__init__(settings)

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
        self._main.log(
            "log_metrics",
            "the metrics",
            lambda store, run_id: store.log_metrics(run_id, metrics),
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
        if isinstance(low, Real) and isinstance(high, Real) and low > high:
            raise ValueError(
                f"low of log_test (={low!r}) must be at most its high (={high!r})."
            )
        more = {f"{name}_low": low, f"{name}_high": high, "n": n}
        metrics = {f"test/{name}": value}
        metrics |= {f"test/{k}": v for k, v in more.items() if v is not None}
        run = self._main.run("log_test")
        if isinstance(value, Real):
            run.test = (name, float(value))
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
        path = _path("figures", name, ".png")
        self._main.log(
            "log_figure",
            f"the figure {name}",
            lambda store, run_id: store.log_figure(run_id, figure, path),
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
        path = _path("tables", name, ".csv")
        self._main.log(
            "log_table",
            f"the table {name}",
            lambda store, run_id: store.log_text(
                run_id, table.to_csv(index=False), path
            ),
        )

    def log_text(self, text: str, path: str) -> None:
        """Log a text file to the parent run.

        Parameters
        ----------
        text : str
            Its content.
        path : str
            Where it goes among the run's artifacts, such as ``"notes/today.txt"``.
        """
        self._main.log(
            "log_text",
            f"the file {path}",
            lambda store, run_id: store.log_text(run_id, text, path),
        )

    def choose_model(self, estimator: Any) -> None:
        """Choose the one model of a ``with`` block with several fits.

        It is logged, and registered under `register_as`, when the block ends.

        Parameters
        ----------
        estimator : fitted estimator
            Such as one of :func:`~kerasweep.model_selection.fit_replicates`.
        """
        self._main.choose(estimator)

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
        check_registered_name("name of register", name)
        return self._main.register(name)

    @property
    def unsent(self) -> Path | None:
        """A local file with what MLflow lacks, once it was given up; else None.

        :func:`~kerasweep.tracking.send_unsent` sends it later.
        """
        return self._main.writer.unsent

    @property
    def taken_from(self) -> list[str]:
        """Ids of the runs whose results the last search took, each trained before."""
        return list(self._taken)

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
            uri = json.dumps(f"models:/{name}@{CHAMPION}", ensure_ascii=False)
            lines.append(f"kerasweep.load({uri})")
        return lines


def _as_text(path: Any) -> Any:
    return os.fspath(path) if isinstance(path, os.PathLike) else path


def _path(folder: str, name: str, suffix: str) -> str:
    return f"{folder}/{str(name).removesuffix(suffix)}{suffix}"
