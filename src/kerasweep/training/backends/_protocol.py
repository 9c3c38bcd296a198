"""What the engine asks of a backend."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

Tensors = list[Any]


class Backend(Protocol):
    """The functions and facts that the module of a backend has."""

    #: Type of a seed generator's state.
    SEED_DTYPE: str
    #: Whether a program can be told to keep to one core of a CPU.
    KEEPS_TO_ONE_CORE: bool
    #: A function compiled by itself at its first call; None where nothing needs it.
    StepByStep: Any

    # Tracing ------------------------------------------------------------------------

    def value_and_grad(self, function: Callable[..., Any], variables: Tensors) -> Any:
        """Differentiate a function with auxiliary output by a list of tensors."""

    def loop(self, n_steps: Any, body: Callable[..., Any], carry: Any) -> Any:
        """Apply ``carry = body(i, carry)`` for i in range(n_steps), the updates."""

    def loop_epochs(self, n_epochs: Any, body: Callable[..., Any], carry: Any) -> Any:
        """Apply ``carry = body(i, carry)`` for i in range(n_epochs)."""

    def map_networks(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Map a function over a leading axis of all its arguments."""

    def dropout_numbers(self, rate: float) -> list[float]:
        """Give what ``dropout`` takes in place of a rate."""

    def dropout(self, x: Any, draws: Any, numbers: tuple[Any, Any]) -> Any:
        """Drop units as Keras does on this backend, by uniform draws."""

    def gradient_of_sum(self, x: Any) -> Any:
        """Give 0 with the gradient of ``sum(x)``."""

    # Compiling ----------------------------------------------------------------------

    def compile_function(
        self, function: Callable[..., Any], arguments: Any, xla: bool, parallel: bool
    ) -> Callable[..., Any]:
        """Compile a function for arguments of these shapes."""

    def compile_prediction(
        self, function: Callable[..., Any], values: Tensors, batch: np.ndarray
    ) -> Callable[..., Any]:
        """Compile ``function(values, batch)`` for batches of this shape."""

    def compile_draw(
        self, function: Callable[..., Any], n_seeds: int
    ) -> Callable[..., Any]:
        """Compile a function of seeds that draws the same numbers as by itself."""

    def loops_slowly(self, convolutional: bool) -> bool:
        """Tell whether a network runs slower inside a compiled loop than outside."""

    def has_room_for_xla(self, draws: bool) -> bool:
        """Tell whether this process can take one more program of XLA's."""

    # Running ------------------------------------------------------------------------

    def to_device(self, array: np.ndarray) -> Any:
        """Copy an array to the device."""

    def to_host(self, tensor: Any) -> np.ndarray:
        """Copy a tensor to the host, waiting for it."""

    def read(self, value: Any) -> Any:
        """Give the tensor that a variable holds."""

    def stack(self, tensors: Tensors) -> Any:
        """Stack tensors along a new first axis."""

    def where(self, mask: np.ndarray, new: Any, old: Any) -> Any:
        """Take ``new`` for the networks of a stack where the mask is true."""

    def release_dead_models(self) -> None:
        """Free what the backend keeps of models that are gone."""
