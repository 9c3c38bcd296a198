"""Which Keras objects a file may describe.

Keras' safe mode refuses lambdas, but finds any class that is registered, reads files
that layers name, and calls what a layer wraps. Here only what is listed passes.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from kerasweep.estimators._seeding import seeded_globals

# Layers whose settings are numbers, names and other layers: none of them reads a
# file, or calls what Keras did not write.
_LAYERS = frozenset(
    """
    Activation ActivityRegularization AdaptiveAveragePooling1D
    AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
    AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout
    Attention Average AveragePooling1D AveragePooling2D AveragePooling3D
    BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate Conv1D
    Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D
    ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D Dense DepthwiseConv1D
    DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense Embedding Flatten GRU
    GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D
    GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention
    Hashing Identity InputLayer LSTM LSTMCell LayerNormalization LeakyReLU Masking
    MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum MultiHeadAttention
    Multiply Normalization PReLU Permute RMSNormalization RNN RandomBrightness
    RandomContrast RandomCrop RandomFlip RandomRotation RandomShear
    RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing
    SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D
    SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells Subtract
    TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D
    """.split()
)
# The modules are spelt as Keras spells them in its configurations.
_OTHERS = {
    "keras": frozenset({"DTypePolicy", "Functional", "Model", "Sequential"}),
    "keras.src.models.functional": frozenset({"Functional"}),
    "keras.src.models.sequential": frozenset({"Sequential"}),
    "keras.layers": _LAYERS,
    "keras.src.ops.core": frozenset({"Cast"}),
}
# Namespaces of settings, and the operations of functional models: all that derives
# from one base. What a setting wraps is checked in its turn.
_BASES = {
    "keras.constraints": ("keras.constraints", "Constraint"),
    "keras.initializers": ("keras.initializers", "Initializer"),
    "keras.losses": ("keras.losses", "Loss"),
    "keras.metrics": ("keras.metrics", "Metric"),
    "keras.optimizers": ("keras.optimizers", "Optimizer"),
    "keras.optimizers.schedules": (
        "keras.optimizers.schedules",
        "LearningRateSchedule",
    ),
    "keras.regularizers": ("keras.regularizers", "Regularizer"),
    "keras.src.ops.math": ("keras", "Operation"),
    "keras.src.ops.nn": ("keras", "Operation"),
    "keras.src.ops.numpy": ("keras", "Operation"),
}
_OURS = {
    "kerasweep.networks._noise_layers": ("SaltAndPepperLayer", "GaussianNoiseLayer"),
    "kerasweep.networks._variational_layers": (
        "Binarize",
        "Divergence",
        "Kl",
        "LogLikelihood",
        "NegativeElbo",
        "Reconstruction",
        "SampleLatent",
    ),
}
# Tensors without values, slices and arrays: data, as Keras writes it.
_DATA = {"__keras_tensor__", "__slice__", "__ellipsis__", "__numpy__"}
_NAMES_AN_OBJECT = ("class_name", "module", "registered_name")


def check_config(config: Any) -> None:
    """Refuse a Keras object's configuration that names what is not listed here.

    Parameters
    ----------
    config : JSON value
        From ``keras.saving.serialize_keras_object``, or from a file.

    Raises
    ------
    ValueError
        With the reason, to be put behind a colon.
    """
    if isinstance(config, list | tuple):
        for item in config:
            check_config(item)
    elif isinstance(config, dict):
        if any(key in config for key in _NAMES_AN_OBJECT):
            _check_object(config)
        for value in config.values():
            check_config(value)


def check_network(config: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    """Refuse a network that is not listed, can't be made again, or has other weights.

    No memory is taken: a few bytes can ask for terabytes.

    Parameters
    ----------
    config : dict
        From ``keras.saving.serialize_keras_object``, or from a file.
    shapes : list of tuple of int
        Of the values of its variables.

    Raises
    ------
    ValueError
        With the reason, to be put behind a colon.
    """
    import keras

    from kerasweep.networks import _variational_layers  # noqa: F401

    check_config(config)
    # Keras takes a configuration apart as it reads it.
    config = json.loads(json.dumps(config, default=plain_number))
    config.pop("compile_config", None)
    with seeded_globals(0), nothing_initialized():
        try:
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        except Exception as error:
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ValueError(
                f"Keras can't make its network ({reason[0].rstrip('.')})"
            ) from None
    if [tuple(variable.shape) for variable in model.variables] != shapes:
        raise ValueError("it holds weights of other shapes than its network has")


def plain_number(value: Any) -> Any:
    """Return NumPy's numbers, which Keras leaves in configurations, as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise ValueError(f"{value!r} can't be written as JSON")


@contextmanager
def nothing_initialized() -> Iterator[None]:
    """Let variables be made without values, and forget them afterwards."""
    import keras

    from kerasweep.training.engine._private import global_attribute

    with (
        global_attribute("uninitialized_variables", []),
        keras.StatelessScope(initialize_variables=False),
    ):
        yield


def _check_object(config: dict[str, Any]) -> None:
    name, module = config.get("class_name"), config.get("module")
    registered = config.get("registered_name")
    if all(isinstance(part, str | None) for part in (name, module, registered)):
        if name in _DATA and module is None and registered is None:
            return
        if name == "function":
            if module == "builtins" and _is_keras_function(config.get("config")):
                return
            name = f"function {config.get('config')!r}"
        elif registered in (None, name) and _is_keras_class(module, name):
            return
        elif name in _OURS.get(module or "", ()) and registered == f"kerasweep>{name}":
            return
    found = f"{module}.{name}" if module else name
    raise ValueError(
        f"it holds a network with {found}, which may run code or read what is not in "
        "the file"
    )


def _is_keras_class(module: str | None, name: str | None) -> bool:
    if module in _OTHERS:
        return name in _OTHERS[module]
    if module not in _BASES or name is None:
        return False
    folder, base = _BASES[module]
    found = getattr(import_module(module), name, None)
    return isinstance(found, type) and issubclass(
        found, getattr(import_module(folder), base)
    )


def _is_keras_function(name: Any) -> bool:
    import keras

    if name in ("deserialize", "get", "serialize") or not isinstance(name, str):
        return False
    return any(
        callable(getattr(folder, name, None))
        for folder in (keras.activations, keras.losses, keras.metrics)
    )
