"""What the engine has to know of a model before it trains it."""

import math
from dataclasses import dataclass
from typing import Any

from kerasweep.training.engine._eligible import has_convolutions, row_by_row
from kerasweep.training.engine._private import layers_of


@dataclass(frozen=True)
class Facts:
    """Facts of a model that hold for all networks of its architecture.

    Attributes
    ----------
    layers : list of keras.layers.Layer
        Nested ones, too.
    convolutional : bool
        Whether the model convolves or recurs.
    draws : bool
        Whether it draws random numbers in training.
    row_by_row : bool
        Whether a row of weight zero leaves loss, metrics and update alone.
    n_kernel_weights : int
        Numbers in its variables of two and more dimensions.
    n_outputs : int
        Numbers that all layers together put out for a row.
    n_state : int
        Numbers in all variables, the optimizer's included.
    n_variables : int
    """

    layers: list[Any]
    convolutional: bool
    draws: bool
    row_by_row: bool
    n_kernel_weights: int
    n_outputs: int
    n_state: int
    n_variables: int

    @classmethod
    def of(cls, model: Any) -> "Facts":
        """Look at a compiled model, whose optimizer is built."""
        layers = [item for item in layers_of(model) if item is not model]
        variables = model.variables
        sizes = [math.prod(v.shape) for v in variables]
        slots = sum(math.prod(v.shape) for v in model.optimizer.variables)
        kernels = [v for v in model.trainable_variables if len(v.shape) > 1]
        return cls(
            layers=layers,
            convolutional=has_convolutions(model),
            draws=any("seed_generator" in v.path for v in variables),
            row_by_row=row_by_row(model),
            n_kernel_weights=sum(math.prod(v.shape) for v in kernels),
            n_outputs=sum(_n_outputs(layer) for layer in layers),
            n_state=sum(sizes) + slots,
            n_variables=len(variables),
        )


def _n_outputs(layer: Any) -> int:
    shape = getattr(_output_of(layer), "shape", None)
    return 0 if shape is None else math.prod(size or 1 for size in shape[1:])


def _output_of(layer: Any) -> Any:
    try:
        return layer.output
    except (AttributeError, ValueError):  # never called, or several times
        return None
