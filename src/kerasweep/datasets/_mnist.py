"""MNIST, from the file that the package carries."""

from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from typing import Any, Literal

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

from kerasweep.datasets._make import pixel_names

SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
IMAGE_SHAPE = (28, 28)


def read_mnist() -> dict[str, np.ndarray]:
    """Read the four arrays of the bundled file, with images as rows of 784.

    Returns
    -------
    arrays : dict of str to ndarray
        ``x_train`` (60000, 784), ``y_train`` (60000,), ``x_test`` (10000, 784) and
        ``y_test`` (10000,), all uint8.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    OSError
        If its SHA-256 is not the published one.
    """
    path = files("kerasweep.datasets") / "data" / "mnist.npz"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(
            f"The bundled MNIST file {str(path)!r} does not exist. Reinstall kerasweep."
        ) from None
    digest = sha256(content).hexdigest()
    if digest != SHA256:
        raise OSError(
            f"The bundled MNIST file {str(path)!r} is corrupt: its SHA-256 must be "
            f"{SHA256}, but is {digest}. Reinstall kerasweep."
        )
    with np.load(BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name in ("x_train", "x_test"):
        arrays[name] = arrays[name].reshape(-1, 784)
    return arrays


def describe_mnist() -> str:
    """Read the description of MNIST, with its source and licence."""
    path = files("kerasweep.datasets") / "data" / "mnist.rst"
    return path.read_text(encoding="utf-8")


@validate_params(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_mnist(
    *, subset: Literal["train", "test", "all"] = "train", return_X_y: bool = False
) -> Any:
    """Load the MNIST images of handwritten digits, which come with the package.

    There are 60,000 training and 10,000 test images of 28 by 28 pixels in ten
    classes. Nothing is downloaded, and the file is checked against its SHA-256.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        The published part to load; ``"all"`` gives the training rows, then the test
        rows.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : Bunch
        With the fields

        data : ndarray of shape (n_samples, 784), uint8
            Pixels in 0 to 255, one image per row.
        target : ndarray of shape (n_samples,), uint8
            The digits.
        images : ndarray of shape (n_samples, 28, 28), uint8
            The same pixels (a view of `data`).
        image_shape : tuple of int
            (28, 28).
        feature_names : list of str
            ``pixel_{line}_{column}``.
        target_names : ndarray of shape (10,)
            The digits 0 to 9.
        DESCR : str
            A description with the source and the licence, CC BY-SA 3.0.
    (data, target) : tuple
        If `return_X_y` is true.

    Raises
    ------
    OSError
        If the bundled file is missing or corrupt.

    Examples
    --------
    >>> from kerasweep.datasets import load_mnist
    >>> X, y = load_mnist(subset="test", return_X_y=True)
    >>> X.shape, X.dtype
    ((10000, 784), dtype('uint8'))
    >>> y[:5]
    array([7, 2, 1, 0, 4], dtype=uint8)
    """
    arrays = read_mnist()
    parts = ("train", "test") if subset == "all" else (subset,)
    X = _join([arrays[f"x_{part}"] for part in parts])
    y = _join([arrays[f"y_{part}"] for part in parts])
    if return_X_y:
        return X, y
    return Bunch(
        data=X,
        target=y,
        images=X.reshape(-1, *IMAGE_SHAPE),
        image_shape=IMAGE_SHAPE,
        feature_names=pixel_names(IMAGE_SHAPE),
        target_names=np.arange(10),
        DESCR=describe_mnist(),
    )


def _join(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
