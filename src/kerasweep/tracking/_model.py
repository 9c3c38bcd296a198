"""Logging the one model of a search: its winner."""

import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kerasweep.serving import ServedModel, taking_images
from kerasweep.tracking._environment import installed_version
from kerasweep.tracking._store import Store

#: Rows of the input example.
EXAMPLE_ROWS = 3
_ALWAYS = ("scikit-learn", "numpy", "scipy", "pandas", "joblib", "cloudpickle")
_WITH_NETWORKS = ("scikeras", "keras", "tensorflow")
_OF_A_FIT = (
    "_skl_callbacks",
    "_skl_callbacks_to_teardown",
    "_callback_fit_ctx",
    "_parent_callback_ctx",
)


def example_rows(X: Any) -> Any:
    """Return a copy of the first rows, or None where they can't be an example."""
    if hasattr(X, "iloc"):
        return X.iloc[:EXAMPLE_ROWS].copy()
    if hasattr(X, "toarray"):
        return None
    rows = np.array(X[:EXAMPLE_ROWS])
    return rows if rows.dtype.kind in "biuf" else None


def save_winner(
    model: Any, example: Any, image_shape: Sequence[int] | None, folder: Path
) -> None:
    """Write a fitted model as an MLflow model that loads without this package."""
    import mlflow.sklearn

    packages = _packages_of(model)
    if image_shape is not None:
        packages.add("kerasweep")
        served = taking_images(model, image_shape)
        if example is not None and np.ndim(example) == 2:
            example = np.asarray(example).reshape(len(example), *image_shape)
    else:
        served = model
    ours = "kerasweep" in packages
    with tempfile.TemporaryDirectory() as temporary, _bare(model), _Quiet():
        code = [_copy_of_package(Path(temporary))] if ours else None
        with warnings.catch_warnings():
            # MLflow warns that integer columns can't hold missing values, and that a
            # pickle runs code when it is loaded; no other format holds a network.
            warnings.simplefilter("ignore", UserWarning)
            mlflow.sklearn.save_model(
                served,
                str(folder),
                serialization_format="cloudpickle",
                code_paths=code,
                signature=_signature(served, example, ours),
                input_example=example,
                pip_requirements=_pins(packages),
                # Any method that is there makes MLflow describe how to load it.
                pyfunc_predict_fn="get_params" if ours else "predict",
            )
    if ours:
        _serve_with_us(folder)


def _signature(served: Any, example: Any, ours: bool) -> Any:
    """Say what is answered.

    What is taken is not in the signature of a model that this package serves: MLflow
    would refuse either images or rows. The input example shows it.
    """
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ParamSchema, ParamSpec

    if example is None:
        return False
    answering = ServedModel(served)
    answer = infer_signature(example, answering.predict(example))
    if not ours:
        return answer
    asked = [ParamSpec("method", "string", answering.methods[0])]
    if "sample" in answering.methods:
        asked.append(ParamSpec("random_state", "long", 0))
    return ModelSignature(outputs=answer.outputs, params=ParamSchema(asked))


def _serve_with_us(folder: Path) -> None:
    """Let MLflow load the saved model through :mod:`kerasweep.serving`."""
    from mlflow.models import Model

    description = Model.load(str(folder / "MLmodel"))
    description.flavors["python_function"] |= {
        "loader_module": "kerasweep.serving",
        "data": "model.pkl",
        "predict_fn": "predict",
    }
    description.save(str(folder / "MLmodel"))


def upload_model(store: Store, run_id: str, folder: Path) -> str:
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
    """Keeps one of MLflow's messages out of the log while it is entered."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "pickle or cloudpickle format" not in record.getMessage()

    def __enter__(self) -> None:
        logging.getLogger("mlflow.sklearn").addFilter(self)

    def __exit__(self, *_: object) -> None:
        logging.getLogger("mlflow.sklearn").removeFilter(self)


@contextmanager
def _bare(model: Any) -> Iterator[None]:
    """Keep what belongs to the fit, such as callbacks, out of the saved model."""
    state = vars(model)
    kept = {name: state.pop(name) for name in _OF_A_FIT if name in state}
    try:
        yield
    finally:
        state.update(kept)
