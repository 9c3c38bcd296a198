"""What Keras computes with on this machine."""

import os
from pathlib import Path
from typing import Any


def backend_facts() -> dict[str, Any]:
    """Import Keras, multiply two matrices, and say what did it.

    Returns
    -------
    facts : dict
        ``backend`` and ``version`` of it; ``devices``, their names; ``threads``, what
        TensorFlow was told (0 means all cores), None on JAX.
    """
    import keras

    backend = keras.backend.backend()
    product = keras.ops.matmul(keras.ops.ones((2, 3)), keras.ops.ones((3, 2)))
    if float(keras.ops.sum(product)) != 12.0:
        raise ArithmeticError("a product of two small matrices came out wrong")
    facts = _jax_facts() if backend == "jax" else _tensorflow_facts(backend)
    return {
        "backend": backend,
        **facts,
    }


def on_accelerator() -> bool:
    """Tell whether Keras computes on something else than the CPU."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() != "cpu"
    import tensorflow as tf

    return bool(tf.config.list_logical_devices("GPU"))


def has_nvidia_driver() -> bool:
    """Tell whether the machine has an NVIDIA GPU, whatever Keras makes of it."""
    return Path("/proc/driver/nvidia/version").exists()


def thread_settings() -> dict[str, str]:
    """Return those environment variables that bound the threads of a fit."""
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return {name: os.environ[name] for name in names if name in os.environ}


def _jax_facts() -> dict[str, Any]:
    import jax

    devices = [f"{d.platform} {d.device_kind} {d.id}" for d in jax.devices()]
    accelerated = jax.default_backend() != "cpu"
    return {
        "version": jax.__version__,
        "devices": devices,
        "accelerated": accelerated,
        "threads": None,
    }


def _tensorflow_facts(backend: str) -> dict[str, Any]:
    if backend != "tensorflow":
        raise ValueError(
            f"KERAS_BACKEND must be tensorflow or jax. Got {backend!r} instead."
        )
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    names = [
        f"{gpu.name.rpartition('physical_device:')[2]} {about.get('device_name', '')}"
        for gpu, about in zip(gpus, details, strict=True)
    ]
    return {
        "version": tf.__version__,
        "devices": names or ["CPU"],
        "accelerated": bool(gpus),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
    }
