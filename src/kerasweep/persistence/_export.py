"""A fitted pipeline as one file for Keras, or for ONNX."""

import os
import secrets
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kerasweep.persistence._own_code import unregistered_in_network
from kerasweep.persistence._whole_graph import whole_graph


def export_keras(
    estimator: Any,
    path: str | os.PathLike[str],
    *,
    image_shape: Sequence[int] | None = None,
) -> None:
    """Write a fitted network, preprocessing included, as one plain Keras model.

    The file loads with ``keras.saving.load_model`` where this package is not
    installed. Its model gives the probabilities of ``predict_proba`` (columns follow
    ``classes_``), the numbers of a regressor's ``predict``, or what ``transform`` of a
    denoiser or of a variational autoencoder gives (whose `decoder_` is a plain Keras
    model to save by itself).

    Parameters
    ----------
    estimator : estimator
        A fitted network of this package, or a Pipeline that ends in one. Steps before
        it that become layers: PixelScaler, MinMaxScaler, StandardScaler, MaxAbsScaler,
        RobustScaler, a DenoisingAutoencoder, and noise that is for training alone.
        Other transformers can't be in the graph: export the step behind them,
        ``pipeline[-1]``, and apply them before.
    path : str or path
        Ends in ".keras".
    image_shape : sequence of int, default=None
        To take images of this shape, such as (28, 28), instead of rows of pixels.

    Raises
    ------
    ValueError
        If a step can't be a layer, or a part of the network is neither Keras' nor
        registered with it. Then nothing is written.

    Notes
    -----
    The graph computes in single precision, and checks nothing: PixelScaler's error for
    values out of range is not in it.

    See Also
    --------
    save : A file that :func:`kerasweep.load` makes the same estimator of.
    export_onnx : For other runtimes.

    Examples
    --------
    >>> import os, tempfile
    >>> import keras
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from kerasweep import DenseClassifier, MinMaxScaler, export_keras
    >>> X, y = load_iris(return_X_y=True)
    >>> net = make_pipeline(MinMaxScaler(), DenseClassifier((8,), epochs=1)).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "iris.keras")
    ...     export_keras(net, path)
    ...     model = keras.saving.load_model(path)
    >>> bool(abs(model(X).numpy() - net.predict_proba(X)).max() < 1e-4)
    True
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ValueError(
            f"path of export_keras must end in '.keras'. Got {str(path)!r} instead."
        )
    model = whole_graph("export_keras", estimator, image_shape)
    unknown = unregistered_in_network(model)
    if unknown is not None:
        raise ValueError(
            f"estimator of export_keras must hold what Keras finds when it loads the "
            f"file: {unknown} is not registered. Decorate it with "
            "keras.saving.register_keras_serializable(), in a module that is imported "
            "before the file is loaded."
        )
    _replace(path, model.save)


def export_onnx(
    estimator: Any,
    path: str | os.PathLike[str],
    *,
    image_shape: Sequence[int] | None = None,
) -> None:
    """Write a fitted network, preprocessing included, as an ONNX graph.

    The graph has one float32 input, "features", with any number of rows, and one
    output: that of the model which :func:`export_keras` writes. It needs tf2onnx and
    onnx, ``pip install "kerasweep[onnx]"``, and Keras on TensorFlow.

    Parameters
    ----------
    estimator : estimator
        As :func:`export_keras` takes it; the same steps become part of the graph, and
        the same can't.
    path : str or path
        Usually ends in ".onnx".
    image_shape : sequence of int, default=None
        To take images of this shape, such as (28, 28), instead of rows of pixels.

    Raises
    ------
    ValueError
        If a step can't be a part of the graph, or Keras runs on another backend.
        Then nothing is written.
    ImportError
        If tf2onnx or onnx is not installed.

    See Also
    --------
    export_keras : A plain Keras model.

    Examples
    --------
    >>> from kerasweep import export_onnx
    >>> export_onnx(pipeline, "digits.onnx")  # doctest: +SKIP
    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession("digits.onnx")  # doctest: +SKIP
    >>> session.run(None, {"features": rows.astype("float32")})  # doctest: +SKIP
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "export_onnx needs Keras on TensorFlow. Got "
            f"{keras.backend.backend()!r} instead. Save the estimator, and load it in "
            "a process with KERAS_BACKEND=tensorflow."
        )
    missing = [name for name in ("onnx", "tf2onnx") if find_spec(name) is None]
    if missing:
        raise ImportError(
            f'export_onnx needs {" and ".join(missing)}: pip install "kerasweep[onnx]".'
        )
    model = whole_graph("export_onnx", estimator, image_shape)

    def write(partial: Path) -> None:
        with warnings.catch_warnings():
            # Keras looks whether NumPy 2 has what tf2onnx misses.
            warnings.simplefilter("ignore", FutureWarning)
            model.export(
                str(partial),
                format="onnx",
                verbose=False,
                input_signature=[
                    keras.InputSpec("float32", model.input_shape, name="features")
                ],
            )

    _replace(Path(path), write)


def _replace(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file under another name, and give it its own when it is complete."""
    partial = path.with_name(f".{path.stem}.{secrets.token_hex(8)}{path.suffix}")
    try:
        write(partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
