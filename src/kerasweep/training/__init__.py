"""Model and arrays in, weights and history out. Knows nothing of scikit-learn.

Importing the folder does not import Keras: what needs it is imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kerasweep.training.backends._out_of_memory import is_out_of_memory
from kerasweep.training.engine._job import (
    EarlyStopping,
    GivenBatches,
    TrainingJob,
    TrainingResult,
    batch_order,
)

if TYPE_CHECKING:
    from kerasweep.training._ensemble import train_members
    from kerasweep.training._program import programs
    from kerasweep.training._train import train
    from kerasweep.training.engine._blueprint import Blueprint
    from kerasweep.training.engine._copies import copies_of
    from kerasweep.training.engine._network import Drawn, Live
    from kerasweep.training.engine._predict import predict
    from kerasweep.training.engine._template import building
    from kerasweep.training.fleets._current_fleet import fleet

_MODULE_OF = {
    "Blueprint": "engine._blueprint",
    "Drawn": "engine._network",
    "Live": "engine._network",
    "building": "engine._template",
    "copies_of": "engine._copies",
    "fleet": "fleets._current_fleet",
    "predict": "engine._predict",
    "programs": "_program",
    "train": "_train",
    "train_members": "_ensemble",
}

__all__ = [
    "Blueprint",
    "Drawn",
    "EarlyStopping",
    "GivenBatches",
    "Live",
    "TrainingJob",
    "TrainingResult",
    "batch_order",
    "building",
    "copies_of",
    "fleet",
    "is_out_of_memory",
    "predict",
    "programs",
    "train",
    "train_members",
]


def __getattr__(name: str) -> Any:
    """Import what needs Keras when it is first asked for."""
    if name in _MODULE_OF:
        module = import_module(f"kerasweep.training.{_MODULE_OF[name]}")
        value = getattr(module, name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'kerasweep.training' has no attribute {name!r}")
