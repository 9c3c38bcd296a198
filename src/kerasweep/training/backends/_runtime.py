"""The backend that Keras runs on."""

from typing import cast

import keras

from kerasweep.training.backends._protocol import Backend


def get_runtime() -> Backend:
    """Import the module that compiles for Keras' backend."""
    if keras.backend.backend() == "jax":
        from kerasweep.training.backends import _jax

        return cast(Backend, _jax)
    from kerasweep.training.backends import _tensorflow

    return cast(Backend, _tensorflow)
