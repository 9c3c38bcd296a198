"""The backend that Keras runs on."""

from typing import Any

import keras


def get_runtime() -> Any:
    """Import the module that compiles for Keras' backend."""
    if keras.backend.backend() == "jax":
        from kerasweep.training import _jax_runtime

        return _jax_runtime
    from kerasweep.training import _tf_runtime

    return _tf_runtime
