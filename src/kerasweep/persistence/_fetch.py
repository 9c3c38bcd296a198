"""The file inside a model of MLflow's registry."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Of the flavor in MLflow's description of a model.
FLAVOR = "kerasweep"
#: What MLflow keeps in its folder ``data``, and hands to the loader.
FOLDER = "fitted"
FILE = "estimator.kerasweep"


def flavors_of(uri: str) -> list[str]:
    """Return the names of a model's flavors.

    Parameters
    ----------
    uri : str
        Such as "models:/digits@champion".

    Raises
    ------
    mlflow.exceptions.MlflowException
        If there is no such model.
    """
    from mlflow.models import get_model_info

    return sorted(get_model_info(uri).flavors)


@contextmanager
def fetched(uri: str) -> Iterator[Path]:
    """Give the file of a model, which is deleted again.

    Raises
    ------
    ValueError
        If the model is none that this package logged as data.
    """
    from mlflow.artifacts import download_artifacts

    flavors = flavors_of(uri)
    if FLAVOR not in flavors:
        raise ValueError(
            f"Model {uri!r} must be one that kerasweep logged as data to be loaded by "
            f"kerasweep.load, which reads no pickles. Got one of {', '.join(flavors)} "
            "instead: mlflow.pyfunc.load_model loads those."
        )
    with tempfile.TemporaryDirectory() as temporary:
        folder = download_artifacts(artifact_uri=uri, dst_path=temporary)
        yield Path(folder, "data", FOLDER, FILE)
