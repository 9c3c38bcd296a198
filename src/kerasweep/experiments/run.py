"""A running experiment: its data, its run in MLflow, its folder, and how it ends."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kerasweep.experiments._exits import (
    BAD_INPUT,
    NOT_RECORDED,
    end,
    interruption_exits,
)
from kerasweep.experiments._fleet_or_cluster import check_scheduler, fleet_or_cluster
from kerasweep.experiments.settings import ExperimentSettings

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline
    from sklearn.utils import Bunch

    from kerasweep import MinMaxScaler, MlflowTracking, PixelScaler
    from kerasweep.experiments.data import ExperimentData
    from kerasweep.model_selection import TestResult
    from kerasweep.preprocessing import TablePreprocessor

#: Columns of a table that are printed at most.
_MOST_COLUMNS = 50


class Run:
    """What an experiment works with, from its data to its closing lines.

    Before :meth:`begin`, whatever is wrong with the settings or the data ends the
    script with one sentence and exit code 2. From there on everything is tracked.

    Parameters
    ----------
    settings : ExperimentSettings

    Attributes
    ----------
    tracking : MlflowTracking
        After `begin`. Its run is open until the experiment ends.
    table, figure, result : method
        After `begin`: those of :class:`~kerasweep.experiments.record.ExperimentRecord`,
        which write to the folder, to MLflow and to the terminal at once.
    """

    tracking: "MlflowTracking"

    def __init__(self, settings: ExperimentSettings):
        self.settings = settings
        self.begun = False
        self._lines: list[str] = []
        self.contexts = ExitStack()
        self._start = time.monotonic()
        self._trains_together = False

    @cached_property
    def dataset(self) -> "Bunch":
        """The data set that the settings name, whole."""
        from kerasweep import load_dataset

        settings = self.settings
        kinds = getattr(settings, "kinds", None)
        dataset = load_dataset(
            settings.data, target=settings.target, kinds=kinds or None
        )
        if hasattr(dataset.data, "columns") and kinds is None:
            raise ValueError(
                f"The data of {settings.name} must be images, or a table of numbers "
                f"alone. Got {dataset.name}, with columns of other kinds or missing "
                "values, which baseline, sweep and table take."
            )
        return dataset

    @cached_property
    def images(self) -> "Bunch":
        """The data set, which must hold images."""
        dataset = self.dataset
        if dataset.image_shape is None or dataset.max_value is None:
            raise ValueError(
                f"The data of {self.settings.name} must be images with values of at "
                f"least 0. Got {dataset.name}, which is none, or has lower ones."
            )
        return dataset

    @cached_property
    def data(self) -> "ExperimentData":
        """The data set cut: rows to choose on, how they are split, and test rows."""
        from kerasweep.experiments.data import experiment_data

        return experiment_data(
            self.dataset,
            train_size=self.settings.train_size,
            random_state=self.settings.seed,
        )

    @property
    def scaler(self) -> "PixelScaler | MinMaxScaler | TablePreprocessor":
        """A transformer to [0, 1], or of a table's columns to numbers, not fitted."""
        from kerasweep import MinMaxScaler, PixelScaler, table_preprocessor

        if hasattr(self.dataset.data, "columns"):
            return table_preprocessor(self.dataset.kinds)
        most = self.dataset.max_value
        return PixelScaler(most) if most else MinMaxScaler()

    @property
    def sizes(self) -> tuple[int, int]:
        """Numbers of features, as a network gets them, and of classes."""
        n_features = self.data.X.shape[1]
        if hasattr(self.data.X, "columns"):
            n_features = self.scaler.fit_transform(self.data.X).shape[1]
        return n_features, len(self.dataset.target_names)

    def pipeline(self, network: Any, **between: Any) -> "Pipeline":
        """Return a pipeline that scales rows, and hands them to a network.

        Parameters
        ----------
        network : estimator
            The step "net".
        **between : transformer
            Steps in between.
        """
        from sklearn.pipeline import Pipeline

        steps = {"scale": self.scaler, **between, "net": network}
        return Pipeline(list(steps.items()))

    @property
    def rows(self) -> str:
        """How many rows there are, in a line."""
        data = self.data
        return (
            f"{self.dataset.name}: {len(data.X)} rows, {len(data.cv.validation)} of "
            f"them for validation, {len(data.X_test)} for the test"
        )

    def begin(
        self,
        title: str,
        description: str,
        *,
        opening: str | None = None,
        published: str | None = None,
        model_name: str | None = None,
        run_name: str | None = None,
    ) -> None:
        """Look whether everything is at hand, and open the run.

        Parameters
        ----------
        title : str
            A heading for reports.
        description : str
            Text on the run's page; Markdown.
        opening : str, default=None
            The first line printed; the number of rows by default.
        published : str, default=None
            The experiment in :func:`kerasweep.load_reference_results`; its own name by
            default.
        model_name : str, default=None
            What follows the data set's name where the model is registered
            automatically; by default the experiment's name.
        run_name : str, default=None
            The run's name in MLflow; `title` by default.
        """
        import matplotlib

        from kerasweep import MlflowTracking
        from kerasweep.experiments.record import ExperimentRecord
        from kerasweep.tracking import check_tracking

        settings, dataset = self.settings, self.dataset
        check_tracking()
        check_scheduler(getattr(settings, "scheduler", None))
        settings.out.mkdir(parents=True, exist_ok=True)
        matplotlib.use("Agg")
        self._published = published or settings.name
        model_name = model_name or settings.name.replace("_", "-")
        self.tracking = MlflowTracking(
            experiment=settings.name,
            run_name=run_name or title,
            description=description,
            dataset_name=dataset.name,
            dataset_source=dataset.source,
            image_shape=dataset.image_shape,
            register_as=f"{dataset.name.lower()}-{model_name}"
            if settings.register_as == "auto"
            else settings.register_as,
            tags=settings.tags(),
            resume=getattr(settings, "resume", None),
        )
        record = ExperimentRecord(
            self.tracking,
            settings.out,
            experiment=self._published,
            dataset=dataset.name,
            settings=settings.texts(),
            title=title,
        )
        print(self.rows if opening is None else opening, flush=True)
        self.begun = True
        self.contexts.enter_context(interruption_exits(settings.interrupted))
        self.contexts.enter_context(self.tracking)
        self.contexts.enter_context(record)
        self.table, self.figure = record.table, record.figure
        self.result = record.result
        self._show_columns()

    def _show_columns(self) -> None:
        """Show what a table's columns hold, and what was done to them."""
        columns = self.dataset.column_table
        if columns is not None:
            n_shown = min(len(columns), _MOST_COLUMNS)
            left = len(columns) - n_shown
            self.table(
                columns,
                "columns",
                f"Columns of {self.dataset.name}"
                + (f" ({left} more are in the file)" if left else ""),
                shown=columns.head(n_shown),
            )
        for note in self.dataset.notes:
            print(note, flush=True)

    @contextmanager
    def training(
        self, n_fits: int, epochs: int, *estimators: Any, one_by_one: bool = False
    ) -> Iterator[None]:
        """Track the estimators' fits within, with one line of progress for all.

        They are trained in a fleet or on a cluster, as the settings say.

        Parameters
        ----------
        n_fits : int
            Fits to come.
        epochs : int
            The most epochs a fit can take.
        *estimators : estimators
            Pipelines or searches; their callbacks are set.
        one_by_one : bool, default=False
            Train them here, one after another, whatever the settings say.
        """
        from kerasweep.experiments.progress import SearchProgress

        progress = SearchProgress(n_fits, epochs)
        for estimator in estimators:
            estimator.set_callbacks(progress, self.tracking)
        place = nullcontext() if one_by_one else self.fleet_or_cluster()
        with place, progress:
            yield

    @contextmanager
    def fleet_or_cluster(self) -> Iterator[None]:
        """Train the fits within in a fleet or on a cluster, as the settings say.

        Blocks may be nested: the outermost one counts.
        """
        if self._trains_together:
            yield
            return
        scheduler = getattr(self.settings, "scheduler", None)
        self._trains_together = True
        try:
            with fleet_or_cluster(getattr(self.settings, "fleet", 0), scheduler):
                yield
        finally:
            self._trains_together = False

    def fit(self, search: Any) -> Any:
        """Fit a search over a network called "net" on the rows to choose on.

        Its callbacks are set: tracking, and one line of progress. The same search is
        returned.
        """
        from sklearn.model_selection import ParameterGrid

        n_fits = len(ParameterGrid(search.param_grid)) * search.cv.get_n_splits()
        epochs = search.estimator["net"].epochs
        with self.training(n_fits + bool(search.refit), epochs, search):
            search.fit(self.data.X, self.data.y)
        if getattr(self.settings, "resume", None):
            taken = len(self.tracking.taken_from)
            print(f"{taken} of {n_fits} results are from earlier runs", flush=True)
        return search

    def train(self, what: str, network: Any, X: Any, y: Any, **parameters: Any) -> Any:
        """Train one network on scaled rows, with a line of progress.

        The rows are scaled here; the other parameters are of the network's ``fit``.
        The fitted network is returned, without its scaler.
        """
        print(f"Training the {what}, {network.epochs} epochs", flush=True)
        pipe = self.pipeline(network)
        with self.training(1, network.epochs, pipe, one_by_one=True):
            given = {f"net__{name}": value for name, value in parameters.items()}
            return pipe.fit(X, y, **given).named_steps["net"]

    def test(self, estimator: Any, *, model: str, training: str) -> "TestResult":
        """Read the test rows once: to MLflow, the record and the closing lines.

        Parameters
        ----------
        estimator : fitted classifier
        model, training : str
            What was trained, and how.

        Returns
        -------
        result : TestResult
        """
        from kerasweep import test_once
        from kerasweep.experiments.record import interval_of

        result = test_once(estimator, self.data.X_test, self.data.y_test)
        self.log_test(result)
        self.result(
            "accuracy",
            result.accuracy,
            **interval_of(result),
            model=model,
            training=training,
            measured_on=f"{self.dataset.name} test",
        )
        self.closing(f"Test accuracy: {result}")
        return result

    def log_test(self, result: "TestResult") -> None:
        """Log a test's accuracy, by which registered models are compared."""
        self.tracking.log_test(
            accuracy=result.accuracy, low=result.low, high=result.high, n=result.n
        )

    def closing(self, *lines: str) -> None:
        """Print lines when everything is done."""
        self._lines += lines

    def close(self) -> None:
        """Print the closing lines, and say where everything is."""
        from kerasweep import load_reference_results
        from kerasweep.experiments.tables import reference_lines

        print(*self._lines, sep="\n", end="\n" * bool(self._lines))
        if self.dataset.name == "MNIST":
            print("Published figures:")
            for line in reference_lines(load_reference_results(self._published)):
                print(f"  {line}")
        print(f"Tables and figures: {self.settings.out}")
        print("\n".join(self.tracking.how_to_open()))
        print(f"Took {(time.monotonic() - self._start) / 60:.1f} min", flush=True)
        unsent = self.tracking.unsent
        if unsent is not None:
            end(
                f"Not everything is in MLflow; what it lacks is in {unsent}: "
                "kerasweep.tracking.send_unsent sends it.",
                NOT_RECORDED,
            )


@contextmanager
def experiment(settings: ExperimentSettings) -> Iterator[Run]:
    """Open an experiment, and end it as its user expects.

    Whatever happens, what was shown is kept. An error before :meth:`Run.begin` is bad
    input: one sentence and exit code 2. An interruption is exit code 130, and results
    that the tracking server did not take are 3.

    Parameters
    ----------
    settings : ExperimentSettings

    Yields
    ------
    run : Run
    """
    run = Run(settings)
    try:
        with run.contexts:
            yield run
    except (ValueError, TypeError, OSError) as error:
        if run.begun:
            raise
        end(" ".join(str(error).split()), BAD_INPUT)
    if run.begun:
        run.close()
