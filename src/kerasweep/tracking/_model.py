"""The one model of a run, its winner: saved as an MLflow model, and logged."""

import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasweep import __version__
from kerasweep._private_callbacks import OF_A_FIT
from kerasweep.persistence._fetch import FILE, FLAVOR, FOLDER
from kerasweep.persistence._own_code import WHAT_TO_DO
from kerasweep.persistence._pyfunc import save_data
from kerasweep.persistence._save import FORMAT
from kerasweep.serving import ServedModel, taking_images
from kerasweep.serving._columns import (
    Column,
    as_mlflow,
    describe_columns,
    mlflow_schema,
    write_columns,
)
from kerasweep.serving._served_model import COLUMNS_FILE
from kerasweep.tracking._provenance import installed_version
from kerasweep.tracking._store import Store
from kerasweep.tracking._writer import Writer

#: Rows of the input example.
EXAMPLE_ROWS = 3
_TAKE_NO_ROWS = {"sample", "inverse_transform"}
_ALWAYS = ("scikit-learn", "numpy", "scipy", "pandas", "joblib", "cloudpickle")
_WITH_NETWORKS = ("scikeras", "keras", "tensorflow")


class Example(NamedTuple):
    """What a signature is made of: a few rows, and the columns of a frame."""

    rows: Any
    columns: list[Column] | None = None
    #: Whether the frame was another library's than pandas'.
    converted: bool = False


def example_rows(X: Any) -> Example | None:
    """Return the first rows and their columns; None where they can't be an example."""
    if hasattr(X, "to_pandas"):
        return _example_of_pandas(X)
    if hasattr(X, "iloc"):
        rows = X.iloc[:EXAMPLE_ROWS].copy()
        if not hasattr(X, "columns"):
            return Example(rows)
        columns = describe_columns(X)
        if columns is None and any(kind.kind not in "biuf" for kind in X.dtypes):
            return None  # MLflow can't write them all
        return Example(rows, columns)
    has_rows = hasattr(X, "shape") or isinstance(X, list | tuple)
    if hasattr(X, "toarray") or not has_rows:  # a dict of arrays, or a dataset
        return None
    rows = np.array(X[:EXAMPLE_ROWS])
    return Example(rows) if rows.dtype.kind in "biuf" else None


def _example_of_pandas(X: Any) -> Example | None:
    """Return what a polars frame is to MLflow, which sends pandas' to a model."""
    try:
        example = example_rows(X.to_pandas())
    except Exception:  # a form or a type that is not pandas'
        return None
    return example and example._replace(converted=True)


def log_model(
    model: Any,
    example: Example | None,
    image_shape: Sequence[int] | None,
    run_id: str,
    writer: Writer,
) -> str:
    """Log a fitted model as a run's model, and return the model's id."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "model")
        save_winner(model, example, image_shape, folder)
        return str(writer.call(lambda store: _upload(store, run_id, folder)))


def save_winner(
    model: Any, example: Example | None, image_shape: Sequence[int] | None, folder: Path
) -> None:
    """Write a fitted model as an MLflow model, which holds data alone if it can.

    Warns
    -----
    UserWarning
        If a part of it needs a pickle.
    """
    served, example = _as_served(model, example, image_shape)
    with tempfile.TemporaryDirectory() as temporary, _bare(model), _Quiet():
        try:
            save_data(served, example and example.columns, Path(temporary, FOLDER))
        except OSError:
            raise
        except Exception as error:  # an estimator may be of any make
            warnings.warn(
                "The model is logged as a pickle, which MLflow can be told not to "
                f"load: {str(error).removesuffix(f' {WHAT_TO_DO}.')}",
                stacklevel=4,
            )
            _save_pickle(served, example, folder, Path(temporary))
        else:
            _save_data(served, example, folder, Path(temporary))


def _as_served(
    model: Any, example: Example | None, image_shape: Sequence[int] | None
) -> tuple[Any, Example | None]:
    if example is not None and example.converted and not _takes(model, example.rows):
        example = None
    if image_shape is None:
        return model, example
    if example is not None and np.ndim(example.rows) == 2:
        rows = np.asarray(example.rows)
        example = Example(rows.reshape(len(rows), *image_shape))
    return taking_images(model, image_shape), example


def _takes(model: Any, rows: Any) -> bool:
    try:
        ServedModel(model).predict(rows)
    except Exception:
        return False
    return True


def _save_data(
    served: Any, example: Example | None, folder: Path, temporary: Path
) -> None:
    import mlflow.pyfunc
    from mlflow.models import Model

    description = Model()
    description.add_flavor(
        FLAVOR, version=__version__, data=f"data/{FOLDER}/{FILE}", format=FORMAT
    )
    with _without_warnings():
        mlflow.pyfunc.save_model(
            str(folder),
            mlflow_model=description,
            loader_module="kerasweep.persistence",
            data_path=str(temporary / FOLDER),
            code_paths=[_copy_of_package(temporary)],
            signature=_signature(served, example, served_by_us=True),
            input_example=_input_example(example),
            pip_requirements=_pins({"kerasweep"}),
        )


def _save_pickle(
    served: Any, example: Example | None, folder: Path, temporary: Path
) -> None:
    import mlflow.sklearn

    packages = _packages_of(served)
    ours = "kerasweep" in packages
    with _without_warnings():
        mlflow.sklearn.save_model(
            served,
            str(folder),
            serialization_format="cloudpickle",
            code_paths=[_copy_of_package(temporary)] if ours else None,
            signature=_signature(served, example, ours),
            input_example=_input_example(example),
            pip_requirements=_pins(packages),
            # Any method that is there makes MLflow describe how to load it.
            pyfunc_predict_fn="get_params" if ours else "predict",
        )
    if ours:
        _serve_with_us(folder, example)


def _signature(served: Any, example: Example | None, served_by_us: bool) -> Any:
    """Say what is taken and answered.

    The columns of a frame are in the signature. Arrays are not in that of a model of
    this package: MLflow would refuse either images or rows, and what a sampler or an
    inverse takes is no row. The input example shows it.
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ParamSchema, ParamSpec

    if example is None:
        return False
    answering = ServedModel(served)
    outputs = infer_signature(model_output=answering.predict(example.rows)).outputs
    inputs = None
    if hasattr(example.rows, "iloc"):
        if example.columns is not None and not {*answering.methods} & _TAKE_NO_ROWS:
            inputs = mlflow_schema(example.columns)
    elif "kerasweep" not in _packages_of(served):
        inputs = infer_signature(example.rows).inputs
    if not served_by_us:
        return ModelSignature(inputs, outputs)
    asked = [ParamSpec("method", "string", answering.methods[0])]
    if "sample" in answering.methods:
        asked.append(ParamSpec("random_state", "long", 0))
    return ModelSignature(inputs, outputs, ParamSchema(asked))


def _input_example(example: Example | None) -> Any:
    if example is None or example.columns is None:
        return example and example.rows
    return as_mlflow(example.rows, example.columns)


def _serve_with_us(folder: Path, example: Example | None) -> None:
    """Let MLflow load the pickle through :mod:`kerasweep.serving`."""
    from mlflow.models import Model

    if example is not None and example.columns is not None:
        write_columns(example.columns, folder / COLUMNS_FILE)
    description = Model.load(str(folder / "MLmodel"))
    description.flavors["python_function"] |= {
        "loader_module": "kerasweep.serving",
        "data": "model.pkl",
        "predict_fn": "predict",
    }
    description.save(str(folder / "MLmodel"))


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Hide MLflow's own: on whole numbers, on pickles, and from its use of pandas."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def _upload(store: Store, run_id: str, folder: Path) -> str:
    """Make a saved model the run's model, and return the model's id."""
    from mlflow.entities import LoggedModelOutput

    run = store.client.get_run(run_id)
    model = store.client.create_logged_model(
        run.info.experiment_id,
        name="model",
        source_run_id=run_id,
        params=run.data.params,
    )
    _name_origin(folder, run_id, model.model_id)
    store.client.log_model_artifacts(model.model_id, str(folder))
    store.client.finalize_logged_model(model.model_id, "READY")
    store.client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return model.model_id


def _name_origin(folder: Path, run_id: str, model_id: str) -> None:
    from mlflow.models import Model

    description = Model.load(str(folder / "MLmodel"))
    description.run_id, description.model_id = run_id, model_id
    description.save(str(folder / "MLmodel"))


def _packages_of(model: Any) -> set[str]:
    """Return the top-level packages of an estimator and of all its parts."""
    parts = [model]
    if hasattr(model, "get_params"):
        parts += model.get_params(deep=True).values()
    return {type(part).__module__.partition(".")[0] for part in parts}


def _pins(packages: set[str]) -> list[str]:
    names = [*_ALWAYS]
    if "kerasweep" in packages or packages & {"scikeras", "keras"}:
        names += _WITH_NETWORKS
    versions = {name: installed_version(name) for name in names}
    return [f"{name}=={found}" for name, found in versions.items() if found]


def _copy_of_package(folder: Path) -> str:
    """Copy the package without its bundled data, which a model does not need."""
    import kerasweep

    source = Path(kerasweep.__path__[0])
    target = folder / "kerasweep"
    shutil.copytree(
        source, target, ignore=shutil.ignore_patterns("__pycache__", "*.npz")
    )
    return str(target)


class _Quiet(logging.Filter):
    """Keeps two of MLflow's messages out of the log while it is entered."""

    _messages = ("pickle or cloudpickle format", "Validating input example")
    _loggers = ("mlflow.sklearn", "mlflow.pyfunc")

    def filter(self, record: logging.LogRecord) -> bool:
        return not any(text in record.getMessage() for text in self._messages)

    def __enter__(self) -> None:
        for name in self._loggers:
            logging.getLogger(name).addFilter(self)

    def __exit__(self, *_: object) -> None:
        for name in self._loggers:
            logging.getLogger(name).removeFilter(self)


@contextmanager
def _bare(model: Any) -> Iterator[None]:
    """Keep what belongs to the fit, such as callbacks, out of the saved model."""
    state = vars(model)
    kept = {name: state.pop(name) for name in OF_A_FIT if name in state}
    try:
        yield
    finally:
        state.update(kept)
