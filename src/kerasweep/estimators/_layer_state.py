"""What layers keep beside their variables, through Keras' own way of saving it.

An adapted Normalization computes with tensors that it derives from its variables, a
lookup with a table: Keras writes and restores them by ``save_own_variables``,
``load_own_variables``, ``save_assets`` and ``load_assets`` of each layer.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasweep.training.engine._own import is_own_class

_METHODS = ("save_own_variables", "load_own_variables", "save_assets", "load_assets")


class LayerState(NamedTuple):
    """What one layer saves of itself.

    Attributes
    ----------
    layer : int
        Its place among all layers of the network.
    values : dict of str to int or ndarray
        An int is the place of a variable of the network.
    assets : dict of str to ndarray
        Files by their paths, as bytes.
    """

    layer: int
    values: dict[str, Any]
    assets: dict[str, np.ndarray]


def read_states(network: Any) -> list[LayerState]:
    """Ask each layer that saves itself in a way of its own.

    Parameters
    ----------
    network : keras.Layer

    Returns
    -------
    states : list of LayerState
    """
    from kerasweep.training.engine._private import layers_of

    place = {id(variable): i for i, variable in enumerate(network.variables)}
    states = []
    for number, layer in enumerate(layers_of(network)):
        if _saves_itself(layer):
            store: dict[str, Any] = {}
            layer.save_own_variables(store)
            values = {n: place.get(id(v), v) for n, v in store.items()}
            values = {
                n: v if isinstance(v, int) else _array(v) for n, v in values.items()
            }
            states.append(LayerState(number, values, _assets(layer)))
    return states


def write_states(
    network: Any, states: Sequence[LayerState], variables: Sequence[np.ndarray]
) -> None:
    """Let layers restore themselves.

    Parameters
    ----------
    network : keras.Layer
    states : sequence of LayerState
    variables : sequence of ndarray
        Values of the network's variables.
    """
    from kerasweep.training.engine._private import layers_of

    layers = layers_of(network)
    for number, values, assets in states:
        store = {
            n: variables[v] if isinstance(v, int) else v for n, v in values.items()
        }
        layers[number].load_own_variables(store)
        if assets:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in assets.items():
                    path = Path(folder, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content.tobytes())
                layers[number].load_assets(folder)


def _saves_itself(layer: Any) -> bool:
    import keras

    own = type(layer)
    if not any(
        getattr(own, name, None) is not getattr(keras.Layer, name, None)
        for name in _METHODS
    ):
        return False
    # Keras' dense and convolutional layers move their variables alone.
    quantized = getattr(layer, "quantization_mode", None) is not None
    return quantized or not (is_own_class(own) and hasattr(layer, "lora_rank"))


def _assets(layer: Any) -> dict[str, np.ndarray]:
    if not hasattr(layer, "save_assets"):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        layer.save_assets(folder)
        return {
            path.relative_to(folder).as_posix(): np.frombuffer(path.read_bytes(), "u1")
            for path in sorted(Path(folder).rglob("*"))
            if path.is_file()
        }


def _array(value: Any) -> np.ndarray:
    import keras

    if keras.ops.is_tensor(value) or isinstance(value, keras.Variable):
        return keras.ops.convert_to_numpy(value)
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)
