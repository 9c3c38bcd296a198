"""The backend that Keras runs on."""

from typing import Any

import keras


def get_runtime() -> Any:
    """Import the module that compiles for Keras' backend."""
    if keras.backend.backend() == "jax":
        from kerasweep.training.backends import _jax

        return _jax
    from kerasweep.training.backends import _tensorflow

    return _tensorflow
